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
    public async Task A_memory_limit_of_a_drop_in_holds(string runtime)
    {
        await using Container probe = await Container.InstallAsync(_host, "probe", "--runtime", runtime);
        string folder = $"/etc/systemd/system/{probe.Service}.d";
        await _host.ShellAsync(
            $"""
             mkdir -p {folder}
             printf '[Service]\nMemoryMax=64M\nMemorySwapMax=0\nRestart=no\n' > {folder}/50-limit.conf
             systemctl daemon-reload
             systemctl start {probe.Service}
             """);
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

    [Theory]
    [MemberData(nameof(Runtimes))]
    public async Task Status_and_stop_work_with_controllers_enabled(string runtime)
    {
        await using Container probe = await Container.InstallAsync(_host, "probe", "--now", "--runtime", runtime);
        await probe.ReportAsync();

        string status = await _host.ShellAsync($"systemctl status --no-pager {probe.Service}");
        await _host.ShellAsync($"find /var/lib/{probe.Name} -name report -delete");
        await _host.MustAsync("systemctl", "restart", probe.Service);

        // A first process without a handler yet would not hear the signal to stop.
        await probe.ReportAsync();
        await _host.MustAsync("systemctl", "stop", probe.Service);

        Assert.Contains("/usr/bin/probe", status, StringComparison.Ordinal);
        Assert.Equal("success", await probe.PropertyAsync("Result"));
    }

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
        await using Container tried = await Container.InstallAsync(_host, "legacy-agent", settings);
        await using Container agent = await Container.InstallAsync(_host, "legacy-agent", settings);
        await _host.MustAsync("env", "SYSCTR_FAULT=trace:/root/trace", "sysctr", "update", tried.Name, "--set", "VALUE=second");
        string step = (await _host.ShellAsync("grep -m 1 ' Reload$' /root/trace | cut -d ' ' -f 1")).Trim();
        string unit = await _host.ShellAsync($"sync; cat /etc/systemd/system/{agent.Service}");

        CommandResult cut = await _host.RunAsync("env", $"SYSCTR_FAULT=kill:{step}", "sysctr", "update", agent.Name, "--set", "VALUE=second");
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
            await _host.UnitNumberAsync(agent.Service, "InactiveExitTimestampMonotonic"));
        Assert.Equal("", await _host.ShellAsync("ls -A /var/lib/sysctr/transactions"));
        (await _host.SysctrAsync("fsck")).MustSucceed();
    }
}
