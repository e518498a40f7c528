// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.SystemdText;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>An ordinary image, configured at install and update by the options of podman-run(1).</summary>
[Collection(OrdinaryHost.Name)]
public sealed class OptionsTests(NspawnFixture fixture)
{
    private readonly NspawnHost _host = fixture.Host;

    [Fact]
    public async Task A_volume_is_the_payloads_users_from_the_first_start_on()
    {
        string data = Container.NewName();
        await _host.ShellAsync(
            $"mkdir -p /srv/{data}/sub; echo x >/srv/{data}/sub/file; ln -s /etc/hostname /srv/{data}/link; chown -R 7:8 /srv/{data}"
        );
        await using (
            Container probe = await Container.InstallAsync(
                _host,
                "probe",
                "-u",
                "65534:65534",
                "-v",
                $"/srv/{data}:/srv:U",
                "-v",
                $"{data}:/opt:U"
            )
        )
        {
            Assert.Equal(
                "65534:65534\n65534:65534\n65534:65534\n65534:65534\n0:0\n",
                await _host.ShellAsync(
                    $"stat -c %u:%g /srv/{data} /srv/{data}/sub/file /srv/{data}/link /var/lib/sysctr-volumes/{data} /etc/hostname"
                )
            );
            Assert.Contains(
                $"Z /srv/{data} - 65534 65534",
                await _host.ShellAsync($"cat /etc/tmpfiles.d/{probe.Name}.conf"),
                StringComparison.Ordinal
            );
        }

        await _host.ShellAsync($"rm -r /srv/{data} /var/lib/sysctr-volumes");
    }

    /// <summary>crun takes root for a further command where nobody says whose it is (1.8.1).</summary>
    [Theory]
    [InlineData("runc")]
    [InlineData("crun")]
    public async Task Commands_beside_the_payload_are_the_payloads_users(string runtime)
    {
        await using Container probe = await Container.InstallAsync(
            _host,
            "probe",
            "--now",
            "--settle",
            "1",
            "--runtime",
            runtime,
            "-u",
            "33:34",
            "--health-cmd",
            "test $(id -u) = 33",
            "--entrypoint",
            "[\"/bin/sh\", \"-c\", \"sleep infinity\"]",
            "--stop-signal",
            "KILL"
        );

        Assert.Equal("33 34", await InsideAsync(probe, "echo $(id -u) $(id -g)"));
        Assert.Equal(
            "0",
            (await _host.SysctrAsync("exec", "-u", "0", probe.Name, "id", "-u")).MustSucceed().Output.Trim()
        );
    }

