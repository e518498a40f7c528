// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>What systemd passes to a service reaches the payload: sockets, their names, readiness, signs of
/// life.</summary>
[Collection(RunningHost.Name)]
public sealed class SocketTests(NspawnFixture fixture)
{
    private readonly NspawnHost _host = fixture.Host;

    public static TheoryData<string> Runtimes => ["runc", "crun"];

    public static MatrixTheoryData<string, string> RuntimesAndNamespaces => new(["runc", "crun"], ["yes", "no"]);

    [Theory]
    [MemberData(nameof(RuntimesAndNamespaces))]
    public async Task The_first_connection_starts_the_payload_and_is_answered_by_it(string runtime, string pidNamespace)
    {
        await using Container probe = await Container.InstallSocketAsync(
            _host,
            "probe-socket",
            "--runtime",
            runtime,
            "--set",
            $"PID_NAMESPACE={pidNamespace}"
        );
        Assert.Equal("inactive", await probe.PropertyAsync("ActiveState"));

        Dictionary<string, string> answer = await probe.AskAsync();

        Assert.Equal("active", await probe.PropertyAsync("ActiveState"));
        Assert.Equal("1", answer["LISTEN_FDS"]);
        Assert.Equal("question", answer["LISTEN_FDNAMES"]);
        Assert.Equal(answer["pid"], answer["LISTEN_PID"]);
        Assert.Equal(pidNamespace == "yes", answer["pid"] == "1");
    }

    [Theory]
    [MemberData(nameof(Runtimes))]
    public async Task A_later_start_by_the_socket_works_like_the_first(string runtime)
    {
        await using Container probe = await Container.InstallSocketAsync(_host, "probe-socket", "--runtime", runtime);
        await probe.AskAsync();

        await _host.MustAsync("systemctl", "stop", probe.Service);
        Dictionary<string, string> answer = await probe.AskAsync();

        Assert.Equal("1", answer["LISTEN_FDS"]);
    }

    [Theory]
    [MemberData(nameof(Runtimes))]
    public async Task Accept_yes_starts_a_payload_for_each_connection(string runtime)
    {
        await using Container probe = await Container.InstallSocketAsync(_host, "probe-accept", "--runtime", runtime);

        Dictionary<string, string>[] answers = await Task.WhenAll(probe.AskAsync(), probe.AskAsync(), probe.AskAsync());

        Assert.All(answers, a => Assert.Equal("1", a["LISTEN_FDS"]));
        await probe.WaitForAsync(
            $"test -z \"$(systemctl list-units --no-legend --plain --state=active,activating '{probe.Name}@*.service')\"",
            "the end of all instances"
        );
        Assert.Equal(
            "",
            await _host.ShellAsync($"systemctl list-units --no-legend --plain --state=failed '{probe.Name}@*.service'")
        );
    }

    [Theory]
    [MemberData(nameof(Runtimes))]
    public async Task Start_waits_for_readiness(string runtime)
    {
        await using Container probe = await Container.InstallAsync(
            _host,
            "probe-notify",
            "--now",
            "--runtime",
            runtime,
            "--set",
            "READY_AFTER=1.5"
        );

        long began = await _host.UnitNumberAsync(probe.Service, "InactiveExitTimestampMonotonic");
        long active = await _host.UnitNumberAsync(probe.Service, "ActiveEnterTimestampMonotonic");
        Assert.True(active - began >= 1_500_000, $"active after {active - began} µs: before the payload said so");
        Assert.Equal("probing", await probe.PropertyAsync("StatusText"));
    }

    [Theory]
    [MemberData(nameof(Runtimes))]
    public async Task The_payload_is_the_main_process_of_a_notifying_unit_and_restarted_when_killed(string runtime)
    {
        await using Container probe = await Container.InstallAsync(
            _host,
            "probe-notify",
            "--now",
            "--runtime",
            runtime
        );
        long first = await probe.MainProcessAsync();
        string command = await _host.ShellAsync($"tr '\\0' ' ' < /proc/{first}/cmdline");

        await _host.ShellAsync($"kill -KILL {first}");

        Assert.Contains("/usr/bin/probe", command, StringComparison.Ordinal);
        await probe.WaitForAsync(
            $"test \"$(systemctl show --value -p NRestarts {probe.Service})\" = 1 && systemctl is-active --quiet {probe.Service}",
            "one restart"
        );
    }

    [Theory]
    [MemberData(nameof(Runtimes))]
    public async Task A_payload_without_signs_of_life_is_restarted_and_one_with_them_is_not(string runtime)
    {
        await using Container probe = await Container.InstallAsync(
            _host,
            "probe-notify",
            "--now",
            "--runtime",
            runtime,
            "--set",
            "WATCHDOG=4s"
        );
        long before = await _host.UnitNumberAsync(probe.Service, "WatchdogTimestampMonotonic");
        await probe.WaitForAsync(
            $"test \"$(systemctl show --value -p WatchdogTimestampMonotonic {probe.Service})\" -gt {before}",
            "a sign of life"
        );
        Assert.Equal("0", await probe.PropertyAsync("NRestarts"));

        await _host.ShellAsync($"touch /var/lib/{probe.Name}/hang");

        await probe.WaitForAsync(
            $"test \"$(systemctl show --value -p NRestarts {probe.Service})\" -ge 1",
            "a restart by the watchdog"
        );
        Assert.Contains("Watchdog timeout", await probe.JournalAsync(), StringComparison.Ordinal);

        // One that hangs takes no signal to stop either, and the unit's 90 seconds for it.
        await _host.ShellAsync($"rm /var/lib/{probe.Name}/hang; systemctl kill --signal=KILL {probe.Service}");
    }
}
