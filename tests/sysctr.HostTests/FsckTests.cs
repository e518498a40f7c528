// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>
/// fsck on a booted host: every kind of damage is done by hand, found, mended with what the real registry has, and the
/// container starts.
/// </summary>
[Collection(CheckedHost.Name)]
public sealed class FsckTests(HardLinksFixture fixture)
{
    private const string Store = "/var/lib/sysctr";

    /// <summary>The container that damage is done to. It stays: what is mended has to be as good as new.</summary>
    private const string Agent = "agent";

    /// <summary>
    /// What damage is done to: D the deployment; O the object that is the program of its rootfs; L and B layer and
    /// manifest of the image, R its ref; U its unit, K the copy of the unit that the deployment keeps.
    /// </summary>
    private const string Places = """
        cd /var/lib/sysctr
        D=deployments/agent/0
        # A missing object comes back as another inode: check out again, to share it.
        O=$(find objects -samefile $D/rootfs/usr/bin/probe)
        test -n "$O" || { rm -r $D/rootfs; sysctr fsck --repair; O=$(find objects -samefile $D/rootfs/usr/bin/probe); }
        L=layers/$(grep -A1 diffIds $D/info.json | grep -oE '[0-9a-f]{64}')
        B=blobs/sha256/$(grep manifestDigest $D/info.json | grep -oE '[0-9a-f]{64}')
        R=$(grep -l /legacy-agent: images/*.json)
        U=/etc/systemd/system/agent.service
        K=$D/host$U

        """;

    private readonly NspawnHost _host = fixture.Host;

    [Fact]
    public async Task A_host_that_was_worked_on_is_clean()
    {
        await using Container agent = await Container.InstallAsync(
            _host,
            "legacy-agent",
            "--now",
            "--set",
            "ADDRESS=here",
            "--system-package=absent"
        );
        await using Container socket = await Container.InstallSocketAsync(_host, "probe-socket");
        (await _host.SysctrAsync("update", agent.Name, "--set", "VALUE=other")).MustSucceed();
        (await _host.SysctrAsync("rollback", agent.Name)).MustSucceed();

        Assert.DoesNotContain("note:", await CleanAsync(), StringComparison.Ordinal);

        using JsonDocument json = JsonDocument.Parse(
            (await _host.SysctrAsync("fsck", "--json", "--quick")).MustSucceed().Output
        );
        Assert.Equal(0, json.RootElement.GetProperty("findings").GetArrayLength());
        Assert.True(json.RootElement.GetProperty("deployments").GetInt32() >= 3);
        Assert.True(json.RootElement.GetProperty("objects").GetInt32() > 10);
    }

    [Theory]
    [InlineData("missing-object", "rm $O")]
    [InlineData("corrupt-object", "printf X | dd of=$O bs=1 seek=3000 conv=notrunc status=none")]
    [InlineData("corrupt-object", "truncate --size=-1 $O")]
    [InlineData("corrupt-object", "chmod 4777 $O")]
    [InlineData("corrupt-object", "chown 7:8 $O")]
    [InlineData("corrupt-object", "touch $O")]
    [InlineData("corrupt-object", """python3 -c 'import os, sys; os.setxattr(sys.argv[1], "user.x", b"1")' $O""")]
    [InlineData("missing-layer", "rm $L")]
    [InlineData("corrupt-layer", "printf X | dd of=$L bs=1 seek=100 conv=notrunc status=none; rm $O")]
    [InlineData("missing-blob", "rm $B")]
    [InlineData("corrupt-blob", "echo >> $B")]
    [InlineData("broken-ref", "echo '}' >> $R")]
    [InlineData("dangling-current", "ln -sfn 7 $D/../current")]
    [InlineData("dangling-current", "rm $D/../current")]
    [InlineData("orphan-deployment", "mkdir -p $D/../.staged-1/rootfs")]
    [InlineData("orphan-deployment", "mkdir -p $D/../5/rootfs")]
    [InlineData("orphan-deployment", "mkdir -p deployments/nobody/0/rootfs")]
    [InlineData("corrupt-rootfs", "rm -r $D/rootfs")]
    [InlineData("corrupt-rootfs", "touch $D/rootfs/new")]
    [InlineData("corrupt-rootfs", "rm $D/rootfs/usr/bin/probe")]
    [InlineData("corrupt-rootfs", "cp $D/rootfs/usr/bin/probe /tmp/x; mv /tmp/x $D/rootfs/usr/bin/probe")]
    [InlineData("corrupt-rootfs", "chmod 777 $D/rootfs/usr/bin")]
    [InlineData("corrupt-deployment", "rm $K")]
    [InlineData("corrupt-deployment", "rm $D/config.json")]
    [InlineData("corrupt-deployment", "rm $D/config.json $D/rootfs/usr/bin/probe")]
    [InlineData("corrupt-deployment", "echo '}' >> $D/config.json")]
    [InlineData("broken-record", "rm $D/info.json")]
    [InlineData("broken-record", "truncate --size=100 $D/info.json")]
    [InlineData("missing-file", "rm $U; systemctl daemon-reload")]
    [InlineData("leftover", "mkdir -p staging/x/objects")]
    public async Task What_is_damaged_is_found_and_mended(string kind, string damage)
    {
        await InstallAgentAsync();
        await _host.ShellAsync(Places + damage);

        CommandResult found = await _host.SysctrAsync("fsck");
        Assert.True(found.ExitCode == 7, found.All);
        Assert.Contains($"error: {kind}: /", found.Output, StringComparison.Ordinal);

        CommandResult mended = await _host.SysctrAsync("fsck", "--repair");
        Assert.True(mended.ExitCode == 0, mended.All);
        Assert.Contains($"mended: {kind}: /", mended.Output, StringComparison.Ordinal);

        await CleanAsync();
        await _host.ShellAsync(
            $"systemctl reset-failed {Agent}; systemctl restart {Agent}; systemctl is-active {Agent}"
        );
    }

