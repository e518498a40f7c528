// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>
/// What was found when all published images in reach were installed, each kind of trouble once, in an image of our own:
/// every one of them worked with the old tool, so it has to work unchanged.
/// </summary>
[Collection(WildHost.Name)]
public sealed class WildImageTests(NspawnFixture fixture)
{
    private readonly NspawnHost _host = fixture.Host;

    [Theory]
    [InlineData("runc")]
    [InlineData("/usr/bin/crun")]
    public async Task A_notifying_image_without_a_C_library_of_the_first_specification_starts(string runtime)
    {
        string image = await new WildImage
        {
            Service = "Type=notify\nSELinuxContext=system_u:system_r:container_runtime_t:s0",
            Process = """
                , "selinuxLabel": "system_u:system_r:container_runtime_t:s0", "noNewPrivileges": true, "capabilities": ["CAP_KILL", "CAP_CHOWN"],
                "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 1024, "soft": 1024}]
                """,
        }
            .Bind("/var/run", "/var/run")
            .Bind("/sys/fs/selinux", "/sys/fs/selinux")
            .PutAsync(_host);
        await using Container container = await Container.InstallAsync(_host, image, "--runtime", runtime);

        await _host.MustAsync("systemctl", "start", container.Service);

        Assert.Equal("active", await container.PropertyAsync("ActiveState"));
        Assert.Equal("stub\n", await _host.ShellAsync($"cat /proc/{await container.MainProcessAsync()}/comm"));
        Assert.Contains(
            Path.GetFileName(runtime),
            await container.PropertyAsync("ExecStart"),
            StringComparison.Ordinal
        );
        Assert.Equal(
            "0000000000000021\n",
            await _host.ShellAsync($"sed -n 's/CapEff:\\t//p' /proc/{await container.MainProcessAsync()}/status")
        );
    }

    [Fact]
    public async Task Files_that_the_installation_makes_are_bound_as_files()
    {
        string image = await new WildImage()
            .Export("hostfs/etc/wild/daemon.conf", "of the image\n")
            .Export("tmpfiles.template", "f /var/run/$NAME.log 0644 0 0 - said\n")
            .Bind("/etc/wild/daemon.conf", "/etc/daemon.conf")
            .Bind("/var/run/${NAME}.log", "/etc/the.log")
            .PutAsync(_host);
        await using Container container = await Container.InstallAsync(_host, image, "--now");

        string root = $"/proc/{await container.MainProcessAsync()}/root";
        Assert.Equal("of the image\nsaid\n", await _host.ShellAsync($"cat {root}/etc/daemon.conf {root}/etc/the.log"));
    }

    [Fact]
    public async Task Sources_that_the_host_lacks_are_made_wherever_they_are()
    {
        HostState before = await HostState.TakeAsync(_host);
        string image = await new WildImage()
            .Bind("/var/run/${NAME}", "/var/run/wild")
            .Bind("/etc/$NAME", "/etc/wild")
            .Bind("/srv/$NAME/data", "/data")
            .PutAsync(_host);
        string name;
        await using (Container container = await Container.InstallAsync(_host, image, "--now"))
        {
            name = container.Name;
            Assert.Equal(
                "700 700 700\n",
                await _host.ShellAsync(
                    $"echo $(stat -c %a /run/{container.Name} /etc/{container.Name} /srv/{container.Name}/data)"
                )
            );
            Assert.Contains(
                "is up to date",
                (await _host.SysctrAsync("update", container.Name)).MustSucceed().All,
                StringComparison.Ordinal
            );
            await _host.MustAsync("systemctl", "stop", container.Service);
            await _host.ShellAsync(
                $"rm -r /run/{container.Name} && systemd-tmpfiles --create && systemctl start {container.Service}"
            );
        }

        await _host.ShellAsync($"rmdir /srv/{name}");
        Assert.Equal(before, await HostState.TakeAsync(_host));
    }

