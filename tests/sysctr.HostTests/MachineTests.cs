// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>What needs a kernel of its own: cgroup controllers, and a power cut.</summary>
[Collection(Machine.Name)]
public sealed class MachineTests(MachineFixture fixture)
{
    private readonly QemuHost _host = fixture.Host;

    public static TheoryData<string> Runtimes => ["runc", "crun"];

    [Theory]
    [MemberData(nameof(Runtimes))]
    public async Task Status_and_stop_work_with_controllers_enabled_and_a_memory_limit_of_a_drop_in_holds(
        string runtime
    )
    {
        await using Container probe = await Container.InstallAsync(_host, "probe", "--now", "--runtime", runtime);
        await probe.ReportAsync();

        string status = await _host.ShellAsync($"systemctl status --no-pager {probe.Service}");
        string folder = $"/etc/systemd/system/{probe.Service}.d";
        await _host.ShellAsync(
            $"""
            find /var/lib/{probe.Name} -name report -delete
            mkdir -p {folder}
            printf '[Service]\nMemoryMax=64M\nMemorySwapMax=0\nRestart=no\n' > {folder}/50-limit.conf
            systemctl daemon-reload
            systemctl restart {probe.Service}
            """
        );

        // A first process without a handler yet would not hear the signal to stop.
        await probe.ReportAsync();
        await _host.ShellAsync($"systemctl stop {probe.Service}");

        Assert.Contains("/usr/bin/probe", status, StringComparison.Ordinal);
        Assert.Equal("success", await probe.PropertyAsync("Result"));

        await _host.ShellAsync($"find /var/lib/{probe.Name} -name report -delete; systemctl start {probe.Service}");
        await probe.ReportAsync();
        string group = await probe.PropertyAsync("ControlGroup");
        long main = await probe.MainProcessAsync();
        string own = await _host.ShellAsync($"cut -d: -f3 /proc/{main}/cgroup");
        string limit = await _host.ShellAsync($"cat /sys/fs/cgroup{group}/memory.max");

        await _host.ShellAsync($"kill -USR1 {main}");

        Assert.StartsWith(group, own, StringComparison.Ordinal);
        Assert.Equal("67108864\n", limit);
        await probe.WaitForAsync($"systemctl is-failed --quiet {probe.Service}", "its end by the limit");
        Assert.Contains(await probe.PropertyAsync("Result"), (string[])["oom-kill", "signal"]);
        await _host.ShellAsync($"rm {folder}/50-limit.conf; systemctl daemon-reload");
    }

    /// <summary>The disk has the feature verity. Debian 12's kernel takes an image from a device alone.</summary>
    [Fact]
    public async Task A_mounted_tree_is_proven_at_each_read_and_is_there_after_a_reboot()
    {
        await using Container probe = await Container.InstallAsync(_host, "probe", "--now", "--checkout", "composefs");
        await probe.ReportAsync();
        string image = $"/var/lib/sysctr/deployments/{probe.Name}/0/rootfs.erofs";
        Assert.Contains(
            " - overlay /var/lib/sysctr/",
            await _host.ShellAsync($"grep ' / / ' /proc/{await probe.MainProcessAsync()}/mountinfo"),
            StringComparison.Ordinal
        );
        Assert.Contains("Verity", await _host.ShellAsync($"lsattr -l {image}"), StringComparison.Ordinal);

        await _host.RebootAsync();

        await probe.WaitForAsync($"systemctl is-active --quiet {probe.Service}", "its start at boot");

        // A byte that is changed below the file system, as a bad disk or a bad man does. The converted layer has two
        // names for the file.
        (await _host.SysctrAsync("exec", probe.Name, "cat", "/usr/lib/os-release")).MustSucceed();
        await _host.ShellAsync(
            $$"""
            object=$(grep -lr ^VERSION_CODENAME /var/lib/sysctr/objects | head -n 1)
            sync
            filefrag -e -b4096 -v $object | awk '$1 == "0:" { sub(/\.\..*/, "", $4); print $4 }' > /run/number
            dd if=$(findmnt --noheadings --output SOURCE /) of=/run/block bs=4096 skip=$(cat /run/number) count=1 status=none
            cp /run/block /run/altered
            printf X | dd of=/run/altered bs=1 seek=20 conv=notrunc status=none
            """
        );
        await WriteBlockAsync("/run/altered");
        CommandResult read = await _host.SysctrAsync("exec", probe.Name, "cat", "/usr/lib/os-release");
        Assert.Equal(1, read.ExitCode);
        Assert.Contains("Input/output error", read.Error, StringComparison.Ordinal);
        await WriteBlockAsync("/run/block");
        (await _host.SysctrAsync("exec", probe.Name, "cat", "/usr/lib/os-release")).MustSucceed();

        // Another object in the place of one, with a digest of its own that the kernel proves: from Linux 6.6 on it has
        // to be that of the image.
        Assert.Equal(
            await KernelVersionAsync() >= new Version(6, 6),
            (await _host.ShellAsync($"grep ' / / ' /proc/{await probe.MainProcessAsync()}/mountinfo")).Contains(
                "verity=require",
                StringComparison.Ordinal
            )
        );
        if (await KernelVersionAsync() >= new Version(6, 6))
        {
            await _host.ShellAsync(
                $$"""
                object=$(grep -lr ^VERSION_CODENAME /var/lib/sysctr/objects | head -n 1)
                cp -a $object /run/object
                ln -f $(find /var/lib/sysctr/objects -type f -size -64k -size +8k | head -n 1) $object
                echo $object > /run/place
                systemctl restart {{probe.Service}}
                """
            );
            read = await _host.SysctrAsync("exec", probe.Name, "cat", "/usr/lib/os-release");
            Assert.Equal(1, read.ExitCode);
            Assert.Contains("Input/output error", read.Error, StringComparison.Ordinal);
            (await _host.SysctrAsync("fsck", "--repair")).MustSucceed();
            await _host.MustAsync("systemctl", "restart", probe.Service);
            (await _host.SysctrAsync("exec", probe.Name, "cat", "/usr/lib/os-release")).MustSucceed();
        }

        // Another image in the place of the one that was installed.
        await _host.ShellAsync(
            $"cp {image} /run/other; printf X | dd of=/run/other bs=1 seek=5000 conv=notrunc status=none; cp --remove-destination /run/other {image}; systemctl stop {probe.Service}"
        );
        Assert.NotEqual(0, (await _host.RunAsync("systemctl", "start", probe.Service)).ExitCode);

        async Task<Version> KernelVersionAsync() =>
            Version.Parse((await _host.ShellAsync("uname -r | grep -oE '^[0-9]+[.][0-9]+'")).Trim());

        Task WriteBlockAsync(string block) =>
            _host.ShellAsync(
                $"dd if={block} of=$(findmnt --noheadings --output SOURCE /) bs=4096 seek=$(cat /run/number) count=1 conv=notrunc,fsync oflag=direct status=none; echo 3 > /proc/sys/vm/drop_caches"
            );
    }

