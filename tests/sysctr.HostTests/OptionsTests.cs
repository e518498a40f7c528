// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>An ordinary image, configured at install and update by the options of podman-run(1).</summary>
[Collection(OrdinaryHost.Name)]
public sealed class OptionsTests(NspawnFixture fixture)
{
    private readonly NspawnHost _host = fixture.Host;

    [Theory]
    [InlineData("runc")]
    [InlineData("crun")]
    public async Task What_was_asked_for_holds_and_is_kept_over_an_update_and_a_rollback(string runtime)
    {
        string data = Container.NewName();
        await _host.ShellAsync($"mkdir -p /srv/{data}; echo from-the-host >/srv/{data}/word; printf 'FROM_FILE=file\nPROBE_VALUE=file\n' >/srv/{data}/env");
        HostState before = await HostState.TakeAsync(_host);
        await using (Container probe = await Container.InstallAsync(
            _host, "probe", "--now", "--runtime", runtime, "--env-file", $"/srv/{data}/env", "-e", "PROBE_VALUE=from the option", "-v", $"/srv/{data}:/srv:ro", "--volume", $"{data}:/var/lib/shared",
            "--tmpfs", "/opt:size=1m", "-w", "/srv", "--hostname", "a-box", "--cap-drop", "all", "--cap-add", "DAC_OVERRIDE", "--ulimit", "nofile=100:200", "--shm-size", "1m", "--tz", "local",
            "--stop-timeout", "7", "--label", "who=we", "--health-cmd", "test -e word"))
        {
            Dictionary<string, string> report = await ReportAsync(probe);
            Assert.Equal(("from the option", "/srv", "by default"), (report["PROBE_VALUE"], report["cwd"], report["args"]));
            Assert.Equal("0000000000000002", report["capabilities"]);
            Assert.Equal(
                "from-the-host refused writable a-box 100 200 1024 file",
                await InsideAsync(probe, "echo $(cat word) $(touch word 2>/dev/null || echo refused) $(touch /opt/x /var/lib/shared/kept && echo writable) $(cat /proc/sys/kernel/hostname) $(set -- $(grep open.files /proc/1/limits); echo $4 $5) $(df -k --output=size /dev/shm | tail -1) $FROM_FILE"));
            Assert.Equal("7s", await probe.PropertyAsync("TimeoutStopUSec"));

            (await _host.SysctrAsync("update", "-e", "PROBE_VALUE=other", "--stop-timeout=9", "--reset", "hostname", probe.Name, "--", "one", "two")).MustSucceed();

            report = await ReportAsync(probe);
            Assert.Equal(("other", "one two"), (report["PROBE_VALUE"], report["args"]));
            Assert.Equal("from-the-host file there other", await InsideAsync(probe, "echo $(cat word) $FROM_FILE $(test -e /var/lib/shared/kept && echo there) $(test $(cat /proc/sys/kernel/hostname) = a-box || echo other)"));
            Assert.Equal("9s", await probe.PropertyAsync("TimeoutStopUSec"));
            Assert.Contains("is up to date", (await _host.SysctrAsync("update", "--stop-timeout", "9", probe.Name)).MustSucceed().All, StringComparison.Ordinal);
            using (JsonDocument info = JsonDocument.Parse((await _host.SysctrAsync("info", "--json", probe.Name)).MustSucceed().Output))
            {
                Assert.Equal(["9"], info.RootElement.GetProperty("options").GetProperty("stop-timeout").EnumerateArray().Select(v => v.GetString()!));
                Assert.Equal("we", info.RootElement.GetProperty("labels").GetProperty("who").GetString());
            }

            Assert.Contains("--hostname", (await _host.SysctrAsync("plan", "update", "--hostname", "b", probe.Name)).MustSucceed().Output, StringComparison.Ordinal);

            (await _host.SysctrAsync("rollback", probe.Name)).MustSucceed();

            report = await ReportAsync(probe);
            Assert.Equal(("from the option", "by default"), (report["PROBE_VALUE"], report["args"]));
            Assert.Equal("a-box", await InsideAsync(probe, "cat /proc/sys/kernel/hostname"));
            (await _host.SysctrAsync("fsck")).MustSucceed();
        }

        // A volume with a name is nobody's to remove.
        (await _host.SysctrAsync("install", "--name", data, "-v", $"{data}:/var/lib/shared", "probe")).MustSucceed();
        Assert.Contains($"kept /var/lib/sysctr-volumes/{data}\n", (await _host.SysctrAsync("uninstall", "--purge", data)).MustSucceed().Error, StringComparison.Ordinal);
        Assert.Equal("700 there\n", await _host.ShellAsync($"echo $(stat -c %a /var/lib/sysctr-volumes) $(test -e /var/lib/sysctr-volumes/{data}/kept && echo there)"));
        await _host.ShellAsync("rm -r /var/lib/sysctr-volumes");
        Assert.Equal(before, await HostState.TakeAsync(_host));
    }

