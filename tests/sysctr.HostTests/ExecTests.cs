// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>Commands in containers that run.</summary>
[Collection(SourcesHost.Name)]
public sealed class ExecTests(HardLinksFixture fixture)
{
    private readonly NspawnHost _host = fixture.Host;

    /// <summary>crun's exec takes over that nothing is gained by an option alone.</summary>
    [Theory]
    [InlineData("runc")]
    [InlineData("crun")]
    public async Task A_command_and_a_check_gain_no_more_than_the_payload_may(string runtime)
    {
        const string look = "grep -E '^(NoNewPrivs|Seccomp|CapBnd):' /proc/self/status";
        await using Container container = await Container.InstallAsync(
            _host,
            "probe",
            "--now",
            "--runtime",
            runtime,
            "--health-cmd",
            "sh -c \"cat /proc/self/status > /tmp/check\""
        );
        string payload = await _host.ShellAsync(
            look.Replace("self", $"$(systemctl show -P MainPID {container.Name})", StringComparison.Ordinal)
        );

        Assert.Contains("NoNewPrivs:\t1\n", payload, StringComparison.Ordinal);
        Assert.Equal(payload, (await _host.SysctrAsync("exec", container.Name, "sh", "-c", look)).MustSucceed().Output);
        Assert.Equal(
            payload,
            (
                await _host.SysctrAsync(
                    "exec",
                    container.Name,
                    "sh",
                    "-c",
                    look.Replace("/proc/self/status", "/tmp/check", StringComparison.Ordinal)
                )
            )
                .MustSucceed()
                .Output
        );
    }

    [Theory]
    [InlineData("runc")]
    [InlineData("crun")]
    public async Task A_command_has_the_containers_view_and_its_status_is_passed_on(string runtime)
    {
        await using Container container = await Container.InstallAsync(_host, "probe", "--runtime", runtime);
        CommandResult early = await _host.SysctrAsync("exec", container.Name, "true");
        Assert.Equal(11, early.ExitCode);
        Assert.Contains($"sysctr start {container.Name}", early.Error, StringComparison.Ordinal);
        (await _host.SysctrAsync("start", container.Name)).MustSucceed();

        CommandResult said = await _host.SysctrAsync(
            "exec",
            "--env",
            "WORD=there",
            container.Name,
            "sh",
            "-c",
            "cat; echo $WORD; echo wrong >&2; exit 7"
        );
        Assert.Equal((7, "there\n", "wrong\n"), (said.ExitCode, said.Output, said.Error));
        Assert.Equal("in\n", await _host.ShellAsync($"echo in | sysctr exec {container.Name} cat"));
        string view = (await _host.SysctrAsync("exec", container.Name, "--", "readlink", "/proc/1/ns/pid"))
            .MustSucceed()
            .Output;
        Assert.Equal(view, await _host.ShellAsync($"readlink /proc/{await container.MainProcessAsync()}/ns/pid"));
        Assert.Contains(
            "/dev/",
            await _host.ShellAsync(
                $"script --quiet --return --command 'sysctr exec -t {container.Name} tty' /dev/null < /dev/null"
            ),
            StringComparison.Ordinal
        );
        Assert.Equal(3, (await _host.SysctrAsync("exec", "no-such-container", "true")).ExitCode);

        // As podman has it: by name, with the user's group; the unit's name will do.
        Assert.Equal(
            "daemon daemon /tmp\n",
            await _host.ShellAsync(
                $"sysctr exec -iu daemon -w /tmp {container.Service} sh -c 'echo $(id -un) $(id -gn) $PWD'"
            )
        );
        Assert.Equal(
            "1 33\n",
            (
                await _host.SysctrAsync(
                    "exec",
                    "--user",
                    "1:www-data",
                    container.Name,
                    "sh",
                    "-c",
                    "echo $(id -u) $(id -g)"
                )
            )
                .MustSucceed()
                .Output
        );
        CommandResult nobody = await _host.SysctrAsync("exec", "-u", "no-such-user", container.Name, "id");
        Assert.Equal(2, nobody.ExitCode);
        Assert.Contains("'no-such-user'", nobody.Error, StringComparison.Ordinal);

        await _host.ShellAsync("mkdir -p /run/atomic && ln -sf \"$(command -v sysctr)\" /run/atomic/atomic");
        CommandResult atomic = await _host.RunAsync(
            "/run/atomic/atomic",
            "run",
            "--storage",
            "ostree",
            container.Name,
            "sh",
            "-c",
            "exit 3"
        );
        Assert.Equal(3, atomic.ExitCode);
        Assert.Equal("active", await container.PropertyAsync("ActiveState"));
    }

