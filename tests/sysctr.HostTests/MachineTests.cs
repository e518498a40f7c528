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
}