    [Theory]
    [InlineData("runc")]
    [InlineData("crun")]
    public async Task What_was_asked_for_holds_and_is_kept_over_an_update_and_a_rollback(string runtime)
    {
        string data = Container.NewName();
        await _host.ShellAsync(
            $"mkdir -p /srv/{data}; echo from-the-host >/srv/{data}/word; printf 'FROM_FILE=file\nPROBE_VALUE=file\n' >/srv/{data}/env"
        );
        HostState before = await HostState.TakeAsync(_host);
        await using (
            Container probe = await Container.InstallAsync(
                _host,
                "probe",
                "--now",
                "--runtime",
                runtime,
                "--env-file",
                $"/srv/{data}/env",
                "-e",
                "PROBE_VALUE=from the option",
                "-v",
                $"/srv/{data}:/srv:ro",
                "--volume",
                $"{data}:/var/lib/shared",
                "--tmpfs",
                "/opt:size=1m",
                "-w",
                "/srv",
                "--hostname",
                "a-box",
                "--cap-drop",
                "all",
                "--cap-add",
                "DAC_OVERRIDE",
                "--ulimit",
                "nofile=100:200",
                "--shm-size",
                "1m",
                "--tz",
                "local",
                "--stop-timeout",
                "7",
                "--label",
                "who=we",
                "--health-cmd",
                "test -e word"
            )
        )
        {
            Dictionary<string, string> report = await ReportAsync(probe);
            Assert.Equal(
                ("from the option", "/srv", "by default"),
                (report["PROBE_VALUE"], report["cwd"], report["args"])
            );
            Assert.Equal("0000000000000002", report["capabilities"]);
            Assert.Equal(
                "from-the-host refused writable a-box 100 200 1024 file",
                await InsideAsync(
                    probe,
                    "echo $(cat word) $(touch word 2>/dev/null || echo refused) $(touch /opt/x /var/lib/shared/kept && echo writable) $(cat /proc/sys/kernel/hostname) $(set -- $(grep open.files /proc/1/limits); echo $4 $5) $(df -k --output=size /dev/shm | tail -1) $FROM_FILE"
                )
            );
            Assert.Equal("7s", await probe.PropertyAsync("TimeoutStopUSec"));

            (
                await _host.SysctrAsync(
                    "update",
                    "-e",
                    "PROBE_VALUE=other",
                    "--stop-timeout=9",
                    "--reset",
                    "hostname",
                    probe.Name,
                    "--",
                    "one",
                    "two"
                )
            ).MustSucceed();

            report = await ReportAsync(probe);
            Assert.Equal(("other", "one two"), (report["PROBE_VALUE"], report["args"]));
            Assert.Equal(
                "from-the-host file there other",
                await InsideAsync(
                    probe,
                    "echo $(cat word) $FROM_FILE $(test -e /var/lib/shared/kept && echo there) $(test $(cat /proc/sys/kernel/hostname) = a-box || echo other)"
                )
            );
            Assert.Equal("9s", await probe.PropertyAsync("TimeoutStopUSec"));
            Assert.Contains(
                "is up to date",
                (await _host.SysctrAsync("update", "--stop-timeout", "9", probe.Name)).MustSucceed().All,
                StringComparison.Ordinal
            );
            using (
                JsonDocument info = JsonDocument.Parse(
                    (await _host.SysctrAsync("info", "--json", probe.Name)).MustSucceed().Output
                )
            )
            {
                Assert.Equal(
                    ["9"],
                    info.RootElement.GetProperty("options")
                        .GetProperty("stop-timeout")
                        .EnumerateArray()
                        .Select(v => v.GetString()!)
                );
                Assert.Equal("we", info.RootElement.GetProperty("labels").GetProperty("who").GetString());
            }

            Assert.Contains(
                "--hostname",
                (await _host.SysctrAsync("plan", "update", "--hostname", "b", probe.Name)).MustSucceed().Output,
                StringComparison.Ordinal
            );

            (await _host.SysctrAsync("rollback", probe.Name)).MustSucceed();

            report = await ReportAsync(probe);
            Assert.Equal(("from the option", "by default"), (report["PROBE_VALUE"], report["args"]));
            Assert.Equal("a-box", await InsideAsync(probe, "cat /proc/sys/kernel/hostname"));
            (await _host.SysctrAsync("fsck")).MustSucceed();
        }

        // A volume with a name is nobody's to remove.
        (await _host.SysctrAsync("install", "--name", data, "-v", $"{data}:/var/lib/shared", "probe")).MustSucceed();
        Assert.Contains(
            $"kept /var/lib/sysctr-volumes/{data}\n",
            (await _host.SysctrAsync("uninstall", "--purge", data)).MustSucceed().Error,
            StringComparison.Ordinal
        );
        Assert.Equal(
            "700 there\n",
            await _host.ShellAsync(
                $"echo $(stat -c %a /var/lib/sysctr-volumes) $(test -e /var/lib/sysctr-volumes/{data}/kept && echo there)"
            )
        );
        await _host.ShellAsync("rm -r /var/lib/sysctr-volumes");
        Assert.Equal(before, await HostState.TakeAsync(_host));
    }

