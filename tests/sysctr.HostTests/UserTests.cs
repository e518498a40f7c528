// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary><c>--user</c>: containers of unprivileged users, each a user of the host with a systemd of its
/// own.</summary>
[Collection(UserHost.Name)]
public sealed class UserTests(NspawnFixture fixture)
{
    private readonly NspawnHost _host = fixture.Host;

    [Theory]
    [InlineData("runc", "crun")]
    [InlineData("crun", "runc")]
    public async Task A_container_lives_in_the_users_systemd(string runtime, string other)
    {
        TestUser user = await TestUser.AddAsync(_host);
        await user.MustAsync("pull", "probe");
        string before = await user.FilesAsync();

        await user.MustAsync("install", "--now", "--runtime", runtime, "probe");

        string main = await user.PropertyAsync("probe.service", "MainPID");
        string group = await user.PropertyAsync("probe.service", "ControlGroup");
        Assert.Equal($"/user.slice/user-{user.Uid}.slice/user@{user.Uid}.service/app.slice/probe.service", group);
        Assert.Equal($"{main}\n", await _host.ShellAsync($"cat $(find /sys/fs/cgroup{group} -name cgroup.procs)"));
        Assert.Contains(
            "/usr/bin/probe",
            await _host.ShellAsync($"tr '\\0' ' ' < /proc/{main}/cmdline"),
            StringComparison.Ordinal
        );
        Assert.Equal($"{user.Uid}\n", await _host.ShellAsync($"stat -c %u /proc/{main}"));
        Assert.Equal(
            "",
            await _host.ShellAsync($"ps -u {user.Name} -o args | grep -E '^[^ ]*(runc|crun|sysctr)' || true")
        );
        Dictionary<string, string> report = await user.ReportAsync("probe");
        Assert.Equal(("0", "1", "False"), (report["uid"], report["pid"], report["root_writable"]));
        await _host.EventuallyAsync(
            $"runuser -u {user.Name} -- journalctl --user --unit probe --output=cat | grep -qx 'PROBE_VALUE=from the image'",
            TimeSpan.FromMinutes(3)
        );
        Assert.Contains(
            "PROBE_VALUE=from the image",
            (await user.MustAsync("logs", "probe")).Output,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "active (running), enabled",
            (await user.MustAsync("status", "probe")).Output,
            StringComparison.Ordinal
        );

        await user.MustAsync("restart", "probe");
        Assert.NotEqual(main, await user.PropertyAsync("probe.service", "MainPID"));
        await user.MustAsync("update", "--runtime", other, "probe");
        Assert.Equal("active", await user.PropertyAsync("probe.service", "ActiveState"));
        await user.MustAsync("rollback", "probe");
        Assert.Equal("active", await user.PropertyAsync("probe.service", "ActiveState"));
        Assert.Equal("0\n", await _host.ShellAsync($"readlink {user.Store}/deployments/probe/current"));
        await user.MustAsync("stop", "probe");
        Assert.Equal("inactive", await user.PropertyAsync("probe.service", "ActiveState"));
        Assert.Equal("success", await user.PropertyAsync("probe.service", "Result"));
        await user.MustAsync("start", "probe");

        await user.MustAsync("uninstall", "--purge", "probe");
        Assert.Equal("not-found", await user.PropertyAsync("probe.service", "LoadState"));
        Assert.Equal(before, await user.FilesAsync());
        await user.MustAsync("images", "delete", "probe");
        await user.MustAsync("images", "prune");
        Assert.Equal(
            "0\n",
            await _host.ShellAsync($"find {user.Store}/objects {user.Store}/layers {user.Store}/blobs -type f | wc -l")
        );
    }

