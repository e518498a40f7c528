// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using System.Text.Json.Nodes;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>Deployments that each start mounts, on a store that is converted for them and back again.</summary>
[Collection(OrdinaryHost.Name)]
public sealed class ComposefsTests(NspawnFixture fixture)
{
    private readonly NspawnHost _host = fixture.Host;

    [Theory]
    [InlineData("runc")]
    [InlineData("crun")]
    public async Task Its_tree_is_mounted_for_its_starts_alone_and_everything_works_as_on_disk(string runtime)
    {
        HostState before = await HostState.TakeAsync(_host);
        string mounts = await MountsAsync();
        string name = Container.NewName();
        string unit = name + ".service";
        (
            await _host.SysctrAsync(
                "install",
                "--now",
                "--settle",
                "1",
                "--checkout",
                "composefs",
                "--runtime",
                runtime,
                "--name",
                name,
                "probe"
            )
        ).MustSucceed();

        string digest = await DigestAsync(name);
        Assert.Contains(
            $"--composefs={digest} ",
            await _host.ShellAsync($"systemctl cat {unit}"),
            StringComparison.Ordinal
        );
        Assert.Contains(digest, (await _host.SysctrAsync("info", name)).MustSucceed().Output, StringComparison.Ordinal);
        Assert.Equal("", await _host.ShellAsync($"ls /var/lib/sysctr/deployments/{name}/0/rootfs 2>/dev/null || true"));
        Assert.Contains(" - overlay /var/lib/sysctr/deployments/", await RootOfAsync(unit), StringComparison.Ordinal);
        Assert.Equal(mounts, await MountsAsync());

        // What the image has, as its layers have it: a command inside, a user of the image, a directory for the caller,
        // files that are compared.
        Assert.Equal(
            "/usr/bin/probe\n",
            (await _host.SysctrAsync("exec", name, "ls", "/usr/bin/probe")).MustSucceed().Output
        );
        Assert.Contains(
            "uid=65534(nobody)",
            (await _host.SysctrAsync("exec", "--user", "nobody", name, "id")).MustSucceed().Output,
            StringComparison.Ordinal
        );
        Assert.NotEqual(0, (await _host.SysctrAsync("exec", name, "sh", "-c", "echo x > /usr/bin/probe")).ExitCode);
        Assert.Equal(
            "700 ro,nosuid,nodev 0\nsame\n",
            await _host.ShellAsync(
                $"""
                mkdir -p '/mnt/{name}, a'; cd '/mnt/{name}, a'; sysctr --quiet mount {name} .
                cd /; echo $(stat -c %a '/mnt/{name}, a') $(findmnt --noheadings --output OPTIONS '/mnt/{name}, a' | grep -oE '^ro,nosuid,nodev') $(find /var/lib/sysctr/mounts -name rootfs | wc -l)
                cmp '/mnt/{name}, a/usr/bin/probe' /proc/{await _host.UnitNumberAsync(
                    unit,
                    "MainPID"
                )}/root/usr/bin/probe && echo same
                ! touch '/mnt/{name}, a/new' 2>/dev/null || echo written
                sysctr --quiet umount '/mnt/{name}, a'; rmdir '/mnt/{name}, a'; find /var/lib/sysctr/mounts -mindepth 1
                """
            )
        );
        Assert.Equal(mounts, await MountsAsync());

        // What a killed mount has left keeps nobody from mounting; and whoever looks keeps the contents.
        await _host.ShellAsync(
            $"""
            mkdir -p /var/lib/sysctr/mounts/dead/image /mnt/{name}
            mount -t tmpfs none /var/lib/sysctr/mounts/dead/image
            sysctr --quiet mount {name} /mnt/{name}
            test ! -e /var/lib/sysctr/mounts/dead
            """
        );
        CommandResult held = await _host.SysctrAsync("uninstall", name);
        Assert.Equal(10, held.ExitCode);
        Assert.Contains($"'sysctr umount /mnt/{name}'", held.Error, StringComparison.Ordinal);
        await _host.ShellAsync($"sysctr --quiet umount /mnt/{name}; rmdir /mnt/{name}");
        await _host.ShellAsync(
            """
            mkdir -p /etc/sysctr/scanners.d
            echo 'command = ["sh", "-c", "stat -f -c %T $1; ls $1/usr/bin; find /var/lib/sysctr/mounts -name rootfs; touch $1/new || echo read-only; $1/usr/bin/probe || echo not executed", "sh", "{root}"]' > /etc/sysctr/scanners.d/looking.toml
            """
        );
        string[] scanned =
        [
            .. JsonNode.Parse(
                (await _host.SysctrAsync("scan", "--json", "--scanner", "looking", name)).MustSucceed().Output
            )![0]!["output"]!
                .AsArray()
                .Select(l => (string)l!),
        ];
        await _host.ShellAsync(
            "rm /etc/sysctr/scanners.d/looking.toml; rmdir --ignore-fail-on-non-empty /etc/sysctr/scanners.d"
        );
        Assert.Equal("overlayfs", scanned[0]);
        Assert.Contains("probe", scanned);
        Assert.Equal(["read-only", "not executed"], scanned[^2..]);
        Assert.DoesNotContain(scanned, l => l.EndsWith("/rootfs", StringComparison.Ordinal));
        (await _host.SysctrAsync("fsck")).MustSucceed();

        // Killed with all that is around it, and started again by systemd.
        await _host.ShellAsync($"systemctl kill -s KILL {unit}");
        await RunsAsync(unit);

        // Over to a tree on disk, back by a rollback, and to a root that can be written to.
        (await _host.SysctrAsync("update", "--settle", "1", "--checkout", "hardlinks", name)).MustSucceed();
        Assert.DoesNotContain("--composefs", await _host.ShellAsync($"systemctl cat {unit}"), StringComparison.Ordinal);
        (await _host.SysctrAsync("rollback", "--settle", "1", name)).MustSucceed();
        Assert.Contains(
            $"--composefs={digest} ",
            await _host.ShellAsync($"systemctl cat {unit}"),
            StringComparison.Ordinal
        );
        (await _host.SysctrAsync("update", "--settle", "1", "--writable", "volatile", name)).MustSucceed();
        Assert.Equal(
            "written\n",
            (await _host.SysctrAsync("exec", name, "sh", "-c", "echo written > /usr/bin/probe; cat /usr/bin/probe"))
                .MustSucceed()
                .Output
        );
        await _host.MustAsync("systemctl", "restart", unit);
        Assert.NotEqual(
            "written\n",
            (await _host.SysctrAsync("exec", name, "head", "-c", "8", "/usr/bin/probe")).MustSucceed().Output
        );

        // What is to outlive updates lies over files on disk, and then it is mounted again.
        Assert.Equal(
            2,
            (await _host.SysctrAsync("update", "--checkout", "composefs", "--writable", "persistent", name)).ExitCode
        );
        (await _host.SysctrAsync("update", "--settle", "1", "--writable", "persistent", name)).MustSucceed();
        Assert.DoesNotContain("--composefs", await _host.ShellAsync($"systemctl cat {unit}"), StringComparison.Ordinal);
        (await _host.SysctrAsync("update", "--settle", "1", "--reset", "writable", name)).MustSucceed();
        Assert.Contains(
            $"--composefs={digest} ",
            await _host.ShellAsync($"systemctl cat {unit}"),
            StringComparison.Ordinal
        );
        (await _host.SysctrAsync("fsck")).MustSucceed();
        Assert.Equal(mounts, await MountsAsync());

        (await _host.SysctrAsync("uninstall", "--purge", name)).MustSucceed();
        Assert.Equal(before, await HostState.TakeAsync(_host));
        Assert.Equal("", await _host.ShellAsync($"ls -d /run/sysctr/{name} 2>/dev/null || true"));
    }

