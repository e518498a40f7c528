// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>mount and umount: images and containers as directories, for as long as somebody looks at them.</summary>
[Collection(SourcesHost.Name)]
public sealed class MountTests(HardLinksFixture fixture)
{
    private readonly NspawnHost _host = fixture.Host;

    [Fact]
    public async Task An_image_is_there_read_only_until_it_is_unmounted()
    {
        (await _host.SysctrAsync("pull", "probe")).MustSucceed();
        string directory = await DirectoryAsync();

        (await _host.SysctrAsync("mount", "--shared", "probe", directory)).MustSucceed();

        await _host.ShellAsync(
            $"test -x {directory}/usr/bin/probe && ! touch {directory}/new 2>/dev/null && findmnt --noheadings --output OPTIONS {directory} | grep ^ro,nosuid,nodev"
        );
        using (
            JsonDocument list = JsonDocument.Parse((await _host.SysctrAsync("mount", "--json")).MustSucceed().Output)
        )
        {
            Assert.Equal(
                (directory, "Image"),
                (
                    list.RootElement[0].GetProperty("directory").GetString(),
                    list.RootElement[0].GetProperty("kind").GetString()
                )
            );
        }

        // Its files are the mount's own names of them: whatever is pruned, they stay.
        (await _host.SysctrAsync("images", "delete", "probe")).MustSucceed();
        (await _host.SysctrAsync("images", "prune")).MustSucceed();
        await _host.ShellAsync($"cat {directory}/usr/bin/probe > /dev/null");

        CommandResult busy = await _host.RunAsync("sh", "-c", $"cd {directory} && sysctr umount {directory}");
        Assert.Equal(10, busy.ExitCode);
        Assert.Contains("busy", busy.Error, StringComparison.Ordinal);
        CommandResult elsewhere = await _host.RunAsync(
            "unshare",
            "--mount",
            "sh",
            "-c",
            $"umount {directory} && mount -t tmpfs others {directory} && sysctr umount {directory}"
        );
        Assert.Equal(10, elsewhere.ExitCode);
        Assert.Contains("somebody else has mounted others over it", elsewhere.Error, StringComparison.Ordinal);
        await _host.MustAsync("mount", "-t", "tmpfs", "others", directory);
        CommandResult covered = await _host.SysctrAsync("umount", directory);
        Assert.Equal(10, covered.ExitCode);
        Assert.Contains("somebody else has mounted others over it", covered.Error, StringComparison.Ordinal);
        await _host.MustAsync("umount", directory);
        (await _host.SysctrAsync("umount", directory)).MustSucceed();
        Assert.Equal(
            "",
            await _host.ShellAsync($"find {directory} /var/lib/sysctr/mounts -mindepth 1; findmnt {directory} || true")
        );
        Assert.Equal(3, (await _host.SysctrAsync("umount", directory)).ExitCode);
    }

    /// <summary>The second one has to wait for the first, and finds what that has mounted.</summary>
    [Fact]
    public async Task Two_calls_do_not_mount_over_each_other()
    {
        (await _host.SysctrAsync("pull", "probe")).MustSucceed();
        string directory = await DirectoryAsync();

        CommandResult[] both = await Task.WhenAll(
            Enumerable.Range(0, 2).Select(_ => _host.SysctrAsync("mount", "--shared", "probe", directory))
        );

        (await _host.SysctrAsync("umount", directory)).MustSucceed();
        Assert.Equal([0, 10], both.Select(r => r.ExitCode).Order());
        Assert.Equal("", await _host.ShellAsync($"findmnt {directory} || true"));
    }

