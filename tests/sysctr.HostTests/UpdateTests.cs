// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>update and rollback on a booted host: a new deployment beside the old one, a switch, and the way
/// back.</summary>
[Collection(InstallingHost.Name)]
public sealed class UpdateTests(NspawnFixture fixture)
{
    private readonly NspawnHost _host = fixture.Host;

    [Fact]
    public async Task What_ran_runs_again_after_updates_and_rollbacks_and_values_are_kept()
    {
        await using Container agent = await Container.InstallAsync(
            _host,
            "legacy-agent",
            "--now",
            "--set",
            "ADDRESS=here",
            "--set",
            "VALUE=first"
        );

        (await _host.SysctrAsync("update", agent.Name, "--set", "VALUE=second")).MustSucceed();

        Assert.Equal("1", await agent.DeploymentAsync());
        Assert.Equal("active", await agent.PropertyAsync("ActiveState"));
        Assert.Equal(("here", "second"), await ReportAsync(agent, "second"));

        (await _host.SysctrAsync("rollback", agent.Name)).MustSucceed();
        Assert.Equal("0", await agent.DeploymentAsync());
        Assert.Equal(("here", "first"), await ReportAsync(agent, "first"));

        (await _host.SysctrAsync("rollback", agent.Name)).MustSucceed();
        Assert.Equal("1", await agent.DeploymentAsync());
        Assert.Equal("active", await agent.PropertyAsync("ActiveState"));
        Assert.Equal(("here", "second"), await ReportAsync(agent, "second"));

        (await _host.SysctrAsync("rollback", agent.Name, "0")).MustSucceed();
        (await _host.SysctrAsync("update", agent.Name, "--set", "VALUE=third")).MustSucceed();
        Assert.Equal("2", await agent.DeploymentAsync());
        Assert.Equal(("here", "third"), await ReportAsync(agent, "third"));
    }

    [Fact]
    public async Task What_did_not_run_stays_stopped()
    {
        await using Container agent = await Container.InstallAsync(_host, "legacy-agent", "--set", "ADDRESS=here");

        (await _host.SysctrAsync("update", agent.Name, "--set", "VALUE=other")).MustSucceed();
        Assert.Equal("inactive", await agent.PropertyAsync("ActiveState"));
        (await _host.SysctrAsync("rollback", agent.Name)).MustSucceed();
        Assert.Equal("inactive", await agent.PropertyAsync("ActiveState"));
    }

    [Fact]
    public async Task Without_a_change_nothing_happens_and_it_says_so()
    {
        await using Container probe = await Container.InstallAsync(_host, "probe", "--now");
        long process = await probe.MainProcessAsync();

        CommandResult update = (await _host.SysctrAsync("update", probe.Name)).MustSucceed();

        Assert.Contains("is up to date", update.All, StringComparison.Ordinal);
        Assert.Equal("0", await probe.DeploymentAsync());
        Assert.Equal(process, await probe.MainProcessAsync());
    }

    [Fact]
    public async Task A_rebase_goes_to_another_image_and_back()
    {
        await using Container probe = await Container.InstallAsync(_host, "probe", "--now");
        HostState before = await HostState.TakeAsync(_host);

        CommandResult without = await _host.SysctrAsync("update", probe.Name, "--rebase", "legacy-agent");
        Assert.Equal(9, without.ExitCode);
        Assert.Contains("ADDRESS", without.Error, StringComparison.Ordinal);
        Assert.Equal(before, await HostState.TakeAsync(_host));

        (
            await _host.SysctrAsync("update", probe.Name, "--rebase", "legacy-agent", "--set", "ADDRESS=there")
        ).MustSucceed();
        Assert.Equal(("there", "from the manifest"), await ReportAsync(probe, "from the manifest"));
        Assert.Contains("legacy-agent", await probe.InfoAsync("image"), StringComparison.Ordinal);

        (await _host.SysctrAsync("rollback", probe.Name)).MustSucceed();
        Assert.Contains("/probe:", await probe.InfoAsync("image"), StringComparison.Ordinal);
        Assert.Equal("active", await probe.PropertyAsync("ActiveState"));
        HostState after = await HostState.TakeAsync(_host);
        Assert.Equal(WithoutState(before), WithoutState(after));
        Assert.Equal(before.Units, after.Units);
    }