    [Theory]
    [InlineData(
        "orphan-object",
        "mkdir -p objects/00; echo x > objects/00/1111111111111111111111111111111111111111111111111111111111111a"
    )]
    [InlineData("leftover", "echo > /etc/systemd/system/.agent.service.sysctr-4194303-1-1")]
    [InlineData("leftover", "ln -s 0 deployments/agent/.current.sysctr-4194303-1-1")]
    [InlineData("broken-record", "rm $D/info.copy.json")]
    [InlineData("broken-record", "echo >> $D/info.copy.json")]
    public async Task What_is_left_over_is_noted_and_removed(string kind, string damage)
    {
        await InstallAgentAsync();
        await _host.ShellAsync(Places + damage);

        CommandResult found = await _host.SysctrAsync("fsck");
        Assert.True(found.ExitCode == 0, found.All);
        Assert.Contains($"note: {kind}: /", found.Output, StringComparison.Ordinal);

        Assert.Contains(
            $"mended: {kind}: /",
            (await _host.SysctrAsync("fsck", "--repair")).MustSucceed().Output,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain(kind, await CleanAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_altered_program_is_mended_in_every_deployment_that_shares_it_while_they_run()
    {
        await InstallAgentAsync();
        await using Container other = await Container.InstallAsync(
            _host,
            "legacy-agent",
            "--now",
            "--set",
            "ADDRESS=here",
            "--system-package=absent"
        );
        await _host.ShellAsync($"systemctl reset-failed {Agent}; systemctl restart {Agent}");
        long process = await other.MainProcessAsync();
        string sum = await _host.ShellAsync(
            Places + "sha256sum < $O; printf X | dd of=$O bs=1 seek=3000 conv=notrunc status=none"
        );

        CommandResult mended = (await _host.SysctrAsync("fsck", "--repair")).MustSucceed();

        // What runs goes on in the tree that it has, and is told of.
        Assert.Contains($"'sysctr restart {other.Name}'", mended.Output, StringComparison.Ordinal);
        Assert.Equal(process, await other.MainProcessAsync());
        Assert.Equal("active", await other.PropertyAsync("ActiveState"));
        Assert.Equal(
            sum,
            await _host.ShellAsync($"sha256sum < {Store}/deployments/{other.Name}/0/rootfs/usr/bin/probe")
        );
        Assert.Contains("note: leftover: ", await CleanAsync(), StringComparison.Ordinal);

        (await _host.SysctrAsync("restart", Agent, other.Name)).MustSucceed();
        (await _host.SysctrAsync("fsck", "--repair")).MustSucceed();
        Assert.DoesNotContain("note:", await CleanAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_fetched_again_is_what_was_installed_though_the_tag_moved_on()
    {
        // The newer version first, for no registry that this host knows has its layer.
        string layout = $"{_host.Root}/srv/moving";
        await Command.MustAsync("cp", "-a", await ImageBuilder.BuildAsync(new ImageSource("legacy-agent-v2")), layout);
        await using Container agent = await Container.InstallAsync(
            _host,
            $"oci:/srv/moving:{ImageBuilder.Tag}",
            "--now",
            "--set",
            "ADDRESS=here",
            "--system-package=absent"
        );
        await Command.MustAsync(
            "cp",
            "-a",
            await ImageBuilder.BuildAsync(new ImageSource("legacy-agent")) + "/.",
            layout
        );
        string files = await FilesAsync(agent);
        await _host.ShellAsync(
            $"cd {Store}; for f in $(find deployments/{agent.Name}/0/rootfs/exports -type f); do find objects -samefile $f -delete; done"
        );

        (await _host.SysctrAsync("fsck", "--repair")).MustSucceed();

        Assert.Equal(files, await FilesAsync(agent));
        await CleanAsync();

        // Where the layout is gone altogether it can't be mended, and says so.
        await _host.ShellAsync(
            $"cd {Store}; rm -r deployments/{agent.Name}/0/rootfs; sysctr fsck --repair; rm -r /srv/moving; for f in $(find deployments/{agent.Name}/0/rootfs/exports -type f); do find objects -samefile $f -delete; done"
        );
        CommandResult left = await _host.SysctrAsync("fsck", "--repair");
        Assert.Equal(7, left.ExitCode);
        Assert.Contains("/srv/moving", left.Output, StringComparison.Ordinal);
        await _host.ShellAsync(
            $"sysctr uninstall {agent.Name}; rm -f $(grep -l /srv/moving {Store}/images/*); sysctr images prune"
        );
        await CleanAsync();
        (await _host.SysctrAsync("install", "--name", agent.Name, "probe")).MustSucceed();
    }

    [Fact]
    public async Task Edits_are_noted_and_left_alone()
    {
        await InstallAgentAsync();
        string path = $"/etc/systemd/system/{Agent}.service";
        await _host.ShellAsync($"cp {path} /tmp/unit; echo '# mine' >> {path}; systemctl disable -q {Agent}");

        CommandResult fsck = (await _host.SysctrAsync("fsck", "--repair")).MustSucceed();

        Assert.Contains($"note: edited-file: {path} ", fsck.Output, StringComparison.Ordinal);
        Assert.Contains($"note: not-enabled: {path} ", fsck.Output, StringComparison.Ordinal);
        await _host.ShellAsync($"grep -q mine {path}; cp /tmp/unit {path}; systemctl enable -q {Agent}");
    }

    [Fact]
    public async Task A_record_that_is_lost_with_its_copy_is_told_with_what_makes_the_container_anew()
    {
        await InstallAgentAsync();
        await _host.ShellAsync(
            $"cp -a {Store}/deployments/{Agent}/0 /root/agent-0; rm {Store}/deployments/{Agent}/0/info*.json"
        );

        CommandResult told = await _host.SysctrAsync("fsck", "--repair", "--quick");

        Assert.Equal(7, told.ExitCode);
        string advice = told
            .Output.Split('\n')
            .SkipWhile(l => !l.Contains("broken-record", StringComparison.Ordinal))
            .First(l => l.Contains("sysctr install", StringComparison.Ordinal));
        Assert.Contains(
            $"move {Store}/deployments/{Agent}, /etc/systemd/system/{Agent}.service and ",
            advice,
            StringComparison.Ordinal
        );
        Assert.Matches($"'sysctr install --name {Agent} docker://127.0.0.1:5000/legacy-agent", advice);
        Assert.Contains(
            $"warning: reading {Store}/deployments/{Agent}",
            (await _host.SysctrAsync("list")).MustSucceed().All,
            StringComparison.Ordinal
        );
        await _host.ShellAsync($"cp -a /root/agent-0/info*.json {Store}/deployments/{Agent}/0/; rm -r /root/agent-0");
        await CleanAsync();
    }

    [Fact]
    public async Task A_transaction_that_was_cut_off_is_found_and_ended_and_a_live_one_is_not_disturbed()
    {
        await InstallAgentAsync();
        // The lock of a live sysctr, held by hand.
        const string intent = $"{Store}/transactions/00000000000000000000000000000000.json";
        await _host.ShellAsync(
            $$"""
            python3 -c '
            import json
            record = json.load(open("{{Store}}/deployments/{{Agent}}/0/info.json"))
            record["name"] = "halfway"
            record["units"], record["enabled"], record["hostFiles"], record["hostDirectories"] = [], [], [], []
            record.pop("tmpfiles", None)
            json.dump({"operation": "install", "changes": [{"after": record, "running": [], "dependents": [], "edited": []}]}, open("{{intent}}", "w"))
            '
            """
        );
        CommandResult live = await _host.RunAsync("flock", $"{Store}/locks/halfway.lock", "sysctr", "fsck", "--quick");
        Assert.True(live.ExitCode == 0, live.All);

        CommandResult dead = await _host.SysctrAsync("fsck", "--quick");
        Assert.Equal(7, dead.ExitCode);
        Assert.Contains(
            $"error: interrupted-transaction: {intent} is an install of halfway",
            dead.Output,
            StringComparison.Ordinal
        );

        Assert.Contains(
            "mended: interrupted-transaction: ",
            (await _host.SysctrAsync("fsck", "--quick", "--repair")).MustSucceed().Output,
            StringComparison.Ordinal
        );
        await CleanAsync();
    }

    private async Task InstallAgentAsync() =>
        await _host.ShellAsync(
            $"test -e {Store}/deployments/{Agent}/current || sysctr install --now --name {Agent} --set ADDRESS=here legacy-agent"
        );

    private async Task<string> CleanAsync()
    {
        CommandResult fsck = await _host.SysctrAsync("fsck");
        Assert.True(fsck.ExitCode == 0, fsck.All);
        return fsck.Output;
    }

    private Task<string> FilesAsync(Container container) =>
        _host.ShellAsync($"cd {Store}/deployments/{container.Name}/0/rootfs; find . -type f | sort | xargs sha256sum");
}