    [Fact]
    public async Task Files_have_the_images_owners_in_the_users_ranges()
    {
        TestUser user = await TestUser.AddAsync(_host);
        await user.MustAsync("install", "--now", "--runtime", "crun", "probe-owners");
        string rootfs = $"{user.Store}/deployments/probe-owners/0/rootfs";
        long wwwData = user.FirstSubordinate + 33 - 1;
        long games = user.FirstSubordinate + 5 - 1;
        long shadow = user.FirstSubordinate + 42 - 1;

        string owners = await _host.ShellAsync(
            $"cd {rootfs}; stat -c '%u %g %a %n' etc/shadow usr/bin/chage usr/bin/setuid-true srv/data/kept usr/bin/able"
        );
        string capability = await _host.ShellAsync(
            $"python3 -c 'import os; print(os.getxattr(\"{rootfs}/usr/bin/able\", \"security.capability\").hex())'"
        );
        string volume = await _host.ShellAsync(
            $"cd {user.Home}/.local/share/probe-owners; stat -c '%u %a' srv/data srv/data/kept"
        );

        Assert.Equal(
            $"{user.Uid} {shadow} 640 etc/shadow\n{user.Uid} {shadow} 2755 usr/bin/chage\n{games} {user.Uid} 4755 usr/bin/setuid-true\n"
                + $"{wwwData} {wwwData} 644 srv/data/kept\n{user.Uid} {user.Uid} 755 usr/bin/able\n",
            owners
        );

        // Version 3 of the attribute names whose root it is for (capabilities(7)).
        Assert.Equal(
            $"0100000300040000000000000000000000000000{Convert.ToHexStringLower(BitConverter.GetBytes((uint)user.Uid))}\n",
            capability
        );
        Assert.Equal($"{wwwData} 750\n{wwwData} 644\n", volume);
        await _host.EventuallyAsync(
            $"journalctl _SYSTEMD_USER_UNIT=probe-owners.service _SYSTEMD_OWNER_UID={user.Uid} --output=cat | grep -qx uid=33",
            TimeSpan.FromMinutes(3)
        );
        Assert.Equal(
            $"{wwwData}\n",
            await _host.ShellAsync($"stat -c %u /proc/{await user.PropertyAsync("probe-owners.service", "MainPID")}")
        );

        // Its own word that it was ready, through a socket of the user's systemd that another user had to write to.
        Assert.Equal("probing", await user.PropertyAsync("probe-owners.service", "StatusText"));
        await user.MustAsync("images", "verify", "probe-owners");
        await user.MustAsync("uninstall", "--purge", "probe-owners");
        Assert.Equal(
            "gone\n",
            await _host.ShellAsync(
                $"test -e {user.Home}/.local/share/probe-owners || test -e {user.Store}/deployments/probe-owners || echo gone"
            )
        );
    }

    [Fact]
    public async Task Users_and_root_have_containers_of_one_name_side_by_side()
    {
        TestUser first = await TestUser.AddAsync(_host);
        TestUser second = await TestUser.AddAsync(_host);
        (await _host.SysctrAsync("install", "--now", "probe")).MustSucceed();
        string root = await _host.UnitPropertyAsync("probe.service", "MainPID");

        await Task.WhenAll(first.MustAsync("install", "--now", "probe"), second.MustAsync("install", "--now", "probe"));
        string main = await second.PropertyAsync("probe.service", "MainPID");
        await first.MustAsync("uninstall", "--purge", "probe");

        Assert.Equal("active", await second.PropertyAsync("probe.service", "ActiveState"));
        Assert.Equal(main, await second.PropertyAsync("probe.service", "MainPID"));
        Assert.Equal(root, await _host.UnitPropertyAsync("probe.service", "MainPID"));
        Assert.DoesNotContain("probe", (await first.MustAsync("list")).Output, StringComparison.Ordinal);
        Assert.Contains("probe", (await second.MustAsync("list")).Output, StringComparison.Ordinal);
        await second.MustAsync("uninstall", "--purge", "probe");
        (await _host.SysctrAsync("uninstall", "--purge", "probe")).MustSucceed();
    }

    [Fact]
    public async Task A_lingering_users_containers_start_at_boot()
    {
        TestUser user = await TestUser.AddAsync(_host);
        await user.MustAsync(
            "install",
            "--name",
            "agent",
            "--set",
            "ADDRESS=here",
            "--system-package",
            "absent",
            "legacy-agent"
        );
        Assert.Equal("inactive", await user.PropertyAsync("agent.service", "ActiveState"));

        await _host.RebootAsync();

        await _host.EventuallyAsync(
            $"runuser -u {user.Name} -- env XDG_RUNTIME_DIR={user.RunDirectory} systemctl --user is-active --quiet agent.service",
            TimeSpan.FromMinutes(3)
        );
        Dictionary<string, string> report = await user.ReportAsync("agent");
        Assert.Equal(("here", "from the manifest"), (report["args"], report["PROBE_VALUE"]));
        await user.MustAsync("uninstall", "--purge", "agent");
    }

    [Fact]
    public async Task Sockets_reach_the_payload()
    {
        TestUser user = await TestUser.AddAsync(_host);
        string socket = $"{user.RunDirectory}/probe.sock";
        await user.MustAsync("install", "--now", "--name", "probe", "--set", $"SOCKET={socket}", "probe-socket");

        string answer = await user.ShellAsync(
            $"python3 -c 'import socket; s = socket.socket(socket.AF_UNIX); s.settimeout(60); s.connect(\"{socket}\"); print(s.makefile().read(), end=\"\")'"
        );

        Assert.Equal("1", Container.Parse(answer)["LISTEN_FDS"]);
        Assert.Equal("active", await user.PropertyAsync("probe.service", "ActiveState"));
        await user.MustAsync("uninstall", "--purge", "probe");
    }

