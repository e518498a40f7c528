using System.Text.Json;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>fsck on a booted host: every kind of damage, done by hand, is found.</summary>
[Collection(CheckedHost.Name)]
public sealed class FsckTests(NspawnFixture fixture)
{
    private const string Store = "/var/lib/sysctr";

    private readonly NspawnHost _host = fixture.Host;

    [Fact]
    public async Task A_host_that_was_worked_on_is_clean()
    {
        Assert.Equal(0, (await _host.SysctrAsync("fsck")).ExitCode);
        await using Container agent = await Container.InstallAsync(_host, "legacy-agent", "--now", "--set", "ADDRESS=here");
        await using Container socket = await Container.InstallSocketAsync(_host, "probe-socket");
        (await _host.SysctrAsync("update", agent.Name, "--set", "VALUE=other")).MustSucceed();
        (await _host.SysctrAsync("rollback", agent.Name)).MustSucceed();

        CommandResult fsck = await _host.SysctrAsync("fsck");

        Assert.True(fsck.ExitCode == 0, fsck.All);
        Assert.EndsWith(": clean\n", fsck.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("note:", fsck.Output, StringComparison.Ordinal);
        using JsonDocument json = JsonDocument.Parse((await _host.SysctrAsync("fsck", "--json", "--quick")).MustSucceed().Output);
        Assert.Equal(0, json.RootElement.GetProperty("findings").GetArrayLength());
        Assert.Equal(2, json.RootElement.GetProperty("containers").GetInt32());
        Assert.Equal(3, json.RootElement.GetProperty("deployments").GetInt32());
        Assert.True(json.RootElement.GetProperty("objects").GetInt32() > 100);
    }

    /// <summary>Each row damages the deployment D of a container (or what the host has of it) and undoes that.</summary>
    [Theory]
    [InlineData("missing-object", "mv $O /tmp/x", "mv /tmp/x $O")]
    [InlineData("altered-object", "chmod 777 $O", "chmod 755 $O")]
    [InlineData("altered-object", "python3 -c 'import os, sys; os.setxattr(sys.argv[1], \"user.x\", b\"1\")' $O", "python3 -c 'import os, sys; os.removexattr(sys.argv[1], \"user.x\")' $O")]
    [InlineData("missing-layer", "mv $L /tmp/x", "mv /tmp/x $L")]
    [InlineData("altered-layer", "cp -a $L /tmp/x; echo >> $L", "mv /tmp/x $L")]
    [InlineData("missing-blob", "mv $B /tmp/x", "mv /tmp/x $B")]
    [InlineData("altered-blob", "cp -a $B /tmp/x; echo >> $B", "mv /tmp/x $B")]
    [InlineData("broken-ref", "cp -a $R /tmp/x; echo >> $R '}'", "mv /tmp/x $R")]
    [InlineData("broken-record", "mv $D/info.json /tmp/x", "mv /tmp/x $D/info.json")]
    [InlineData("dangling-current", "ln -sfn 7 $D/../current", "ln -sfn 0 $D/../current")]
    [InlineData("dangling-deployment", "mkdir $D/../.staged-1", "rmdir $D/../.staged-1")]
    [InlineData("altered-rootfs", "mv $D/rootfs /tmp/x", "mv /tmp/x $D/rootfs")]
    [InlineData("altered-rootfs", "mkdir -p $D/rootfs/tmp; touch -r $D/rootfs /tmp/x; touch $D/rootfs/new", "rm $D/rootfs/new; touch -r /tmp/x $D/rootfs")]
    [InlineData("altered-deployment", "mv $D/config.json /tmp/x", "mv /tmp/x $D/config.json")]
    [InlineData("missing-file", "mv $U /tmp/x", "mv /tmp/x $U")]
    public async Task Damage_is_found(string kind, string damage, string undo)
    {
        await using Container agent = await Container.InstallAsync(_host, "legacy-agent", "--set", "ADDRESS=here");
        string variables =
            $$"""
             cd {{Store}}
             D=deployments/{{agent.Name}}/0
             U=/etc/systemd/system/{{agent.Service}}
             O=$(find objects -samefile $(find $D/rootfs -type f -perm 755 -size +1k | head -n 1))
             L=layers/$(grep -A1 diffIds $D/info.json | grep -oE '[0-9a-f]{64}')
             B=blobs/sha256/$(grep manifestDigest $D/info.json | grep -oE '[0-9a-f]{64}')
             R=$(grep -l legacy-agent images/*.json)
             set > /tmp/variables

             """;
        await _host.ShellAsync(variables + damage);

        CommandResult fsck = await _host.SysctrAsync("fsck");
        await _host.ShellAsync($"cd {Store}; eval \"$(grep '^[DUOLBR]=' /tmp/variables)\"; {undo}");

        Assert.Contains($"error: {kind}: ", fsck.Output, StringComparison.Ordinal);
        Assert.Equal(7, fsck.ExitCode);
        (await _host.SysctrAsync("fsck")).MustSucceed();
    }
}
