// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>
/// Habits of authors of 2016 to 2019, each in an image of our own: units that call the runtime by hand, drafts of the
/// runtime-spec, editors of other systems. The old tool installed them all; here they start, update, go back and leave
/// nothing.
/// </summary>
[Collection(WildHost.Name)]
public sealed class OldImageTests(NspawnFixture fixture)
{
    private const string Install = "[Install]\nWantedBy=multi-user.target\n";

    private const string ByHand =
        "[Service]\nExecStartPre=-/bin/runc delete '$NAME'\nExecStart=/bin/runc --systemd-cgroup run '$NAME'\nExecStop=/bin/runc --systemd-cgroup kill '$NAME'\n"
        + "ExecStopPost=/bin/runc delete '$NAME'\nWorkingDirectory=$DESTDIR\n"
        + Install;

    /// <summary>A draft's shapes: no version that a runtime knows, lists for sets, a rule for each system call, more
    /// than a host may give.</summary>
    private const string Draft = """
        {"ociVersion": "0.6.0-dev", "platform": {"os": "linux", "arch": "amd64"}, "hooks": {"prestart": null},
         "process": {"user": {}, "terminal": true, "args": ["/bin/stub", "draft"], "cwd": "/", "env": ["PATH=/bin"], "capabilities": ["CAP_KILL"],
           "oomScoreAdj": -500, "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 4000000000, "soft": 1024}]},
         "root": {"path": "rootfs", "readonly": true}, "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"}],
         "linux": {"namespaces": [{"type": "mount", "path": ""}], "uidMappings": [], "devices": null, "cgroupsPath": null,
           "seccomp": {"defaultAction": "SCMP_ACT_ALLOW", "architectures": null, "syscalls": [{"name": "reboot", "action": "SCMP_ACT_ERRNO", "args": null}]}}}
        """;

    private readonly NspawnHost _host = fixture.Host;

    [Theory]
    [InlineData(ByHand)]
    [InlineData(
        "[Service]\nType=notify\nExecStart=/bin/runc run --bundle /var/lib/containers/atomic/$NAME $NAME\n" + Install
    )]
    [InlineData(
        "[Service]\nExecStart=/bin/bash -c 'exec $EXEC_START'\nExecStop=/bin/sh -c '$EXEC_STOP'\nPIDFile=/var/run/$NAME.pid\n"
            + Install
    )]
    [InlineData(
        "[Service]\r\nExecStart=-$EXEC_START\r\nKillMode=none\r\nMemoryLimit=2G\r\nStandardOutput=syslog\r\nExecStop=$EXEC_STOP\r\nno line\r\n"
            + Install
    )]
    public async Task A_unit_that_starts_its_container_in_its_own_way(string unit)
    {
        string image = await new WildImage { Service = null }
            .Export("service.template", unit)
            .PutAsync(_host);
        HostState before = await HostState.TakeAsync(_host);
        await using (Container container = await Container.InstallAsync(_host, image))
        {
            for (int turn = 0; turn < 2; turn++)
            {
                await _host.MustAsync("systemctl", "start", container.Service);
                Assert.Equal("active", await container.PropertyAsync("ActiveState"));
                // A detached runtime may leave an instant before the payload's process becomes the payload.
                await _host.EventuallyAsync(
                    $"grep -qx stub /proc/{await container.MainProcessAsync()}/comm",
                    TimeSpan.FromMinutes(3)
                );
                Assert.Contains(
                    $"/{container.Service}/payload",
                    await _host.ShellAsync($"cat /proc/{await container.MainProcessAsync()}/cgroup"),
                    StringComparison.Ordinal
                );
                await _host.MustAsync("systemctl", "stop", container.Service);
                Assert.Equal("inactive", await container.PropertyAsync("ActiveState"));
            }

            await _host.MustAsync("systemctl", "start", container.Service);
            (await _host.SysctrAsync("update", "--set", "UUID=other", container.Name)).MustSucceed();
            Assert.Equal("active", await container.PropertyAsync("ActiveState"));
            (await _host.SysctrAsync("rollback", container.Name)).MustSucceed();
            Assert.Equal("active", await container.PropertyAsync("ActiveState"));
        }

        Assert.Equal(before, await HostState.TakeAsync(_host));
    }

    [Theory]
    [InlineData("runc")]
    [InlineData("crun")]
    public async Task A_configuration_of_a_draft_of_the_specification(string runtime)
    {
        string image = await new WildImage { HasConfig = false }
            .Export("config.json", Draft)
            .PutAsync(_host);

        await using Container container = await Container.InstallAsync(_host, image, "--runtime", runtime, "--now");

        Assert.Equal(
            "Seccomp:\t2\n",
            await _host.ShellAsync($"grep Seccomp: /proc/{await container.MainProcessAsync()}/status")
        );
    }

    [Fact]
    public async Task A_configuration_without_a_mount_namespace_mounts_nothing_on_the_host()
    {
        string image = await new WildImage { HasConfig = false }
            .Export(
                "config.json",
                """{"process": {"args": ["/bin/stub"], "cwd": "/"}, "root": {"path": "rootfs", "readonly": true}, "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"}]}"""
            )
            .PutAsync(_host);
        await using Container container = await Container.InstallAsync(_host, image, "--now");

        Assert.Equal("", await _host.ShellAsync("grep /var/lib/sysctr /proc/mounts || true"));
    }

    [Fact]
    public async Task Files_of_other_editors_behind_links_with_odd_defaults()
    {
        string image = await new WildImage()
            .Export(
                "manifest.json",
                [
                    0xef,
                    0xbb,
                    0xbf,
                    .. Encoding.UTF8.GetBytes(
                        "{\r\n\"version\": 1.0, \"renameFiles\": null, \"x\": [null], \"defaultValues\": {\"A\": null, \"N\": 8081}, \"installedFilesTemplate\": [\"/etc/$NAME.conf\", \"/etc/old.conf\"]\r\n}"
                    ),
                ]
            )
            .Export("tmpfiles.template", "d /run/$NAME 0755\t-\t- - -\r\nd /var/lib/$NAME")
            .Export("etcd.service", "an example for people")
            .Export("host/etc/old.conf", "$A $N $NAME $IMAGE_NAME\r\n")
            .ExportLink("hostfs", "host")
            .PutAsync(_host);

        await using Container container = await Container.InstallAsync(_host, image, "--now");

        Assert.Equal($"None 8081 {container.Name} {image}^M$\n", await _host.ShellAsync("cat -A /etc/old.conf"));
        await _host.ShellAsync($"test -d /run/{container.Name} -a -d /var/lib/{container.Name}");
        Assert.Equal("", await _host.ShellAsync($"find /etc/systemd/system -name '{container.Name}-*'"));
    }

    [Fact]
    public async Task A_directory_that_was_there_is_not_emptied()
    {
        string image = await new WildImage()
            .Export("tmpfiles.template", "D /var/lib/of-somebody 0755 - - 1s\n")
            .PutAsync(_host);
        await _host.ShellAsync("mkdir /var/lib/of-somebody && touch -d '1 year ago' /var/lib/of-somebody/file");
        try
        {
            await using (await Container.InstallAsync(_host, image, "--now"))
            {
                await _host.MustAsync("systemd-tmpfiles", "--clean");
                await _host.MustAsync("systemd-tmpfiles", "--remove");
            }

            await _host.ShellAsync("test -f /var/lib/of-somebody/file");
        }
        finally
        {
            await _host.ShellAsync("rm -r /var/lib/of-somebody");
        }
    }
}
