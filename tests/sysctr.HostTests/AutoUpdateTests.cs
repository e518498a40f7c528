// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>Updates that nobody asks for: the timer's own service on a booted host, and a registry whose tags
/// move.</summary>
[Collection(InstallingHost.Name)]
public sealed class AutoUpdateTests(NspawnFixture fixture)
{
    private const string Configuration = "/etc/containers/registries.conf.d/moving.conf";

    private readonly NspawnHost _host = fixture.Host;

    [Fact]
    public async Task The_timers_service_updates_what_has_the_policy_and_one_failure_stops_no_other()
    {
        await using RegistryServer registry = await _host.StartMovingRegistryAsync();
        await _host.ShellAsync(
            $"mkdir -p {Path.GetDirectoryName(Configuration)}; printf '[[registry]]\\nlocation = \"{TestHost.MovingRegistry}\"\\ninsecure = true\\n' > {Configuration}"
        );
        await PushAsync(registry, "probe", "fragile");
        await PushAsync(registry, "legacy-agent", "agent");
        // In the order of their names, which is the order of the updates: the one that fails comes first.
        await using Container fragile = await InstallAsync("fragile", "--auto-update", "registry");
        await using Container agent = await InstallAsync("agent", "--auto-update", "registry", "--set", "ADDRESS=here");
        await using Container manual = await InstallAsync("agent", "--set", "ADDRESS=here");

        Assert.Equal(("current", "current", "-"), await ResultsAsync("--dry-run"));
        await PushAsync(registry, "broken-start", "fragile");
        await PushAsync(registry, "legacy-agent-v2", "agent");
        Assert.Equal(("pending", "pending", "-"), await ResultsAsync("--dry-run"));
        Assert.Equal(("0", "0", "0"), await CurrentAsync());

        // A service that ends with an exit code is a failed job.
        await using (await _host.SettleAsync(10))
        {
            Assert.Equal(1, (await _host.RunAsync("systemctl", "start", "sysctr-update.service")).ExitCode);
        }

        Assert.Equal("11", await _host.UnitPropertyAsync("sysctr-update.service", "ExecMainStatus"));
        Assert.Equal(("0", "1", "0"), await CurrentAsync());
        Assert.Equal("version 2\n", await _host.ShellAsync($"{agent.Name}ctl"));
        Assert.Equal("version 1\n", await _host.ShellAsync($"{manual.Name}ctl"));
        Assert.Equal(
            "active active",
            $"{await fragile.PropertyAsync("ActiveState")} {await agent.PropertyAsync("ActiveState")}"
        );
        Assert.Matches("timer +update .*rolled back \\(11\\)", await HistoryAsync(fragile));
        Assert.Matches("timer +update .*done", await HistoryAsync(agent));
        Assert.Contains(
            "SYSCTR_OUTCOME=done",
            await _host.ShellAsync(
                $"journalctl --sync; journalctl --no-pager -o export SYSCTR_BY=timer SYSCTR_CONTAINER={agent.Name}"
            ),
            StringComparison.Ordinal
        );

        // The same image is not tried again, and what is well is left alone.
        long process = await fragile.MainProcessAsync();
        await _host.MustAsync("systemctl", "start", "sysctr-update.service");
        Assert.Equal(process, await fragile.MainProcessAsync());
        Assert.Equal(("held", "current", "-"), await ResultsAsync("--dry-run"));
        Assert.DoesNotContain("\n", await ReasonAsync(fragile), StringComparison.Ordinal);

        // Whoever goes back does not want to be brought forward by the next night.
        (await _host.SysctrAsync("rollback", agent.Name)).MustSucceed();
        await PushAsync(registry, "probe", "fragile");
        await _host.MustAsync("systemctl", "start", "sysctr-update.service");
        Assert.Equal(("0", "0", "0"), await CurrentAsync());
        Assert.Equal(("current", "held", "-"), await ResultsAsync("--dry-run"));
        await _host.ShellAsync($"rm {Configuration}");

        async Task<(string, string, string)> CurrentAsync() =>
            (await fragile.DeploymentAsync(), await agent.DeploymentAsync(), await manual.DeploymentAsync());

        async Task<(string, string, string)> ResultsAsync(params string[] options)
        {
            using JsonDocument reports = JsonDocument.Parse(
                (await _host.SysctrAsync(["auto-update", "--json", .. options])).MustSucceed().Output
            );
            Dictionary<string, string> results = reports
                .RootElement.EnumerateArray()
                .ToDictionary(r => r.GetProperty("name").GetString()!, r => r.GetProperty("result").GetString()!);
            return (
                results.GetValueOrDefault(fragile.Name, "-"),
                results.GetValueOrDefault(agent.Name, "-"),
                results.GetValueOrDefault(manual.Name, "-")
            );
        }
    }