    [Fact]
    public async Task Where_a_host_can_mount_a_tree_that_is_the_default_and_where_it_can_not_it_says_why()
    {
        string[] confined =
        [
            "systemd-run",
            "--quiet",
            "--collect",
            "--wait",
            "--pipe",
            "--property=RestrictNamespaces=yes",
            "--property=SystemCallErrorNumber=EPERM",
            "sysctr",
        ];
        string mounted = Container.NewName();
        string linked = Container.NewName();
        HostState before = await HostState.TakeAsync(_host);
        (await _host.SysctrAsync("install", "--name", mounted, "probe")).MustSucceed();
        (await _host.RunAsync([.. confined, "install", "--name", linked, "probe"])).MustSucceed();

        Assert.Contains(
            $"--composefs={await DigestAsync(mounted)} ",
            await _host.ShellAsync($"systemctl cat {mounted}.service"),
            StringComparison.Ordinal
        );
        Assert.DoesNotContain(
            "--composefs",
            await _host.ShellAsync($"systemctl cat {linked}.service"),
            StringComparison.Ordinal
        );
        Assert.Matches("Checkout: +hard links", (await _host.SysctrAsync("info", linked)).MustSucceed().Output);

        CommandResult refused = await _host.RunAsync([
            .. confined,
            "install",
            "--checkout",
            "composefs",
            "--name",
            Container.NewName(),
            "probe",
        ]);
        Assert.Equal(12, refused.ExitCode);
        Assert.Contains("this host can't mount a tree: unshare", refused.Error, StringComparison.Ordinal);

        // What updates in a sandbox takes the form from no tree; and where the host can, one that is on disk is
        // mounted.
        (await _host.RunAsync([.. confined, "update", "--set", "UUID=a", mounted])).MustSucceed();
        (await _host.RunAsync([.. confined, "update", "--set", "UUID=a", linked])).MustSucceed();
        Assert.Contains(
            "--composefs",
            await _host.ShellAsync($"systemctl cat {mounted}.service"),
            StringComparison.Ordinal
        );
        Assert.DoesNotContain(
            "--composefs",
            await _host.ShellAsync($"systemctl cat {linked}.service"),
            StringComparison.Ordinal
        );
        (await _host.SysctrAsync("update", "--set", "UUID=b", linked)).MustSucceed();
        Assert.Contains(
            "--composefs",
            await _host.ShellAsync($"systemctl cat {linked}.service"),
            StringComparison.Ordinal
        );
        (await _host.SysctrAsync("uninstall", "--purge", mounted, linked)).MustSucceed();
        Assert.Equal(before, await HostState.TakeAsync(_host));
    }