    /// <summary>What keeps a payload from the host, taken away, and more of it than is usual.</summary>
    [Theory]
    [InlineData("runc")]
    [InlineData("crun")]
    public async Task The_walls_between_payload_and_host_stand_where_they_were_asked_for(string runtime)
    {
        const string sleeps = "trap 'exit 0' TERM; while :; do sleep 0.1; done";
        string[] shell =
        [
            "--now",
            "--settle",
            "1",
            "--runtime",
            runtime,
            "--entrypoint",
            "[\"/bin/sh\", \"-c\"]",
            "probe",
            "--",
            sleeps,
        ];
        (string open, string closed) = (Container.NewName(), Container.NewName());
        await _host.ShellAsync(
            $$"""
            systemctl set-environment SYSCTR_PROBE=manager http_proxy=http://host https_proxy=http://host
            test -e /dev/sysctr-open || mknod /dev/sysctr-open c 1 5
            echo shared > /dev/shm/{{open}}
            echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95}]}' > /srv/{{closed}}.json
            """
        );
        (
            await _host.SysctrAsync([
                "install",
                "--name",
                open,
                "-e",
                "https_proxy=own",
                "--privileged",
                "--ipc",
                "host",
                "--pid",
                "host",
                "--uts",
                "host",
                "--cgroupns",
                "host",
                .. shell,
            ])
        ).MustSucceed();
        (
            await _host.SysctrAsync([
                "install",
                "--name",
                closed,
                "--read-only-tmpfs=false",
                "--group-add",
                "7,shadow",
                "--env-host",
                "--image-volume",
                "ignore",
                "--umask",
                "0027",
                "--oom-score-adj",
                "500",
                "--annotation",
                "a.b=c",
                "--security-opt",
                $"seccomp=/srv/{closed}.json",
                "--security-opt",
                "label=type:spc_t",
                .. shell,
            ])
        ).MustSucceed();

        Assert.Equal(
            await _host.ShellAsync(
                $"echo $(for n in ipc pid uts cgroup; do readlink /proc/self/ns/$n; done) $(grep CapBnd /proc/1/status | cut -f2) 0 shared 1 rw rw"
            ),
            await InsideAsync(
                open,
                $"echo $(for n in ipc pid uts cgroup; do readlink /proc/self/ns/$n; done) $(grep CapEff /proc/self/status | cut -f2) $(grep Seccomp: /proc/self/status | cut -f2) $(cat /dev/shm/{open}) $(head -c1 /dev/sysctr-open | wc -c) $(sed -n 's/.* \\(\\/sys\\|\\/sys\\/fs\\/cgroup\\) \\(r[ow]\\),.*/\\2/p' /proc/self/mountinfo)"
            ) + "\n"
        );
        Assert.Equal(
            "0 7 42 closed closed closed 0027 500 3 Operation not supported closed",
            await InsideAsync(
                closed,
                "echo $(grep Groups: /proc/1/status | cut -f2) $(for d in /tmp /run /dev; do touch $d/x 2>/dev/null && echo open || echo closed; done) $(grep Umask: /proc/1/status | cut -f2) $(cat /proc/1/oom_score_adj) $(tr '\\0' '\\n' </proc/1/environ | grep -c -e =manager -e =http://host) $(mkdir /sys/x 2>&1 | sed 's/.*: //') $(touch /var/lib/probe/x 2>/dev/null && echo open || echo closed)"
            )
        );
        Assert.Equal(
            "http_proxy=http://host\nhttps_proxy=own\n",
            await _host.ShellAsync(
                $"tr '\\0' '\\n' </proc/$(systemctl show --value -p MainPID {open})/environ | grep -e SYSCTR_PROBE -e _proxy | sort"
            )
        );
        (await _host.SysctrAsync("uninstall", "--purge", open, closed)).MustSucceed();
        await _host.ShellAsync(
            $"systemctl unset-environment SYSCTR_PROBE http_proxy https_proxy; rm /dev/shm/{open} /srv/{closed}.json /dev/sysctr-open"
        );
    }