    [Theory]
    [MemberData(nameof(Runtimes))]
    public async Task What_config_json_limits_holds_whatever_the_runtime(string runtime)
    {
        // The node that the image brings is not there; the one beside the script stands for any other way to get at
        // one.
        const string script = """
            import os, signal, stat, threading, time
            # Process 1 hears no signal that it does not handle, and systemd would wait its 90 s.
            signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
            def tell(name, value):
                with open("/var/lib/probe/result", "a") as file:
                    file.write(f"{name}={value}\n")
            def attempt(name, action):
                try:
                    action()
                    tell(name, "done")
                except OSError as error:
                    tell(name, error.strerror)
            def touch(name, who):
                attempt(f"{who} reads", lambda: os.read(os.open(name, os.O_RDONLY), 6))
                attempt(f"{who} writes", lambda: os.write(os.open(name, os.O_WRONLY), b"stolen"))
            tell("image's node", os.path.lexists("/disk"))
            touch("/var/lib/probe/disk", "root")
            attempt("root makes a block device", lambda: os.mknod("/dev/made", 0o666 | stat.S_IFBLK, os.makedev(7, 0)))
            attempt("root makes a character device", lambda: os.mknod("/dev/mem", 0o666 | stat.S_IFCHR, os.makedev(1, 1)))
            attempt("null", lambda: os.write(os.open("/dev/null", os.O_WRONLY), b"x"))
            attempt("random", lambda: os.read(os.open("/dev/urandom", os.O_RDONLY), 1))
            child = os.fork()
            if child == 0:
                os.setgroups([])
                os.setgid(1000)
                os.setuid(1000)
                fd = os.open("/var/lib/probe/result", os.O_WRONLY | os.O_APPEND)
                def tell(name, value):
                    os.write(fd, f"{name}={value}\n".encode())
                touch("/var/lib/probe/disk", "1000")
                os._exit(0)
            os.waitpid(child, 0)
            ended = threading.Event()
            threads = []
            try:
                while len(threads) < 300:
                    thread = threading.Thread(target=ended.wait)
                    thread.start()
                    threads.append(thread)
            except RuntimeError:
                pass
            ended.set()
            for thread in threads:
                thread.join()
            tell("tasks", len(threads) + 1)
            child = os.fork()
            if child == 0:
                hoard = b"x" * (300 << 20)
                tell("memory", "had")
                os._exit(0)
            os.waitpid(child, 0)
            tell("end", 1)
            time.sleep(1000)
            """;
        await using Container probe = await Container.InstallAsync(
            _host,
            "probe-hostile",
            "--runtime",
            runtime,
            "--set",
            """CAPABILITIES="CAP_MKNOD", "CAP_SETUID", "CAP_SETGID", "CAP_DAC_OVERRIDE", "CAP_KILL" """,
            "--set",
            """RESOURCES={ "devices": [{ "allow": false, "access": "rwm" }], "memory": { "limit": 134217728, "swap": 134217728 }, "pids": { "limit": 100 } }"""
        );
        await _host.ShellAsync(
            $"""
            modprobe loop
            test -e /root/disk || (printf secret > /root/disk; truncate -s 1M /root/disk)
            losetup -j /root/disk | grep . || losetup -f /root/disk
            loop=$(losetup -n -O NAME -j /root/disk | head -n 1)
            mknod -m 666 /var/lib/{probe.Name}/disk b $(stat -c '0x%t 0x%T' $loop)
            chmod 755 /var/lib/{probe.Name}
            install -m 666 /dev/null /var/lib/{probe.Name}/result
            """
        );
        await WriteAsync(probe, script);
        await _host.ShellAsync($"systemctl start --no-block {probe.Service}");

        await probe.WaitForAsync(
            $"grep -q ^end= /var/lib/{probe.Name}/result || (grep -q ^tasks= /var/lib/{probe.Name}/result && systemctl show --value -p ActiveState {probe.Service} | grep -Ex 'failed|inactive')",
            "the end of its attempts"
        );
        Dictionary<string, string> result = Container.Parse(
            await _host.ShellAsync($"cat /var/lib/{probe.Name}/result")
        );

        Assert.Equal("False", result["image's node"]);
        foreach (
            string attempt in (string[])
                [
                    "root reads",
                    "root writes",
                    "1000 reads",
                    "1000 writes",
                    "root makes a block device",
                    "root makes a character device",
                ]
        )
        {
            Assert.Equal("Operation not permitted", result[attempt]);
        }

        Assert.Equal(("done", "done"), (result["null"], result["random"]));
        Assert.InRange(int.Parse(result["tasks"], System.Globalization.CultureInfo.InvariantCulture), 50, 100);
        Assert.DoesNotContain("memory", result.Keys);
        Assert.Equal("secret", await _host.ShellAsync("head -c 6 /root/disk"));
        Assert.Equal(
            ("134217728", "100", "closed"),
            (
                await probe.PropertyAsync("MemoryMax"),
                await probe.PropertyAsync("TasksMax"),
                await probe.PropertyAsync("DevicePolicy")
            )
        );
        await _host.ShellAsync($"rm /var/lib/{probe.Name}/disk; systemctl stop {probe.Service}");
    }

