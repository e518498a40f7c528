// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>A volume of a system container begins with all that the image has there, or does not begin: on a disk that
/// is full, after Ctrl-C, and after a kill at any step.</summary>
[Collection(OrdinaryHost.Name)]
public sealed class VolumeTests(NspawnFixture fixture)
{
    private const string Volumes = "/var/lib/sysctr-volumes";
    private const string Inside = "/usr/bin";

    private readonly NspawnHost _host = fixture.Host;

    [Fact]
    public async Task A_full_disk_fails_the_install_and_the_next_one_has_all()
    {
        string name = Container.NewName();
        await _host.ShellAsync($"mkdir -p {Volumes}; mount -t tmpfs -o size=64k tmpfs {Volumes}");
        try
        {
            CommandResult refused = await _host.RunAsync(Install(name));

            Assert.Equal(14, refused.ExitCode);
            Assert.Equal("", await _host.ShellAsync($"ls -A {Volumes}"));
            Assert.False((await _host.RunAsync("test", "-e", $"/var/lib/sysctr/deployments/{name}")).ExitCode == 0);

            await _host.ShellAsync($"mount -o remount,size=512m {Volumes}");
            (await _host.RunAsync(Install(name))).MustSucceed();
            await AssertWholeAsync(name);
            (await _host.SysctrAsync("uninstall", name)).MustSucceed();
        }
        finally
        {
            await _host.ShellAsync($"umount {Volumes}; rmdir {Volumes}");
        }
    }

    [Theory]
    [InlineData("kill")]
    [InlineData("int")]
    public async Task What_cuts_it_leaves_no_half_that_the_next_install_takes_for_the_whole(string cut)
    {
        string name = Container.NewName();
        // The first install of a name has steps of its own: it pulls, and claims its directories.
        (await _host.RunAsync(Install(name))).MustSucceed();
        await RemoveAsync(name);
        (await _host.RunAsync(["env", "SYSCTR_FAULT=trace:/run/seed-trace", .. Install(name)])).MustSucceed();
        string[] steps = (await _host.ShellAsync("cat /run/seed-trace; rm /run/seed-trace")).Split('\n');
        await AssertWholeAsync(name);
        await RemoveAsync(name);
        int first = Array.FindIndex(steps, s => s.Contains("systemd-tmpfiles --create", StringComparison.Ordinal)) + 1;
        int last =
            Array.FindLastIndex(steps, s => s.Contains("systemd-tmpfiles --create", StringComparison.Ordinal)) + 1;
        Assert.True(last > first + 10, $"steps {first} to {last}");
        foreach (int step in (int[])[first, first + 3, (first + last) / 2, last - 3, last - 2, last - 1, last])
        {
            string fault = string.Create(CultureInfo.InvariantCulture, $"SYSCTR_FAULT={cut}:{step}");
            CommandResult broken = await _host.RunAsync(["env", fault, .. Install(name)]);
            if (broken.ExitCode != 0)
            {
                (await _host.RunAsync(Install(name))).MustSucceed();
            }

            await AssertWholeAsync(name);
            Assert.Equal(name + "\n", await _host.ShellAsync($"ls -A {Volumes}"));
            await RemoveAsync(name);
        }
    }

    private static string[] Install(string name) =>
        ["sysctr", "install", "--system", "--name", name, "-v", $"{name}:{Inside}", "probe"];

    private async Task RemoveAsync(string name)
    {
        (await _host.SysctrAsync("uninstall", name)).MustSucceed();
        await _host.ShellAsync($"rm -r {Volumes}");
    }

    /// <summary>Names, types, owners, modes, times, links and contents.</summary>
    private async Task AssertWholeAsync(string name)
    {
        string rootfs = $"/var/lib/sysctr/deployments/{name}/0/rootfs{Inside}";
        string list = "find . -printf '%P %y %m %U %G %T@ %l\\n' | sort; find . -type f -exec sha256sum {} + | sort";
        Assert.Equal(
            await _host.ShellAsync($"cd $(readlink -f {rootfs}); {list}"),
            await _host.ShellAsync($"cd {Volumes}/{name}; {list}")
        );
    }
}