    [Fact]
    public async Task A_container_is_what_its_deployment_is_and_a_name_of_both_has_to_be_told()
    {
        string directory = await DirectoryAsync();
        await using Container container = await Container.InstallAsync(_host, "probe");
        (await _host.SysctrAsync("images", "tag", "probe", container.Name)).MustSucceed();

        CommandResult ambiguous = await _host.SysctrAsync("mount", container.Name, directory);
        Assert.Equal(2, ambiguous.ExitCode);
        Assert.Contains("--storage containers", ambiguous.Error, StringComparison.Ordinal);
        (
            await _host.SysctrAsync("mount", "--storage", "containers", "-o", "noexec", container.Name, directory)
        ).MustSucceed();
        await _host.ShellAsync(
            $"cmp {directory}/usr/bin/probe /var/lib/sysctr/deployments/{container.Name}/0/rootfs/usr/bin/probe; findmnt --noheadings --output OPTIONS {directory} | grep noexec"
        );
        Assert.Equal(10, (await _host.SysctrAsync("mount", "probe", directory)).ExitCode);
        (await _host.SysctrAsync("unmount", directory)).MustSucceed();

        (await _host.SysctrAsync("mount", "--storage", "images", container.Name, directory)).MustSucceed();
        (await _host.SysctrAsync("umount", directory)).MustSucceed();
        (await _host.SysctrAsync("images", "delete", "--force", container.Name)).MustSucceed();
        Assert.Equal(3, (await _host.SysctrAsync("mount", "probe", directory + "/not-there")).ExitCode);
        Assert.Equal(2, (await _host.SysctrAsync("mount", "-o", "rw", "probe", directory)).ExitCode);
        Assert.Equal(3, (await _host.SysctrAsync("mount", "no-such-image", directory)).ExitCode);
        Assert.Equal("", await _host.ShellAsync("ls -A /var/lib/sysctr/mounts"));
    }

    [Fact]
    public async Task A_deployment_stays_as_long_as_it_is_mounted()
    {
        string directory = await DirectoryAsync();
        await using Container container = await Container.InstallAsync(_host, "legacy-agent", "--set", "ADDRESS=a");
        (await _host.SysctrAsync("mount", container.Name, directory)).MustSucceed();
        foreach (string address in new[] { "b", "c", "d" })
        {
            (await _host.SysctrAsync("update", container.Name, "--set", $"ADDRESS={address}")).MustSucceed();
        }

        await _host.ShellAsync(
            $"test -x {directory}/usr/bin/probe && test -d /var/lib/sysctr/deployments/{container.Name}/0"
        );
        (await _host.SysctrAsync("umount", directory)).MustSucceed();
        (await _host.SysctrAsync("update", container.Name, "--set", "ADDRESS=e")).MustSucceed();
        Assert.Equal(
            "gone\n",
            await _host.ShellAsync($"test -e /var/lib/sysctr/deployments/{container.Name}/0 || echo gone")
        );
    }

    [Fact]
    public async Task In_atomics_words()
    {
        string directory = await DirectoryAsync();
        (await _host.SysctrAsync("pull", "probe")).MustSucceed();
        await _host.ShellAsync("mkdir -p /run/atomic && ln -sf \"$(command -v sysctr)\" /run/atomic/atomic");

        (
            await _host.RunAsync(
                "/run/atomic/atomic",
                "mount",
                "--shared",
                "http:probe",
                directory,
                "--storage",
                "ostree"
            )
        ).MustSucceed();
        await _host.ShellAsync($"test -x {directory}/usr/bin/probe");
        (await _host.RunAsync("/run/atomic/atomic", "unmount", directory)).MustSucceed();
        Assert.Equal(2, (await _host.RunAsync("/run/atomic/atomic", "mount", "--live", "probe", directory)).ExitCode);
    }

    [Fact]
    public async Task After_a_reboot_or_an_umount_by_hand_nothing_is_left()
    {
        (await _host.SysctrAsync("pull", "probe")).MustSucceed();
        string first = await DirectoryAsync();
        string second = await DirectoryAsync();
        (await _host.SysctrAsync("mount", "probe", first)).MustSucceed();
        await _host.MustAsync("umount", first);
        (await _host.SysctrAsync("mount", "probe", second)).MustSucceed();
        Assert.Equal("1\n", await _host.ShellAsync("ls /var/lib/sysctr/mounts | wc -l"));

        await _host.RebootAsync();

        Assert.Equal("[]\n", (await _host.SysctrAsync("mount", "--json")).MustSucceed().Output);
        await using Container any = await Container.InstallAsync(_host, "probe");
        Assert.Equal("", await _host.ShellAsync("ls -A /var/lib/sysctr/mounts"));
    }

    private async Task<string> DirectoryAsync()
    {
        string directory = $"/srv/mount-{Container.NewName()}";
        await _host.ShellAsync($"mkdir {directory}");
        return directory;
    }
}