    [Fact]
    public async Task An_image_runs_once_and_leaves_nothing()
    {
        TestUser user = await TestUser.AddAsync(_host);
        await user.MustAsync("pull", "once");
        string before = await user.FilesAsync();

        CommandResult run = await user.RunAsync("sh", "-c", "echo words | sysctr --user run once");

        Assert.Equal(5, run.ExitCode);
        Assert.Equal("once: pid 1\nwords\n", run.Output);
        await _host.ShellAsync($"rm -r {user.Home}/.local/share/once");
        Assert.Equal(before, await user.FilesAsync());
    }

    [Fact]
    public async Task A_killed_install_is_taken_back_by_the_next_call()
    {
        // A whole run first, by somebody else, to know the steps; its layers before, that are unpacked side by side, in
        // a few steps more or less.
        TestUser first = await TestUser.AddAsync(_host);
        await first.MustAsync("pull", "probe-owners");
        (
            await first.RunAsync(
                "env",
                $"SYSCTR_FAULT=trace:{first.Home}/trace",
                "sysctr",
                "--user",
                "install",
                "probe-owners"
            )
        ).MustSucceed();
        string step = (await first.ShellAsync("grep ' linkat$' trace | tail -n 1 | cut -d' ' -f1")).Trim();
        TestUser user = await TestUser.AddAsync(_host);
        await user.MustAsync("pull", "probe-owners");
        string before = await user.FilesAsync();

        Assert.Equal(
            137,
            (
                await user.RunAsync("env", $"SYSCTR_FAULT=kill:{step}", "sysctr", "--user", "install", "probe-owners")
            ).ExitCode
        );

        // The store's files belong to several users by then.
        await _host.ShellAsync($"test -e {user.Store}/deployments/probe-owners/.staged-0/rootfs/srv/data");
        Assert.NotEqual(before, await user.FilesAsync());

        Assert.Equal(3, (await user.SysctrAsync("uninstall", "nothing-of-that-name")).ExitCode);
        Assert.Equal(before, await user.FilesAsync());
    }

    [Fact]
    public async Task Files_outside_of_the_home_directory_are_refused()
    {
        TestUser user = await TestUser.AddAsync(_host);
        await user.MustAsync("pull", "legacy-agent");
        string before = await user.FilesAsync();

        CommandResult install = await user.SysctrAsync("install", "--set", "ADDRESS=here", "legacy-agent");

        Assert.Equal(13, install.ExitCode);
        Assert.Contains($"can have files below {user.Home} only", install.Error, StringComparison.Ordinal);
        Assert.Contains("--system-package=absent", install.Error, StringComparison.Ordinal);
        Assert.Equal(before, await user.FilesAsync());
    }

    [Fact]
    public async Task What_a_user_lacks_is_said_with_what_to_do()
    {
        TestUser noRanges = await TestUser.AddAsync(_host, hasRanges: false);
        TestUser noSystemd = await TestUser.AddAsync(_host, lingers: false);

        CommandResult ranges = await noRanges.SysctrAsync("install", "probe");
        CommandResult systemd = await noSystemd.SysctrAsync("install", "probe");
        CommandResult neither = await noRanges.RunAsync("sysctr", "list");
        CommandResult root = await _host.SysctrAsync("--user", "list");

        Assert.Equal((12, 12, 13, 2), (ranges.ExitCode, systemd.ExitCode, neither.ExitCode, root.ExitCode));
        Assert.Contains(
            $"usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {noRanges.Name}",
            ranges.Error,
            StringComparison.Ordinal
        );
        Assert.Contains($"loginctl enable-linger {noSystemd.Name}", systemd.Error, StringComparison.Ordinal);
        Assert.Contains("--user", neither.Error, StringComparison.Ordinal);
        Assert.Equal(
            "",
            await _host.ShellAsync($"ls -A {noRanges.Home}/.config {noSystemd.Home}/.config 2>/dev/null || true")
        );
    }

    [Fact]
    public async Task Called_as_atomic_a_user_has_user_containers()
    {
        TestUser user = await TestUser.AddAsync(_host);

        (await user.RunAsync("/usr/libexec/sysctr/atomic", "install", "--name", "probe", "probe")).MustSucceed();

        Assert.Contains(
            "probe",
            (await user.RunAsync("/usr/libexec/sysctr/atomic", "containers", "list")).MustSucceed().Output,
            StringComparison.Ordinal
        );
        Assert.Equal(1, (await user.RunAsync("/usr/libexec/sysctr/atomic", "containers", "update", "probe")).ExitCode);
        await user.MustAsync("uninstall", "--purge", "probe");
    }
}