    [Fact]
    public async Task Variables_of_a_file_are_those_that_systemd_would_put_there()
    {
        const string environment =
            "# none\nA=1 2 \nB=\"two\\\nthree\" 'four'\nC=a\\\nb\nD='x\ny' \nE=\"\\$x \\n\"\n F = 'a'b'c' \n1G=no\n;H=no\nI";
        string name = Container.NewName();
        await File.WriteAllTextAsync(
            $"{_host.RunningRoot}/srv/{name}.env",
            environment,
            TestContext.Current.CancellationToken
        );
        string[] read = (
            await _host.MustAsync(
                "systemd-run",
                "--quiet",
                "--wait",
                "--pipe",
                "--property",
                $"EnvironmentFile=/srv/{name}.env",
                "env",
                "-0"
            )
        ).Output.Split('\0');
        await _host.ShellAsync(
            $"systemctl set-environment {name}=manager; printf '[Container]\nImage=probe\nNetwork=host\nEnvironment=V=${{A}}-${{F}}-${{{name}}}-${{NOWHERE}}\n[Service]\nEnvironment=A=less\nEnvironmentFile=/srv/{name}.env\n' > /srv/{name}.container"
        );

        CommandResult applied = (await _host.SysctrAsync("apply", $"/srv/{name}.container")).MustSucceed();

        Assert.Equal(
            read.Where(v => v.Length > 1 && v[0] is >= 'A' and <= 'I' && v[1] == '=').Order(StringComparer.Ordinal),
            EnvironmentFileText.Parse(environment).Select(v => $"{v.Name}={v.Value}").Order(StringComparer.Ordinal)
        );
        Assert.Contains("no variable NOWHERE is set", applied.Error, StringComparison.Ordinal);
        Assert.Contains(
            "\"V=1 2-ab\\u0027c\\u0027-manager-\"",
            await _host.ShellAsync($"cat /var/lib/sysctr/deployments/{name}/0/config.json"),
            StringComparison.Ordinal
        );
        (await _host.SysctrAsync("uninstall", "--purge", name)).MustSucceed();
        await _host.ShellAsync($"systemctl unset-environment {name}; rm /srv/{name}.*");
    }

    [Fact]
    public async Task A_payload_that_says_that_it_was_stopped_was_no_failure()
    {
        string name = Container.NewName();
        (
            await _host.SysctrAsync(
                "install",
                "--now",
                "--name",
                name,
                "--entrypoint",
                "[\"/bin/sh\", \"-c\"]",
                "probe",
                "--",
                "trap 'exit 143' TERM; touch /tmp/up; while :; do sleep 0.1; done"
            )
        ).MustSucceed();
        await _host.EventuallyAsync($"sysctr exec {name} test -e /tmp/up", TimeSpan.FromMinutes(3));

        await _host.MustAsync("systemctl", "stop", name);

        string[] told = await Task.WhenAll(
            new[] { "ExecMainStatus", "Result", "ActiveState" }.Select(p =>
                _host.UnitPropertyAsync(name + ".service", p)
            )
        );
        (await _host.SysctrAsync("uninstall", "--purge", name)).MustSucceed();
        Assert.Equal(["143", "success", "inactive"], told);
    }

    [Fact]
    public async Task What_can_not_be_changes_nothing()
    {
        HostState before = await HostState.TakeAsync(_host);
        foreach (
            (string[] words, int exitCode, string said) in ((string[], int, string)[])
                [
                    (["-e", "A=b", "tiny"], 2, "a config.json of its own, so --env"),
                    (["tiny", "--", "x"], 2, "words behind --"),
                    (["-v", "/nowhere:/a", "probe"], 3, "/nowhere"),
                    (["--memory", "much", "probe"], 2, "--memory=much"),
                    (["--memory", "64m", "probe"], 12, "linux.resources.memory.limit can't be held"),
                    (["-v", "/var/lib/sysctr:/a", "probe"], 8, "/var/lib/sysctr"),
                    (["--env-file", "/nowhere", "probe"], 3, "/nowhere"),
                    (["--network", "nowhere", "probe"], 3, "sysctr network create nowhere"),
                    (["--network", "none", "-p", "80", "probe"], 2, "publish no ports"),
                    (["--sysctl", "net.ipv4.ip_forward=1", "probe"], 2, "--network"),
                ]
        )
        {
            CommandResult refused = await _host.SysctrAsync(["install", "--name", "refused", .. words]);

            Assert.Equal(exitCode, refused.ExitCode);
            Assert.Contains(said, refused.Error, StringComparison.Ordinal);
        }

        Assert.Equal(before, await HostState.TakeAsync(_host));
    }

    private async Task<Dictionary<string, string>> ReportAsync(Container probe) =>
        (
            await _host.ShellAsync(
                $"cd /var/lib/{probe.Name}/var/lib/probe; for i in $(seq 1200); do test -s report && break; sleep 0.1; done; cat report; rm report"
            )
        )
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(l => l.Split('=', 2))
            .ToDictionary(l => l[0], l => l[1]);

    private Task<string> InsideAsync(Container probe, string script) => InsideAsync(probe.Name, script);

    private async Task<string> InsideAsync(string name, string script) =>
        (await _host.SysctrAsync("exec", name, "sh", "-c", script)).MustSucceed().Output.Trim();
}
