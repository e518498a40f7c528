// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>
/// Where the mounts of a container may lead: not into the store, by whatever name, and not where a payload sends them.
/// The stub has no shell, so the test does to a payload's directories what the payload would: they are the same inodes.
/// </summary>
[Collection(WildHost.Name)]
public sealed class MountSourceTests(NspawnFixture fixture)
{
    private readonly NspawnHost _host = fixture.Host;

    public static TheoryData<string> Runtimes => ["runc", "crun"];

    [Theory]
    [InlineData("/var/lib/sysctr/objects", "true")]
    [InlineData("$DESTDIR/rootfs", "true")]
    [InlineData("/srv/alias/deployments", "ln -sfn /var/lib/sysctr /srv/alias")]
    [InlineData("/mnt/ab", "mount --bind /var/lib/sysctr/objects /mnt")]
    [InlineData("/mnt/sysctr", "mount --bind /var/lib /mnt")]
    [InlineData("/proc/self/root/var/lib/sysctr", "true")]
    [InlineData("/run/sysctr", "true")]
    public async Task A_source_that_leads_into_the_store_is_refused(string source, string make)
    {
        await _host.ShellAsync(make);
        try
        {
            HostState before = await HostState.TakeAsync(_host);
            string image = await new WildImage().Bind(source, "/m").PutAsync(_host);

            CommandResult refused = await _host.SysctrAsync("install", "--name", Container.NewName(), image);

            Assert.Equal(8, refused.ExitCode);
            Assert.Contains("/m", refused.Error, StringComparison.Ordinal);
            Assert.Equal(before, await HostState.TakeAsync(_host));
        }
        finally
        {
            await _host.ShellAsync("umount /mnt 2>/dev/null || true; rm -f /srv/alias");
        }
    }

