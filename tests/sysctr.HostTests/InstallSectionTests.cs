// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>What the [Install] section of an image's unit may reach: further names that nobody has, and never a unit of
/// the host.</summary>
[Collection(InstallingHost.Name)]
public sealed class InstallSectionTests(NspawnFixture fixture)
{
    private readonly NspawnHost _host = fixture.Host;

    [Theory]
    [InlineData("Alias=docker-registry.service dbus.service")]
    [InlineData("Alias=systemd-logind.service")]
    [InlineData("Alias=cron-is-not-there.service\\nAlias=dbus-org.freedesktop.login1.service")]
    [InlineData("Also=dbus.service")]
    public async Task A_unit_of_the_host_is_not_taken_over(string install)
    {
        string name = Container.NewName();
        string root = await MakeRootAsync(name, install);
        HostState before = await HostState.TakeAsync(_host);

        CommandResult refused = await _host.SysctrAsync("install", "--name", name, "--rootfs", root, "probe");

        Assert.Equal(10, refused.ExitCode);
        Assert.Contains($"installing {name}.service: its Al", refused.Error, StringComparison.Ordinal);
        Assert.Equal(before, await HostState.TakeAsync(_host));
        await _host.ShellAsync($"rm -r {root}");
    }

    [Fact]
    public async Task A_name_that_nobody_has_is_made_and_taken_back()
    {
        string name = Container.NewName();
        string root = await MakeRootAsync(name, $"WantedBy=multi-user.target\\nAlias={name}-server.service");

        (await _host.SysctrAsync("install", "--name", name, "--rootfs", root, "probe")).MustSucceed();
        Assert.Equal($"{name}.service", (await _host.UnitPropertyAsync($"{name}-server.service", "Id")).Trim());
        (await _host.SysctrAsync("update", name)).MustSucceed();

        (await _host.SysctrAsync("uninstall", "--purge", name)).MustSucceed();
        Assert.Equal("", await _host.ShellAsync($"find /etc/systemd/system -name '{name}*'"));
        await _host.ShellAsync($"rm -r {root}");
    }

    /// <summary>A root file system with a unit of its own, which is never started.</summary>
    private async Task<string> MakeRootAsync(string name, string install)
    {
        string root = $"/srv/{name}-root";
        await _host.ShellAsync(
            $"""
            mkdir -p {root}/usr {root}/exports {root}/proc {root}/sys {root}/dev {root}/run {root}/tmp {root}/etc
            printf '[Service]\nExecStart=$EXEC_START\n[Install]\n{install}\n' > {root}/exports/service.template
            """
        );
        return root;
    }
}