    [Fact]
    public async Task A_payload_that_says_that_it_was_stopped_was_no_failure()
    {
        string name = Container.NewName();
        (await _host.SysctrAsync(
            "install", "--now", "--name", name, "--entrypoint", "[\"/bin/sh\", \"-c\"]", "probe", "--", "trap 'exit 143' TERM; touch /tmp/up; while :; do sleep 0.1; done")).MustSucceed();
        await _host.EventuallyAsync($"sysctr exec {name} test -e /tmp/up", TimeSpan.FromSeconds(30));

        await _host.MustAsync("systemctl", "stop", name);

        string[] told = await Task.WhenAll(new[] { "ExecMainStatus", "Result", "ActiveState" }.Select(p => _host.UnitPropertyAsync(name + ".service", p)));
        (await _host.SysctrAsync("uninstall", "--purge", name)).MustSucceed();
        Assert.Equal(["143", "success", "inactive"], told);
    }

    [Fact]
    public async Task What_can_not_be_changes_nothing()
    {
        HostState before = await HostState.TakeAsync(_host);
        foreach ((string[] words, int exitCode, string said) in ((string[], int, string)[])
            [
                (["-e", "A=b", "tiny"], 2, "a config.json of its own, so --env"),
                (["tiny", "--", "x"], 2, "words behind --"),
                (["-v", "/nowhere:/a", "probe"], 3, "/nowhere"),
                (["--memory", "much", "probe"], 2, "--memory=much"),
                (["--memory", "64m", "probe"], 12, "linux.resources.memory.limit can't be held"),
                (["-v", "/var/lib/sysctr:/a", "probe"], 8, "/var/lib/sysctr"),
                (["--env-file", "/nowhere", "probe"], 3, "/nowhere"),
                (["--network", "nowhere", "probe"], 3, "sysctr network create nowhere"),
                (["--network", "none", "-p", "80", "probe"], 2, "leave --publish out"),
                (["--sysctl", "net.ipv4.ip_forward=1", "probe"], 2, "--network"),
            ])
        {
            CommandResult refused = await _host.SysctrAsync(["install", "--name", "refused", .. words]);

            Assert.Equal(exitCode, refused.ExitCode);
            Assert.Contains(said, refused.Error, StringComparison.Ordinal);
        }

        Assert.Equal(before, await HostState.TakeAsync(_host));
    }

    private async Task<Dictionary<string, string>> ReportAsync(Container probe) =>
        (await _host.ShellAsync($"cd /var/lib/{probe.Name}/var/lib/probe; for i in $(seq 300); do test -s report && break; sleep 0.1; done; cat report; rm report")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split('=', 2)).ToDictionary(l => l[0], l => l[1]);

    private async Task<string> InsideAsync(Container probe, string script) => (await _host.SysctrAsync("exec", probe.Name, "sh", "-c", script)).MustSucceed().Output.Trim();}