    [Fact]
    public async Task Settings_that_systemd_passes_over_are_told_and_refuse_nothing()
    {
        string image = await new WildImage
        {
            Service = "Restart=on-crash\nNoSuchSetting=1\nExecStartPost=/bin/sh -c \"test \\! -s /etc/wild\"",
        }.PutAsync(_host);
        string name = Container.NewName();

        CommandResult install = (await _host.SysctrAsync("install", "--now", "--name", name, image)).MustSucceed();

        Assert.Contains("on-crash", install.Error, StringComparison.Ordinal);
        Assert.Contains("NoSuchSetting", install.Error, StringComparison.Ordinal);
        Assert.Equal("active", await _host.UnitPropertyAsync(name + ".service", "ActiveState"));
        (await _host.SysctrAsync("uninstall", "--purge", name)).MustSucceed();
    }

    /// <param name="device">What it binds; with a /dev its tree is mounted, without one it is of links.</param>
    [Theory]
    [InlineData("/dev")]
    [InlineData("/dev/zero")]
    public async Task An_image_that_runs_once_may_write_to_its_root_and_nobody_else_sees_it(string device)
    {
        HostState before = await HostState.TakeAsync(_host);
        string image = await new WildImage
        {
            Service = null,
            IsReadonly = false,
            Arguments = ["once", "/etc/written"],
        }
            .Label("atomic.run", "once")
            .Bind(device, device)
            .PutAsync(_host);

        CommandResult run = await _host.SysctrAsync("install", "--system", "--name", Container.NewName(), image);

        Assert.Equal(3, run.ExitCode);
        (await _host.SysctrAsync("images", "verify", image)).MustSucceed();
        Assert.Equal(before, await HostState.TakeAsync(_host));

        string stays = await new WildImage { IsReadonly = false }.PutAsync(_host);
        CommandResult refused = await _host.SysctrAsync("install", "--name", Container.NewName(), stays);
        Assert.Equal(9, refused.ExitCode);
        Assert.Contains("root.readonly", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Atomic_takes_a_value_that_no_template_mentions_and_says_so()
    {
        string image = await new WildImage().PutAsync(_host);
        string name = Container.NewName();
        await _host.ShellAsync("mkdir -p /run/atomic && ln -sf \"$(command -v sysctr)\" /run/atomic/atomic");

        CommandResult install = await _host.RunAsync(
            "/run/atomic/atomic",
            "install",
            "--system",
            "--name",
            name,
            "--set",
            "OF_OLD=1",
            image
        );
        CommandResult update = await _host.RunAsync(
            "/run/atomic/atomic",
            "containers",
            "update",
            "--set=OF_OLD=2",
            name
        );

        Assert.Contains("OF_OLD", install.MustSucceed().Error, StringComparison.Ordinal);
        Assert.Equal(1, update.ExitCode);
        Assert.Equal(2, (await _host.SysctrAsync("update", name, "--set", "OF_OLD=2")).ExitCode);
        (await _host.SysctrAsync("uninstall", "--purge", name)).MustSucceed();
    }

    [Fact]
    public async Task A_service_that_fails_again_and_again_can_be_updated_and_stops_nobody()
    {
        string image = await new WildImage
        {
            Service = "Restart=always\nRestartSec=3s\nExecStartPre=/usr/bin/test -e /run/wild-may-run",
        }.PutAsync(_host);
        await using Container container = await Container.InstallAsync(_host, image);
        await _host.ShellAsync($"systemctl start {container.Service} || true");
        Assert.Equal("activating", await container.PropertyAsync("ActiveState"));

        CommandResult failed = await _host.SysctrAsync("update", container.Name, "--runtime", "crun");

        Assert.Equal(11, failed.ExitCode);
        Assert.Contains("deployment 0 is back", failed.Error, StringComparison.Ordinal);
        Assert.Equal("", await _host.ShellAsync("ls /var/lib/sysctr/transactions"));
        await using (Container other = await Container.InstallAsync(_host, image))
        {
            await _host.ShellAsync("touch /run/wild-may-run");
            (await _host.SysctrAsync("update", container.Name, "--runtime", "crun")).MustSucceed();
        }

        Assert.Equal("active", await container.PropertyAsync("ActiveState"));
    }

    [Fact]
    public async Task A_command_that_fails_after_a_stop_leaves_no_container_behind()
    {
        string image = await new WildImage { Service = "ExecStopPost=/bin/rm /run/nothing-is-here" }.PutAsync(_host);
        await using Container container = await Container.InstallAsync(_host, image, "--now");

        await _host.ShellAsync(
            $"systemctl stop {container.Service}; test -z \"$(runc list -q | grep -x {container.Name})\" && systemctl start {container.Service}"
        );

        Assert.Equal("active", await container.PropertyAsync("ActiveState"));
    }

    [Fact]
    public async Task What_an_image_mounted_on_its_directories_keeps_no_container_from_going()
    {
        string image = await new WildImage
        {
            Service =
                "ExecStartPre=/bin/sh -c 'mount --bind /var/lib/$NAME /var/lib/$NAME; mount --bind /opt/wild /opt/wild'",
        }
            .Export("hostfs/opt/wild/file", "")
            .Bind("/var/lib/$NAME", "/data")
            .PutAsync(_host);
        string name = Container.NewName();
        (await _host.SysctrAsync("install", "--now", "--name", name, image)).MustSucceed();

        CommandResult uninstall = (await _host.SysctrAsync("uninstall", "--purge", name)).MustSucceed();

        Assert.Contains($"/var/lib/{name} is not purged", uninstall.All, StringComparison.Ordinal);
        Assert.Contains("/opt/wild is left where it is", uninstall.All, StringComparison.Ordinal);
        Assert.Equal("", await _host.ShellAsync("ls /var/lib/sysctr/transactions"));
        Assert.Equal("not-found", await _host.UnitPropertyAsync(name + ".service", "LoadState"));
        await _host.ShellAsync($"umount /var/lib/{name} /opt/wild && rmdir /var/lib/{name} /opt/wild");
    }

    [Fact]
    public async Task List_tells_what_runs_what_failed_and_what_is_stopped()
    {
        string image = await new WildImage().PutAsync(_host);
        await using Container runs = await Container.InstallAsync(_host, image, "--now");
        await using Container failed = await Container.InstallAsync(_host, image, "--now");
        await using Container stopped = await Container.InstallAsync(_host, image, "--now");
        await _host.MustAsync("systemctl", "kill", "--signal=SEGV", failed.Service);
        (await _host.SysctrAsync("stop", stopped.Name)).MustSucceed();
        await failed.WaitForAsync($"systemctl is-failed {failed.Service}", "the failure");

        string list = (await _host.SysctrAsync("list")).MustSucceed().Output;

        Assert.Matches($@"(?m)^{runs.Name}\s+active\s", list);
        Assert.Matches($@"(?m)^{failed.Name}\s+failed\s", list);
        Assert.Matches($@"(?m)^{stopped.Name}\s+inactive\s", list);
        (await _host.SysctrAsync("start", stopped.Name)).MustSucceed();
        Assert.Matches($@"(?m)^{stopped.Name}\s+active\s", (await _host.SysctrAsync("list")).MustSucceed().Output);
    }

    [Fact]
    public async Task Host_files_are_no_links_into_the_checkout_where_the_manifest_says_so()
    {
        string image = await new WildImage()
            .Export("manifest.json", """{"useLinks": false}""")
            .Export("hostfs/usr/local/share/wild", "x")
            .PutAsync(_host);
        await using Container container = await Container.InstallAsync(_host, image);

        Assert.Equal("1\n", await _host.ShellAsync("stat -c %h /usr/local/share/wild"));
    }
}