    /// <summary>A payload of few rights must not get more by what is run beside it: a set-user-ID program, called by a
    /// process without no_new_privs that it has a hand in, would be root.</summary>
    [Theory]
    [InlineData("runc")]
    [InlineData("crun")]
    public async Task A_command_and_a_health_check_are_what_the_payload_is(string runtime)
    {
        string name = Container.NewName();
        string unit = name + ".service";
        await _host.ShellAsync(
            $"""
            mkdir -p /etc/sysctr/secrets.d /etc/systemd/system/{unit}.d
            (umask 077; printf hidden > /etc/sysctr/secrets.d/{name})
            printf '[Service]\nEnvironment=WORD=unit\n' > /etc/systemd/system/{unit}.d/50-local.conf
            """
        );
        (
            await _host.SysctrAsync(
                "install",
                "--now",
                "--name",
                name,
                "--runtime",
                runtime,
                "-u",
                "1:2",
                "--group-add",
                "9",
                "--umask",
                "0077",
                "--workdir",
                "/usr",
                "--ulimit",
                "nofile=777:778",
                "--env",
                "WORD=image",
                "--env",
                "OTHER=image",
                "--secret",
                $"{name},type=env,target=VAR_SECRET",
                "--health-cmd",
                "cat /proc/self/status > /tmp/health; cat /proc/self/environ > /tmp/health-environ",
                "--health-interval",
                "1s",
                "--entrypoint",
                "[\"/bin/sh\", \"-c\"]",
                "probe",
                "--",
                "trap 'exit 0' TERM; while :; do sleep 0.1; done"
            )
        ).MustSucceed();
        string main = (await _host.UnitPropertyAsync(unit, "MainPID")).Trim();

        string[] payload = Rights(await _host.ShellAsync($"cat /proc/{main}/status"), runtime);
        Assert.Contains("NoNewPrivs:1", payload);
        Assert.Contains("Groups:2 9", payload);
        Assert.Equal(payload, Rights(await InsideAsync("cat", "/proc/self/status"), runtime));
        Assert.Equal(
            Limits(await _host.ShellAsync($"grep 'Max open files' /proc/{main}/limits"), runtime),
            Limits(await InsideAsync("grep", "Max open files", "/proc/self/limits"), runtime)
        );
        Assert.Equal("/usr\n", await InsideAsync("pwd"));
        string[] variables = Variables(await _host.ShellAsync($"tr '\\0' '\\n' < /proc/{main}/environ"));
        Assert.Contains("WORD=unit", variables);
        Assert.Contains("VAR_SECRET=hidden", variables);
        Assert.Equal(variables, Variables(await InsideAsync("sh", "-c", "tr '\\0' '\\n' < /proc/self/environ")));

        await _host.EventuallyAsync($"sysctr exec {name} test -s /tmp/health-environ", TimeSpan.FromMinutes(2));
        Assert.Equal(payload, Rights(await InsideAsync("cat", "/tmp/health"), runtime));
        Assert.Equal(variables, Variables(await InsideAsync("sh", "-c", "tr '\\0' '\\n' < /tmp/health-environ")));

        // Another user has no more than that one either, and what is asked for is there beside all else.
        string[] daemon = Rights(
            (
                await _host.SysctrAsync(
                    "exec",
                    "-u",
                    "daemon",
                    "-w",
                    "/tmp",
                    "-e",
                    "OTHER=asked",
                    name,
                    "cat",
                    "/proc/self/status"
                )
            )
                .MustSucceed()
                .Output,
            runtime
        );
        Assert.Equal(
            payload.Where(l => !l.StartsWith("Groups", StringComparison.Ordinal)),
            daemon.Where(l => !l.StartsWith("Groups", StringComparison.Ordinal))
        );
        Assert.Equal(
            "/tmp asked unit hidden\n",
            (
                await _host.SysctrAsync(
                    "exec",
                    "-w",
                    "/tmp",
                    "-e",
                    "OTHER=asked",
                    name,
                    "sh",
                    "-c",
                    "echo $PWD $OTHER $WORD $VAR_SECRET"
                )
            )
                .MustSucceed()
                .Output
        );
        (await _host.SysctrAsync("uninstall", "--purge", name)).MustSucceed();
        await _host.ShellAsync($"rm -r /etc/sysctr/secrets.d/{name} /etc/systemd/system/{unit}.d");

        async Task<string> InsideAsync(params string[] command) =>
            (await _host.SysctrAsync(["exec", name, .. command])).MustSucceed().Output;
    }