    [Fact]
    public async Task The_policy_alone_restarts_nothing_and_stays_with_the_container()
    {
        await using Container probe = await Container.InstallAsync(_host, "probe", "--now");
        long process = await probe.MainProcessAsync();
        Assert.Equal("disabled", await probe.InfoAsync("autoUpdate"));

        CommandResult update = (
            await _host.SysctrAsync("update", probe.Name, "--auto-update", "registry")
        ).MustSucceed();

        Assert.Contains("nothing else was changed", update.Error, StringComparison.Ordinal);
        Assert.Equal(("0", process), (await probe.DeploymentAsync(), await probe.MainProcessAsync()));
        Assert.Equal("registry", await probe.InfoAsync("autoUpdate"));
        (await _host.SysctrAsync("update", probe.Name, "--runtime", "crun")).MustSucceed();
        Assert.Equal(("1", "registry"), (await probe.DeploymentAsync(), await probe.InfoAsync("autoUpdate")));
        (await _host.SysctrAsync("update", probe.Name, "--auto-update", "disabled")).MustSucceed();
        (await _host.SysctrAsync("rollback", probe.Name)).MustSucceed();
        Assert.Equal(("0", "disabled"), (await probe.DeploymentAsync(), await probe.InfoAsync("autoUpdate")));
    }

    [Fact]
    public async Task The_timer_waits_to_be_enabled_and_its_units_are_valid()
    {
        Assert.Equal(
            "disabled",
            (await _host.RunAsync("systemctl", "is-enabled", "sysctr-update.timer")).Output.Trim()
        );
        await _host.ShellAsync(
            "systemd-analyze verify --man=no /usr/lib/systemd/system/sysctr-update.service /usr/lib/systemd/system/sysctr-update.timer"
        );

        await _host.MustAsync("systemctl", "start", "sysctr-update.timer");

        Assert.NotEqual("", await _host.UnitPropertyAsync("sysctr-update.timer", "NextElapseUSecRealtime"));
        await _host.MustAsync("systemctl", "stop", "sysctr-update.timer");
    }

    private static async Task PushAsync(RegistryServer registry, string image, string name) =>
        await registry.PushAsync(
            await ImageBuilder.BuildAsync(new ImageSource(image)),
            ImageBuilder.Tag,
            name + ":latest"
        );

    private Task<Container> InstallAsync(string image, params string[] options) =>
        Container.InstallAsync(_host, $"{TestHost.MovingRegistry}/{image}", ["--now", .. options]);

    private async Task<string> ReasonAsync(Container container)
    {
        using JsonDocument entries = JsonDocument.Parse(
            (await _host.SysctrAsync("history", container.Name, "--last", "1", "--json")).MustSucceed().Output
        );
        return entries.RootElement[0].GetProperty("reason").GetString()!;
    }

    private async Task<string> HistoryAsync(Container container) =>
        (await _host.SysctrAsync("history", container.Name, "--last", "1")).MustSucceed().Output;
}
