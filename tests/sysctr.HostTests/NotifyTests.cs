// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>What a payload, root in a PID namespace of its own or without one, can make systemd believe.</summary>
[Collection(RunningHost.Name)]
public sealed class NotifyTests(NspawnFixture fixture)
{
    private readonly NspawnHost _host = fixture.Host;

    public static TheoryData<string> Runtimes => ["runc", "crun"];

    [Theory]
    [MemberData(nameof(Runtimes))]
    public async Task What_it_says_of_itself_is_heard_and_nothing_that_names_others(string runtime)
    {
        string victim = Container.NewName() + "-victim.service";
        await _host.MustAsync("systemd-run", "--unit", victim, "sleep", "infinity");
        long other = await _host.UnitNumberAsync(victim, "MainPID");
        await using Container probe = await Container.InstallAsync(_host, "probe-hostile", "--runtime", runtime);
        await WriteAsync(
            probe,
            $$"""
            import os, select, signal, socket, time
            # Process 1 hears no signal that it does not handle, and systemd would wait its 90 s.
            signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
            address = os.environ["NOTIFY_SOCKET"]
            def send(text, *descriptors):
                with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
                    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, d.to_bytes(4, "little")) for d in descriptors]
                    channel.sendmsg([text.encode()], rights, 0, address)
            send("MAINPID={{other}}")
            send("FDSTORE=1\nFDNAME=stolen", os.open("/etc/passwd", os.O_RDONLY))
            send("NOTIFYACCESS=none")
            end, sent = os.pipe()
            send("BARRIER=1", sent)
            os.close(sent)
            released = bool(select.select([end], [], [], 30)[0])
            with open("/var/lib/probe/result", "w") as file:
                file.write(f"released={released}\n")
            send("MAINPID={{other}}\nREADY=1\nSTATUS=heard")
            send("MAINPID={{other}}\nX=1")
            if os.fork() == 0:
                # Another process of the container, for a systemd that would believe the main one alone.
                send("MAINPID={{other}}")
            while True:
                time.sleep(0.5)
                send("WATCHDOG=1\nMAINPID={{other}}")
            """
        );

        await _host.MustAsync("systemctl", "start", probe.Service);

        long main = await probe.MainProcessAsync();
        long before = await _host.UnitNumberAsync(probe.Service, "WatchdogTimestampMonotonic");
        await probe.WaitForAsync(
            $"test \"$(systemctl show --value -p WatchdogTimestampMonotonic {probe.Service})\" -gt {before}",
            "a sign of life"
        );
        Assert.Equal("released=True\n", await _host.ShellAsync($"cat /var/lib/{probe.Name}/result"));
        Assert.Equal("heard", await probe.PropertyAsync("StatusText"));
        Assert.NotEqual(other, main);
        Assert.Equal(main, await probe.MainProcessAsync());
        Assert.Contains(probe.Service, await _host.ShellAsync($"cat /proc/{main}/cgroup"), StringComparison.Ordinal);
        Assert.Equal("0", await probe.PropertyAsync("NFileDescriptorStore"));
        Assert.Equal("all", await probe.PropertyAsync("NotifyAccess"));

        // The payload is silent now: nothing of ours stays for it.
        await _host.ShellAsync($"kill -STOP {main} $(pgrep -P {main} || true)");
        await probe.WaitForAsync(
            $"! systemctl is-active --quiet sysctr-notify-{probe.Name}.service",
            "the filter's end"
        );
        Assert.Equal("active", await _host.UnitPropertyAsync($"sysctr-notify-{probe.Name}.socket", "ActiveState"));
        await _host.ShellAsync($"kill -CONT {main} $(pgrep -P {main} || true)");

        await _host.MustAsync("systemctl", "stop", probe.Service);
        Assert.Equal(other, await _host.UnitNumberAsync(victim, "MainPID"));
        await _host.UnitsGoneAsync($"sysctr-notify-{probe.Name}*");
        await _host.MustAsync("systemctl", "stop", victim);
    }

    /// <summary>Of a tree that is mounted there is nothing that it could write to.</summary>
    [Theory]
    [InlineData("runc", "hardlinks", "True")]
    [InlineData("crun", "hardlinks", "True")]
    [InlineData("runc", "composefs", "Read-only file system")]
    [InlineData("crun", "composefs", "Read-only file system")]
    public async Task What_it_can_write_to_with_every_right_to_mount_is_its_own_copy(
        string runtime,
        string checkout,
        string written
    )
    {
        string[] options =
        [
            "--checkout",
            checkout,
            "--runtime",
            runtime,
            "--set",
            "PID_NAMESPACE=no",
            "--set",
            "CAPABILITIES=\"CAP_SYS_ADMIN\", \"CAP_DAC_OVERRIDE\"",
        ];
        await using Container probe = await Container.InstallAsync(_host, "probe-hostile", options);
        await using Container other = await Container.InstallAsync(_host, "probe-hostile", options);
        const string sums =
            "find /usr /opt /root /var/lib/sysctr -xdev \\( -name sysctr-listen -o -path '*/usr/bin/probe' \\) -type f -exec sha256sum {} +; find /var/lib/sysctr/objects -type f -exec sha256sum {} + | sha256sum";
        string before = await _host.ShellAsync(sums);
        await WriteAsync(
            probe,
            """
            import os, socket, time
            made = os.system("mount -o remount,bind,rw /.sysctr-listen && mount -o remount,bind,rw /")
            try:
                for name in ("/.sysctr-listen", "/usr/bin/probe"):
                    with open(name, "r+b") as file:
                        file.write(b"#!/stolen")
                written = True
            except OSError as error:
                written = error.strerror
            with open("/var/lib/probe/result", "w") as file:
                file.write(f"mount={made}\nwritten={written}\n")
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
                channel.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])
            time.sleep(1000)
            """
        );

        await _host.MustAsync("systemctl", "start", probe.Service);

        string own = $"/var/lib/sysctr/deployments/{probe.Name}/0/";
        Assert.Equal($"mount=0\nwritten={written}\n", await _host.ShellAsync($"cat /var/lib/{probe.Name}/result"));
        Assert.Contains(own + "sysctr-listen", before, StringComparison.Ordinal);
        Assert.Equal(checkout == "hardlinks", before.Contains(own + "rootfs/usr/bin/probe", StringComparison.Ordinal));
        Assert.Equal(WithoutOwn(before), WithoutOwn(await _host.ShellAsync(sums)));

        string[] WithoutOwn(string lines) =>
            [.. lines.Split('\n').Where(l => !l.Contains(own, StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
    }

    private async Task WriteAsync(Container probe, string script) =>
        await _host.MustAsync("sh", "-c", $"cat > /var/lib/{probe.Name}/script <<'END'\n{script}\nEND\n");
}