    [Fact]
    public async Task A_rebase_fetches_what_the_store_lacks()
    {
        await using Container probe = await Container.InstallAsync(_host, "probe");
        HostState before = await HostState.TakeAsync(_host);

        // No other test on this host uses the image.
        CommandResult never = await _host.SysctrAsync(
            "update",
            probe.Name,
            "--rebase",
            "legacy-plain",
            "--pull",
            "never"
        );
        Assert.Equal(3, never.ExitCode);
        Assert.Equal(before, await HostState.TakeAsync(_host));

        CommandResult update = (
            await _host.SysctrAsync("update", probe.Name, "--rebase", "legacy-plain")
        ).MustSucceed();
        Assert.Contains("pulling ", update.All, StringComparison.Ordinal);
        Assert.Contains("/legacy-plain:", await probe.InfoAsync("image"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_update_takes_what_a_layout_has_become()
    {
        string layout = $"/srv/{Container.NewName()}";
        await PutLayoutAsync("legacy-agent", layout);
        await using Container agent = await Container.InstallAsync(
            _host,
            $"oci:{layout}:{ImageBuilder.Tag}",
            "--now",
            "--set",
            "ADDRESS=here"
        );
        Assert.Equal("version 1\n", await _host.ShellAsync($"{agent.Name}ctl"));
        string image = await agent.InfoAsync("image");

        await PutLayoutAsync("legacy-agent-v2", layout);
        (await _host.SysctrAsync("update", agent.Name)).MustSucceed();

        Assert.Equal("1", await agent.DeploymentAsync());
        Assert.Equal("version 2\n", await _host.ShellAsync($"{agent.Name}ctl"));
        Assert.Equal(image, await agent.InfoAsync("image"));
        Assert.Equal(("here", "from the manifest"), await ReportAsync(agent, "from the manifest"));
        await _host.ShellAsync($"rm -r {layout}");

        // What is gone from where it came from is still here.
        (await _host.SysctrAsync("rollback", agent.Name)).MustSucceed();
        Assert.Equal("version 1\n", await _host.ShellAsync($"{agent.Name}ctl"));
        Assert.Equal("active", await agent.PropertyAsync("ActiveState"));
    }

    [Fact]
    public async Task What_depends_on_it_runs_again_too()
    {
        await using Container probe = await Container.InstallAsync(_host, "probe", "--now");
        string user = $"uses-{probe.Name}.service";
        string follower = $"follows-{probe.Name}.service";
        await _host.ShellAsync(
            $"""
            printf '[Unit]\nRequires={probe.Service}\nAfter={probe.Service}\n[Service]\nExecStart=sleep infinity\n' > /etc/systemd/system/{user}
            printf '[Unit]\nBindsTo={user}\nAfter={user}\n[Service]\nExecStart=sleep infinity\n' > /etc/systemd/system/{follower}
            systemctl daemon-reload
            systemctl start {follower}
            """
        );

        (await _host.SysctrAsync("update", probe.Name, "--runtime", "crun")).MustSucceed();
        Assert.Equal(
            "active active",
            $"{await _host.UnitPropertyAsync(user, "ActiveState")} {await _host.UnitPropertyAsync(follower, "ActiveState")}"
        );

        Assert.Equal(
            11,
            (await _host.SysctrAsync("update", "--settle", "30", probe.Name, "--rebase", "broken-start")).ExitCode
        );
        Assert.Equal(
            "active active",
            $"{await _host.UnitPropertyAsync(user, "ActiveState")} {await _host.UnitPropertyAsync(follower, "ActiveState")}"
        );

        await _host.ShellAsync($"systemctl stop {follower}");
        (await _host.SysctrAsync("rollback", probe.Name)).MustSucceed();
        Assert.Equal(
            "active inactive",
            $"{await _host.UnitPropertyAsync(user, "ActiveState")} {await _host.UnitPropertyAsync(follower, "ActiveState")}"
        );
        await _host.ShellAsync(
            $"systemctl stop {user}; rm /etc/systemd/system/{user} /etc/systemd/system/{follower}; systemctl daemon-reload"
        );
    }

    [Fact]
    public async Task An_update_that_does_not_start_did_not_happen()
    {
        await using Container probe = await Container.InstallAsync(_host, "probe", "--now");
        HostState before = await HostState.TakeAsync(_host);

        CommandResult update = await _host.SysctrAsync(
            "update",
            "--settle",
            "30",
            probe.Name,
            "--rebase",
            "broken-start"
        );

        Assert.Equal(11, update.ExitCode);
        Assert.Contains("this is why", update.Error, StringComparison.Ordinal);
        Assert.Equal("active", await probe.PropertyAsync("ActiveState"));
        Assert.Equal("0", await probe.DeploymentAsync());
        Assert.Equal(before, await HostState.TakeAsync(_host));
        Assert.Equal("", await _host.ShellAsync("ls -A /var/lib/sysctr/transactions"));
    }

    [Fact]
    public async Task Together_all_are_updated_or_none()
    {
        await using Container good = await Container.InstallAsync(_host, "probe", "--now");
        await using Container bad = await Container.InstallAsync(
            _host,
            "legacy-agent",
            "--now",
            "--set",
            "ADDRESS=here"
        );
        string[] before = [await good.DeploymentAsync(), await bad.DeploymentAsync()];

        CommandResult update = await _host.SysctrAsync(
            "update",
            "--together",
            "--runtime",
            "/usr/bin/false",
            good.Name,
            bad.Name
        );

        Assert.NotEqual(0, update.ExitCode);
        Assert.Equal(before, (string[])[await good.DeploymentAsync(), await bad.DeploymentAsync()]);
        Assert.Equal("active", await good.PropertyAsync("ActiveState"));
        Assert.Equal("active", await bad.PropertyAsync("ActiveState"));

        (await _host.SysctrAsync("update", "--together", "--runtime", "crun", good.Name, bad.Name)).MustSucceed();
        Assert.Equal("active", await good.PropertyAsync("ActiveState"));
        Assert.Equal("active", await bad.PropertyAsync("ActiveState"));
        Assert.Equal("/usr/bin/crun", await good.InfoAsync("runtime"));
    }

    [Fact]
    public async Task A_socket_goes_on_listening()
    {
        await using Container probe = await Container.InstallSocketAsync(_host, "probe-socket");
        Assert.Equal("1", (await probe.AskAsync())["LISTEN_FDS"]);
        string inode = await _host.ShellAsync($"stat -c %i {probe.SocketPath}");

        (await _host.SysctrAsync("update", probe.Name, "--runtime", "crun")).MustSucceed();

        Assert.Equal("active", await _host.UnitPropertyAsync(probe.Socket, "ActiveState"));
        Assert.Equal(inode, await _host.ShellAsync($"stat -c %i {probe.SocketPath}"));
        Assert.Equal("1", (await probe.AskAsync())["LISTEN_FDS"]);
    }

    [Fact]
    public async Task List_all_shows_every_deployment()
    {
        await using Container probe = await Container.InstallAsync(_host, "probe");
        (await _host.SysctrAsync("update", probe.Name, "--runtime", "crun")).MustSucceed();

        string list = (await _host.SysctrAsync("list", "--all")).MustSucceed().Output;

        Assert.Equal(2, list.Split('\n').Count(l => l.StartsWith(probe.Name + " ", StringComparison.Ordinal)));
        Assert.Equal(3, (await _host.SysctrAsync("rollback", probe.Name, "7")).ExitCode);
    }

    /// <summary>State directories keep what the other image's tmpfiles made of them.</summary>
    private static IEnumerable<string> WithoutState(HostState state) =>
        state.Files.Split('\n').Where(l => !l.StartsWith("/var/lib/", StringComparison.Ordinal));

    /// <summary>Puts an OCI layout with an image on the host, in place of what is there.</summary>
    private async Task PutLayoutAsync(string image, string place)
    {
        string target = _host.Root + place;
        await Command.MustAsync("rm", "-rf", target);
        await Command.MustAsync("cp", "-a", await ImageBuilder.BuildAsync(new ImageSource(image)), target);
    }

    /// <summary>Address and value that the payload was started with, once its report has the value: it is written at
    /// each start.</summary>
    private async Task<(string Address, string Value)> ReportAsync(Container container, string value)
    {
        await container.WaitForAsync(
            $"grep -q 'PROBE_VALUE={value}$' /var/lib/{container.Name}/report",
            "the new payload's report"
        );
        Dictionary<string, string> report = Container.Parse(
            await _host.ShellAsync($"cat /var/lib/{container.Name}/report")
        );
        return (report["args"], report["PROBE_VALUE"]);
    }
}