    private async Task WriteAsync(Container probe, string script) =>
        await _host.MustAsync("sh", "-c", $"cat > /var/lib/{probe.Name}/script <<'END'\n{script}\nEND\n");

    [Fact]
    public async Task What_install_said_is_installed_survives_a_power_cut()
    {
        await using Container probe = await Container.InstallAsync(_host, "probe");

        await _host.PowerCutAsync();

        await probe.WaitForAsync($"systemctl is-active --quiet {probe.Service}", "its start at boot");
        Assert.Equal("1", (await probe.ReportAsync())["pid"]);
    }

    [Fact]
    public async Task A_power_cut_in_an_update_that_loses_what_was_not_synced_ends_in_the_old_state()
    {
        string[] settings = ["--now", "--set", "ADDRESS=here", "--set", "VALUE=first"];
        await using Container agent = await Container.InstallAsync(_host, "legacy-agent", settings);
        string unit = await _host.ShellAsync($"sync; cat /etc/systemd/system/{agent.Service}");

        CommandResult cut = await _host.RunAsync(
            "env",
            "SYSCTR_FAULT=kill:Reload",
            "sysctr",
            "update",
            agent.Name,
            "--set",
            "VALUE=second"
        );
        string half = await _host.ShellAsync($"cat /etc/systemd/system/{agent.Service}");
        await _host.PowerCutAsync();

        await agent.WaitForAsync($"systemctl is-active --quiet {agent.Service}", "its start at boot");
        Assert.Equal(137, cut.ExitCode);
        Assert.NotEqual(unit, half);
        Assert.Equal(unit, await _host.ShellAsync($"cat /etc/systemd/system/{agent.Service}"));
        Assert.Equal("success", await _host.UnitPropertyAsync("sysctr-recover.service", "Result"));
        Assert.InRange(
            await _host.UnitNumberAsync("sysctr-recover.service", "ExecMainExitTimestampMonotonic"),
            1,
            await _host.UnitNumberAsync(agent.Service, "InactiveExitTimestampMonotonic")
        );
        Assert.Equal("", await _host.ShellAsync("ls -A /var/lib/sysctr/transactions"));
        (await _host.SysctrAsync("fsck")).MustSucceed();
    }
}