    /// <summary>runc's exec has a umask of its own.</summary>
    private static string[] Rights(string status, string runtime) =>
        [
            .. status
                .Split('\n')
                .Where(l =>
                    l.StartsWith("Cap", StringComparison.Ordinal)
                    || l.StartsWith("NoNewPrivs:", StringComparison.Ordinal)
                    || l.StartsWith("Seccomp:", StringComparison.Ordinal)
                    || l.StartsWith("Groups:", StringComparison.Ordinal)
                    || (runtime == "crun" && l.StartsWith("Umask:", StringComparison.Ordinal))
                )
                .Select(l => l.Replace("\t", "", StringComparison.Ordinal).Trim()),
        ];

    /// <summary>A runc that Go's runtime raises the soft limit for (before 1.1.13) gives a command the hard
    /// one.</summary>
    private static string[] Limits(string line, string runtime) =>
        line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[(runtime == "runc" ? 4 : 3)..];

    /// <summary>A shell says where it is.</summary>
    private static string[] Variables(string lines) =>
        [
            .. lines
                .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Where(l => !l.StartsWith("PWD=", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal),
        ];

    [Theory]
    [InlineData("runc", "> /root/out", "")]
    [InlineData("crun", "> /root/out", "")]
    [InlineData("crun", "2> /root/out", "")]
    [InlineData("crun", "< /dev/null", "")]
    [InlineData("runc", "", "-t")]
    [InlineData("crun", "", "-t")]
    public async Task Who_is_left_behind_has_nothing_of_the_callers(string runtime, string redirection, string option)
    {
        await using Container container = await Container.InstallAsync(_host, "probe", "--now", "--runtime", runtime);

        // runc itself waits for its pipes; what is left behind there has the input alone.
        string script = $$"""
            import os, signal, time
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            if os.fork() == 0:
                {{(runtime == "runc" && option.Length == 0 ? "os.close(1); os.close(2)" : "pass")}}
                time.sleep(600)
            print("said", flush=True)
            raise SystemExit(7)
            """;
        await _host.MustAsync("sh", "-c", $"cat > /root/behind.py <<'END'\n{script}\nEND\n");
        await _host.MustAsync(
            "sh",
            "-c",
            $"cat > /root/session <<'END'\nstat -c %d:%i $(tty) > /root/terminal\nexec 9<>/root/mine\nsysctr exec {option} {container.Name} python3 -c \"$(cat /root/behind.py)\" {redirection}\necho status=$?\nEND\n"
        );

        string said = await _host.ShellAsync(
            "touch /root/mine; timeout 60 script --quiet --return --command 'sh /root/session' /dev/null < /dev/null; cat /root/out 2> /dev/null || true"
        );

        Assert.Contains("status=7", said, StringComparison.Ordinal);
        Assert.Contains("said", said, StringComparison.Ordinal);
        string left = (await _host.ShellAsync("pgrep -f 'time[.]sleep.600[)]' | head -n 1")).Trim();
        string[] open = (
            await _host.ShellAsync(
                $"for fd in /proc/{left}/fd/*; do stat -L -c '%d:%i' $fd; done; stat -c %d:%i /root/mine > /root/mine.id; cat /root/terminal /root/mine.id"
            )
        ).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.DoesNotContain(open[^2], open[..^2]);
        Assert.DoesNotContain(open[^1], open[..^2]);
        Assert.Contains(
            container.Service,
            await _host.ShellAsync($"cat /proc/{left}/cgroup"),
            StringComparison.Ordinal
        );
        await _host.ShellAsync($"kill -KILL {left}; rm -f /root/out");
    }
}