    [Theory]
    [MemberData(nameof(Runtimes))]
    public async Task What_contains_the_store_is_mounted_without_it(string runtime)
    {
        string image = await new WildImage { HasConfig = false }
            .Export(
                "config.json",
                """
                {"ociVersion": "1.0.0", "process": {"user": {}, "args": ["/bin/stub"], "cwd": "/"}, "root": {"path": "rootfs", "readonly": true},
                 "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"},
                            {"destination": "/host", "type": "bind", "source": "/", "options": ["rbind", "rw"]},
                            {"destination": "/state", "type": "bind", "source": "/var/lib", "options": ["bind", "rshared", "rw"]},
                            {"destination": "/run", "type": "bind", "source": "/run", "options": ["rbind", "rslave", "rw"]}],
                 "linux": {"rootfsPropagation": "rshared", "namespaces": [{"type": "mount"}, {"type": "pid"}]}}
                """
            )
            .PutAsync(_host);
        await using Container container = await Container.InstallAsync(
            _host,
            image,
            "--runtime",
            runtime,
            "--grant",
            "bind-root-write",
            "--now"
        );

        string root = $"/proc/{await container.MainProcessAsync()}/root";
        foreach (string place in (string[])["/host/var/lib/sysctr", "/state/sysctr", "/host/run/sysctr", "/run/sysctr"])
        {
            Assert.Equal("0\n", await _host.ShellAsync($"ls -A {root}{place} | wc -l"));
            Assert.Equal("refused\n", await _host.ShellAsync($"touch {root}{place}/x 2>/dev/null || echo refused"));
        }

        // The rest of the host is there, and the host still sees its store.
        Assert.Equal(
            "there\n",
            await _host.ShellAsync(
                $"test -e {root}/host/etc/passwd && test -d {root}/state/systemd && test -s /var/lib/sysctr/meta.json && echo there"
            )
        );
        Assert.Equal("", await _host.ShellAsync("grep -E ' /(var/lib|run)/sysctr ' /proc/self/mountinfo || true"));
        Assert.Contains(
            "is up to date",
            (await _host.SysctrAsync("update", container.Name)).MustSucceed().All,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [MemberData(nameof(Runtimes))]
    public async Task A_nested_source_that_the_payload_made_a_link_is_not_mounted(string runtime)
    {
        string image = await new WildImage()
            .Bind("/var/lib/$NAME/a", "/a")
            .Bind("/var/lib/$NAME/a/b", "/b")
            .PutAsync(_host);
        await using Container container = await Container.InstallAsync(_host, image, "--runtime", runtime, "--now");
        string nested = $"/var/lib/{container.Name}/a/b";

        foreach (
            string swap in (string[])
                [
                    $"ln -s /etc {nested}",
                    $"ln -s ../../sysctr {nested}",
                    $"mkdir {nested} && mount --bind /var/lib/sysctr/objects {nested}",
                ]
        )
        {
            await _host.ShellAsync($"rmdir {nested} 2>/dev/null || rm {nested}; {swap}");

            Assert.NotEqual(0, (await _host.RunAsync("systemctl", "restart", container.Service)).ExitCode);
            Assert.Contains($"of {nested}, is refused", await container.JournalAsync(), StringComparison.Ordinal);
            Assert.NotEqual("active", await container.PropertyAsync("ActiveState"));
            CommandResult update = await _host.SysctrAsync("update", container.Name, "--set", "RUN_DIRECTORY=/run");
            Assert.Equal(8, update.ExitCode);
            await _host.ShellAsync($"umount {nested} 2>/dev/null || true; systemctl reset-failed {container.Service}");
        }

        await _host.ShellAsync($"rmdir {nested}; mkdir {nested}; systemctl start {container.Service}");
        Assert.Equal("active", await container.PropertyAsync("ActiveState"));
    }

    /// <summary>Versions before the launcher started all of them had the mounts looked at by a line of the unit's
    /// own.</summary>
    [Fact]
    public async Task A_unit_of_an_older_version_still_has_its_mounts_looked_at()
    {
        string image = await new WildImage()
            .Bind("/var/lib/$NAME/a", "/a")
            .Bind("/var/lib/$NAME/a/b", "/b")
            .PutAsync(_host);
        await using Container container = await Container.InstallAsync(_host, image, "--now");
        string name = container.Name;
        await _host.ShellAsync(
            $"mkdir -p /run/systemd/system/{container.Service}.d; printf '[Service]\nExecStartPre=/usr/bin/sysctr launch check --bundle=/var/lib/sysctr/deployments/{name}/0 {name}\n' > /run/systemd/system/{container.Service}.d/old.conf; systemctl daemon-reload"
        );

        await _host.MustAsync("systemctl", "restart", container.Service);
        Assert.Equal("active", await container.PropertyAsync("ActiveState"));
        await _host.ShellAsync($"rmdir /var/lib/{name}/a/b; ln -s /etc /var/lib/{name}/a/b");
        Assert.NotEqual(0, (await _host.RunAsync("systemctl", "restart", container.Service)).ExitCode);
        Assert.Contains(
            "status=8",
            await _host.ShellAsync($"systemctl show -P ExecStartPre {container.Service}"),
            StringComparison.Ordinal
        );

        await _host.ShellAsync(
            $"rm -r /run/systemd/system/{container.Service}.d /var/lib/{name}/a/b; mkdir /var/lib/{name}/a/b; systemctl daemon-reload; systemctl reset-failed {container.Service}"
        );
    }

    [Fact]
    public async Task Nor_is_one_that_another_container_made_a_link()
    {
        string name = Container.NewName();
        string victim = await new WildImage().Bind($"/srv/{name}/data/in", "/in").PutAsync(_host);
        string attacker = await new WildImage().Bind($"/srv/{name}/data", "/data").PutAsync(_host);
        await using Container one = await Container.InstallAsync(_host, victim, "--now");
        await using Container two = await Container.InstallAsync(_host, attacker, "--now");

        await _host.ShellAsync($"rmdir /srv/{name}/data/in; ln -s /etc /srv/{name}/data/in");

        Assert.NotEqual(0, (await _host.RunAsync("systemctl", "restart", one.Service)).ExitCode);
        Assert.Contains("another container can write", await one.JournalAsync(), StringComparison.Ordinal);
        await _host.ShellAsync($"rm /srv/{name}/data/in");
    }

    [Fact]
    public async Task A_host_file_is_not_written_where_a_payload_leads_it()
    {
        const string manifest =
            """{"installedFilesTemplate": ["/srv/$NAME/conf/file"], "renameFiles": {"/file": "/srv/$NAME/conf/file"}}""";
        WildImage image = new WildImage()
            .Export("hostfs/file", "first\n")
            .Export("manifest.json", manifest)
            .Bind("/srv/$NAME", "/m");
        await using Container container = await Container.InstallAsync(_host, await image.PutAsync(_host), "--now");
        string second = await new WildImage()
            .Export("hostfs/file", "second\n")
            .Export("manifest.json", manifest)
            .Bind("/srv/$NAME", "/m")
            .PutAsync(_host);
        await _host.ShellAsync(
            $"mkdir -p /srv/elsewhere; mv /srv/{container.Name}/conf /srv/{container.Name}/old; ln -s /srv/elsewhere /srv/{container.Name}/conf"
        );

        CommandResult update = await _host.SysctrAsync("update", container.Name, "--rebase", second);
        Assert.Equal(8, update.ExitCode);
        Assert.Contains("is a symbolic link", update.Error, StringComparison.Ordinal);
        (await _host.SysctrAsync("uninstall", container.Name)).MustSucceed();

        Assert.Equal("", await _host.ShellAsync("ls -A /srv/elsewhere"));
        (await _host.SysctrAsync("install", "--name", container.Name, "probe")).MustSucceed();
        await _host.ShellAsync("rm -r /srv/elsewhere");
    }

    [Fact]
    public async Task A_FIFO_in_the_place_of_a_host_file_keeps_nobody_waiting()
    {
        string image = await new WildImage()
            .Export("hostfs/etc/fifo/file", "text\n")
            .Bind("/etc/fifo", "/m")
            .PutAsync(_host);
        await using Container container = await Container.InstallAsync(_host, image);
        await _host.ShellAsync("rm /etc/fifo/file; mkfifo /etc/fifo/file");

        await _host.RunAsync("timeout", "60", "sysctr", "fsck");
        Assert.NotEqual(
            124,
            (
                await _host.RunAsync("timeout", "60", "sysctr", "update", container.Name, "--set", "RUN_DIRECTORY=/run")
            ).ExitCode
        );
        (await _host.SysctrAsync("uninstall", container.Name)).MustSucceed();

        Assert.Equal("fifo\n", await _host.ShellAsync("stat -c %F /etc/fifo/file; rm -r /etc/fifo"));
        (await _host.SysctrAsync("install", "--name", container.Name, "probe")).MustSucceed();
    }

    [Fact]
    public async Task A_purge_leaves_what_another_container_has_a_part_in()
    {
        const string tmpfiles = "d ${STATE_DIRECTORY}/shared 0700 0 0 - -\n";
        await using Container one = await Container.InstallAsync(
            _host,
            await new WildImage().Export("tmpfiles.template", tmpfiles).PutAsync(_host)
        );
        string two = Container.NewName();
        (
            await _host.SysctrAsync(
                "install",
                "--name",
                two,
                await new WildImage().Export("tmpfiles.template", tmpfiles).PutAsync(_host)
            )
        ).MustSucceed();
        await _host.ShellAsync("echo mine > /var/lib/shared/file");

        (await _host.SysctrAsync("uninstall", "--purge", two)).MustSucceed();
        Assert.Equal("mine\n", await _host.ShellAsync("cat /var/lib/shared/file"));

        (await _host.SysctrAsync("uninstall", "--purge", one.Name)).MustSucceed();
        Assert.Equal("gone\n", await _host.ShellAsync("test -e /var/lib/shared || echo gone"));
        (await _host.SysctrAsync("install", "--name", one.Name, "probe")).MustSucceed();
    }

    [Fact]
    public async Task A_purge_does_not_follow_what_a_payload_left()
    {
        string image = await new WildImage()
            .Export(
                "tmpfiles.template",
                "d ${STATE_DIRECTORY}/$NAME 0700 0 0 - -\nd ${STATE_DIRECTORY}/$NAME/a 0700 0 0 - -\nd ${STATE_DIRECTORY}/$NAME/a/b 0700 0 0 - -\n"
            )
            .Bind("/var/lib/$NAME", "/m")
            .PutAsync(_host);
        await using Container container = await Container.InstallAsync(_host, image);
        await _host.ShellAsync(
            $"mkdir -p /srv/kept/b; touch /srv/kept/b/file; cd /var/lib/{container.Name}; rm -r a; ln -s /srv/kept a; "
                + "perl -e '$n = \"n\" x 200; for (1..5000) { mkdir $n or die; chdir $n or die }'"
        );

        CommandResult purge = await _host.RunAsync(
            "sh",
            "-c",
            $"ulimit -n 256; timeout 100 sysctr uninstall --purge {container.Name}"
        );

        Assert.True(purge.ExitCode == 0, purge.All);
        Assert.Equal(
            "there gone\n",
            await _host.ShellAsync(
                $"echo $(test -e /srv/kept/b/file && echo there; test -e /var/lib/{container.Name} || echo gone)"
            )
        );
        (await _host.SysctrAsync("install", "--name", container.Name, "probe")).MustSucceed();
    }

    [Fact]
    public async Task What_users_lay_down_in_tmp_is_nothing_to_root()
    {
        await _host.ShellAsync(
            "setpriv --reuid=65534 --clear-groups sh -c 'mkdir -p /tmp/sysctr-999999-1-1/x; ln -s /etc /tmp/sysctr-999999-1-2'"
        );

        (await _host.SysctrAsync("recover")).MustSucceed();
        (await _host.SysctrAsync("install", "--display", "probe")).MustSucceed();

        Assert.Equal(
            "sysctr-999999-1-1\nsysctr-999999-1-2\n",
            await _host.ShellAsync("ls -d /tmp/sysctr-* | xargs -n1 basename")
        );
        Assert.Equal(
            "",
            await _host.ShellAsync("ls -A /run/sysctr/scratch /var/lib/sysctr/scratch 2>/dev/null || true")
        );
        Assert.Equal("700\n", await _host.ShellAsync("stat -c %a /run/sysctr; rm -r /tmp/sysctr-*"));
    }
}