    [Fact]
    public async Task An_image_of_its_tree_that_was_altered_is_not_started_from_and_is_made_again()
    {
        string name = Container.NewName();
        (await _host.SysctrAsync("install", "--checkout", "composefs", "--name", name, "probe")).MustSucceed();
        string image = $"/var/lib/sysctr/deployments/{name}/0/rootfs.erofs";
        string whole = await _host.ShellAsync($"sha256sum < {image}");

        // Where there is no fs-verity a start that has read it spares the next ones that, until it changes.
        await _host.ShellAsync(
            $"sleep 1.1; systemctl start {name}.service; test -s /run/sysctr/.images/{await DigestAsync(name)}-$(stat -c %i {image}) || fsverity measure {image}; systemctl stop {name}.service"
        );
        await _host.ShellAsync($"printf X | dd of={image} bs=1 seek=5000 conv=notrunc status=none");

        Assert.NotEqual(0, (await _host.RunAsync("systemctl", "start", name + ".service")).ExitCode);
        Assert.Contains(
            await DigestAsync(name),
            await _host.ShellAsync($"journalctl --sync; journalctl -u {name}.service --no-pager"),
            StringComparison.Ordinal
        );
        CommandResult found = await _host.SysctrAsync("fsck");
        Assert.NotEqual(0, found.ExitCode);
        Assert.Contains($"{image} was altered", found.Output + found.Error, StringComparison.Ordinal);

        (await _host.SysctrAsync("fsck", "--repair")).MustSucceed();
        Assert.Equal(whole, await _host.ShellAsync($"sha256sum < {image}"));
        await _host.MustAsync("systemctl", "start", name + ".service");
        await RunsAsync(name + ".service");
        (await _host.SysctrAsync("uninstall", "--purge", name)).MustSucceed();
    }

    [Fact]
    public async Task A_store_is_converted_and_converted_back_while_containers_run_from_it()
    {
        string disk = Container.NewName();
        string mounted = Container.NewName();
        await _host.ShellAsync("sysctr --quiet migrate --checkout hardlinks; sysctr --quiet images prune");
        (
            await _host.SysctrAsync(
                "install",
                "--now",
                "--settle",
                "1",
                "--checkout",
                "hardlinks",
                "--name",
                disk,
                "probe"
            )
        ).MustSucceed();

        using (
            JsonDocument there = JsonDocument.Parse(
                (await _host.SysctrAsync("migrate", "--json", "--checkout", "composefs")).MustSucceed().Output
            )
        )
        {
            Assert.True(there.RootElement.GetProperty("layers").GetInt32() >= 1);
        }

        (await _host.SysctrAsync("fsck")).MustSucceed();
        await _host.MustAsync("systemctl", "restart", disk + ".service");
        (
            await _host.SysctrAsync(
                "install",
                "--now",
                "--settle",
                "1",
                "--checkout",
                "composefs",
                "--name",
                mounted,
                "probe"
            )
        ).MustSucceed();
        await _host.ShellAsync("sysctr --quiet images prune");
        (await _host.SysctrAsync("fsck")).MustSucceed();

        // What a deployment is mounted from stays.
        CommandResult back = (await _host.SysctrAsync("migrate", "--checkout", "hardlinks")).MustSucceed();
        Assert.Contains("layers stay as they are", back.Error, StringComparison.Ordinal);
        await _host.ShellAsync("sysctr --quiet images prune");
        await _host.MustAsync("systemctl", "restart", mounted + ".service");
        await RunsAsync(mounted + ".service");
        (await _host.SysctrAsync("uninstall", "--purge", mounted)).MustSucceed();
        (await _host.SysctrAsync("migrate", "--checkout", "hardlinks")).MustSucceed();
        await _host.ShellAsync("sysctr --quiet images prune");
        (await _host.SysctrAsync("fsck")).MustSucceed();
        (await _host.SysctrAsync("uninstall", "--purge", disk)).MustSucceed();
    }

    private async Task<string> DigestAsync(string name)
    {
        using JsonDocument info = JsonDocument.Parse(
            (await _host.SysctrAsync("info", "--json", name)).MustSucceed().Output
        );
        JsonElement root = info.RootElement;
        return (root.ValueKind == JsonValueKind.Array ? root[0] : root).GetProperty("composefs").GetString()!;
    }

    private Task<string> MountsAsync() => _host.ShellAsync("cut -d' ' -f5 /proc/1/mountinfo | sort | uniq -c");

    private Task<string> RootOfAsync(string unit) =>
        _host.ShellAsync($"grep ' / / ' /proc/$(systemctl show --value -P MainPID {unit})/mountinfo");

    private async Task RunsAsync(string unit) =>
        Assert.Equal(
            "active\n",
            await _host.ShellAsync(
                $"for i in $(seq 1200); do systemctl is-active --quiet {unit} && break; sleep 0.1; done; systemctl is-active {unit}"
            )
        );
}
