// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>update --lock on eight hosts with a real etcd: no more than N at once, a failure holds the others, a crash
/// loses nothing.</summary>
[Collection(FleetOfHosts.Name)]
public sealed class RolloutTests(Fleet fleet)
{
    private readonly Fleet _fleet = fleet;

    [Fact]
    public async Task Eight_hosts_update_two_at_a_time()
    {
        await _fleet.SettleAsync("legacy-agent", _fleet.Hosts);
        await _fleet.PublishAsync("legacy-agent-v2");
        DateTime start = DateTime.UtcNow;

        CommandResult[] results = await Fleet.UpdateAsync(_fleet.Hosts, _fleet.Lock("two", slots: 2));

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{Fleet.Size} hosts, 2 slots: {(DateTime.UtcNow - start).TotalSeconds:0.0} s"
        );
        Assert.All(results, r => r.MustSucceed());
        foreach (NspawnHost host in _fleet.Hosts)
        {
            Assert.Equal("version 2", await Fleet.VersionAsync(host));
            Assert.Equal("active", await host.UnitPropertyAsync(Fleet.Agent + ".service", "ActiveState"));
        }

        int[] atOnce = [.. (await _fleet.HistoryAsync("two")).Select(states => states.Count(s => s != "waiting"))];
        Assert.Equal(2, atOnce.Max());
        Assert.Equal(0, atOnce[^1]);
        Assert.Equal("", await _fleet.KeysAsync("two"));
        Assert.InRange(await MostDownAtOnceAsync(), 1, 2);
    }

    [Fact]
    public async Task A_failed_update_holds_the_others_until_it_is_released()
    {
        await _fleet.SettleAsync("legacy-agent", _fleet.Hosts);
        await _fleet.PublishAsync("broken-start");
        string one = _fleet.Lock("held", slots: 1);

        CommandResult[] results = await Fleet.UpdateAsync(_fleet.Hosts, one, Fleet.LongSettle);

        int bad = Array.FindIndex(results, r => r.ExitCode == 11);
        Assert.All(results.Where((_, i) => i != bad), r => Assert.Equal(15, r.ExitCode));
        Assert.All(
            results.Where((_, i) => i != bad),
            r => Assert.Contains("the roll-out is held: the update of", r.Error, StringComparison.Ordinal)
        );
        foreach (NspawnHost host in _fleet.Hosts)
        {
            Assert.Equal("version 1", await Fleet.VersionAsync(host));
            Assert.Equal("active", await host.UnitPropertyAsync(Fleet.Agent + ".service", "ActiveState"));
        }

        // A better image alone does not let it go on.
        await _fleet.PublishAsync("legacy-agent-v2");
        NspawnHost other = _fleet.Hosts[bad == 0 ? 1 : 0];
        Assert.Equal(15, (await Fleet.UpdateAsync([other], one))[0].ExitCode);
        string name = (await _fleet.Hosts[bad].ShellAsync("hostname")).Trim();
        string status = (await other.SysctrAsync("rollout", "status", "--lock", one)).MustSucceed().Output;
        Assert.Contains($"{name}  failed", status, StringComparison.Ordinal);
        Assert.Equal(3, (await other.SysctrAsync("rollout", "release", "nobody", "--lock", one)).ExitCode);

        (await other.SysctrAsync("rollout", "release", name, "--lock", one)).MustSucceed();

        Assert.All(await Fleet.UpdateAsync(_fleet.Hosts, one), r => r.MustSucceed());
        Assert.Equal("", await _fleet.KeysAsync("held"));
        Assert.Equal(1, (await _fleet.HistoryAsync("held")).Max(states => states.Count(s => s is not "waiting")));
    }

    [Fact]
    public async Task The_host_that_failed_may_try_again_and_so_lets_the_others_go_on()
    {
        string two = _fleet.Lock("again", slots: 2);
        NspawnHost failing = _fleet.Hosts[0];
        await _fleet.FailAsync(failing, two, _fleet.Hosts[1]);
        Assert.Equal(15, (await Fleet.UpdateAsync([_fleet.Hosts[1]], two))[0].ExitCode);

        (await Fleet.UpdateAsync([failing], two))[0].MustSucceed();
        (await Fleet.UpdateAsync([_fleet.Hosts[1]], two))[0].MustSucceed();

        Assert.Equal("", await _fleet.KeysAsync("again"));
    }

    [Fact]
    public async Task A_host_that_dies_while_it_changes_holds_the_others_and_goes_on_in_its_slot()
    {
        await _fleet.SettleAsync("legacy-agent", _fleet.Hosts[0], _fleet.Hosts[1]);
        await _fleet.PublishAsync("legacy-agent-v2");
        string two = _fleet.Lock("cut", slots: 2, ttl: 10);
        NspawnHost dying = _fleet.Hosts[0];
        await Fleet.SlowAsync(dying, "60");
        await StartUpdateAsync(dying, two);
        await _fleet.UntilAsync("cut", "switching");

        await KillUpdateAsync(dying);
        await _fleet.UntilNobodyAsync("cut");

        CommandResult other = (await Fleet.UpdateAsync([_fleet.Hosts[1]], two))[0];
        Assert.Equal(15, other.ExitCode);
        Assert.Contains("was cut off in the middle of its update", other.Error, StringComparison.Ordinal);
        Assert.Contains(
            "cut off",
            (await dying.SysctrAsync("rollout", "status", "--lock", two)).Output,
            StringComparison.Ordinal
        );

        await Fleet.SlowAsync(dying, "0.3");
        CommandResult again = (await Fleet.UpdateAsync([dying], two))[0].MustSucceed();
        Assert.Contains("going on with the slot that this host has had", again.Error, StringComparison.Ordinal);
        Assert.Equal("version 2", await Fleet.VersionAsync(dying));
        (await Fleet.UpdateAsync([_fleet.Hosts[1]], two))[0].MustSucceed();
        Assert.Equal("", await _fleet.KeysAsync("cut"));
    }

    [Fact]
    public async Task A_host_that_dies_before_it_changes_is_forgotten_when_its_lease_ends()
    {
        await _fleet.SettleAsync("legacy-agent", _fleet.Hosts[0], _fleet.Hosts[1]);
        await _fleet.PublishAsync("legacy-agent-v2");
        string one = _fleet.Lock("dead", slots: 1, ttl: 10);
        NspawnHost dying = _fleet.Hosts[0];
        NspawnHost next = _fleet.Hosts[1];
        await using IAsyncDisposable blocked = await PrepareBlockedAsync(dying, "dead", one);
        await KillUpdateAsync(dying);

        CommandResult update = (await Fleet.UpdateAsync([next], one))[0].MustSucceed();

        Assert.Contains("waiting for a slot", update.Error, StringComparison.Ordinal);
        Assert.Equal("version 1", await Fleet.VersionAsync(dying));
        Assert.Equal("version 2", await Fleet.VersionAsync(next));
        Assert.Equal("", await _fleet.KeysAsync("dead"));
    }

    [Fact]
    public async Task A_host_that_is_back_before_its_lease_ends_goes_on_in_its_slot()
    {
        await _fleet.SettleAsync("legacy-agent", _fleet.Hosts[0]);
        await _fleet.PublishAsync("legacy-agent-v2");
        string one = _fleet.Lock("back", slots: 1);
        NspawnHost host = _fleet.Hosts[0];
        await using (await PrepareBlockedAsync(host, "back", one))
        {
            await KillUpdateAsync(host);
        }

        CommandResult update = (await Fleet.UpdateAsync([host], one))[0].MustSucceed();

        Assert.Contains("going on with the slot that this host has had", update.Error, StringComparison.Ordinal);
        Assert.Equal("", await _fleet.KeysAsync("back"));
    }

    [Fact]
    public async Task A_slot_that_is_lost_before_the_change_stops_it()
    {
        await _fleet.SettleAsync("legacy-agent", _fleet.Hosts[0]);
        await _fleet.PublishAsync("legacy-agent-v2");
        string one = _fleet.Lock("lost", slots: 1);
        NspawnHost host = _fleet.Hosts[0];
        await using (await PrepareBlockedAsync(host, "lost", one))
        {
            foreach (
                string lease in (await _fleet.Etcd.ControlAsync("lease", "list"))
                    .MustSucceed()
                    .Output.Split('\n')
                    .Skip(1)
                    .Where(l => l.Length > 0)
            )
            {
                (await _fleet.Etcd.ControlAsync("lease", "revoke", lease)).MustSucceed();
            }
        }

        await host.EventuallyAsync("! systemctl is-active --quiet rolling", TimeSpan.FromMinutes(3));
        Assert.Equal("15", await host.UnitPropertyAsync("rolling", "ExecMainStatus"));
        Assert.Contains(
            "it was lost before the update began; nothing was changed",
            await host.ShellAsync("journalctl --sync; journalctl --unit=rolling --output=cat --no-pager"),
            StringComparison.Ordinal
        );
        Assert.Equal("version 1", await Fleet.VersionAsync(host));
        Assert.Equal("", await _fleet.KeysAsync("lost"));
        await host.ShellAsync("systemctl reset-failed rolling");
    }

    [Fact]
    public async Task An_interrupt_or_the_end_of_patience_gives_the_place_in_the_queue_up()
    {
        await _fleet.SettleAsync("legacy-agent", _fleet.Hosts[0]);
        await _fleet.PublishAsync("legacy-agent-v2");
        string one = _fleet.Lock("interrupt", slots: 1);
        NspawnHost host = _fleet.Hosts[0];
        await TakeAsOtherAsync("interrupt");
        CommandResult limited = await host.SysctrAsync("update", Fleet.Agent, "--lock", one, "--lock-timeout", "1");
        Assert.Equal(15, limited.ExitCode);
        Assert.Contains("others had them for too long: other", limited.Error, StringComparison.Ordinal);
        await StartUpdateAsync(host, one);
        await _fleet.UntilAsync("interrupt", "waiting");

        await host.ShellAsync("systemctl kill --signal=INT rolling");
        await host.EventuallyAsync("! systemctl is-active --quiet rolling", TimeSpan.FromMinutes(3));

        Assert.Equal("130", await host.UnitPropertyAsync("rolling", "ExecMainStatus"));
        Assert.DoesNotContain("waiting", await _fleet.KeysAsync("interrupt"), StringComparison.Ordinal);
        await host.ShellAsync("systemctl reset-failed rolling");
    }

    [Fact]
    public async Task Without_etcd_nothing_changes_and_without_an_update_it_is_not_needed()
    {
        await _fleet.SettleAsync("legacy-agent", _fleet.Hosts[0]);
        NspawnHost host = _fleet.Hosts[0];
        string nobody = $"etcd:{HubNetwork.Address}:1/nobody";
        CommandResult idle = (await Fleet.UpdateAsync([host], nobody))[0].MustSucceed();
        Assert.Contains("up to date", idle.Error, StringComparison.Ordinal);

        await _fleet.PublishAsync("legacy-agent-v2");
        CommandResult update = (await Fleet.UpdateAsync([host], nobody))[0];
        Assert.Equal(4, update.ExitCode);
        Assert.Equal("version 1", await Fleet.VersionAsync(host));

        // The next member is asked, and sysctr.toml says it for calls that don't.
        await using (await Fleet.ConfigureAsync(host, $"etcd:{HubNetwork.Address}:1,{_fleet.Etcd.Endpoint}/toml"))
        {
            (await host.SysctrAsync("update", Fleet.Agent)).MustSucceed();
        }

        Assert.Equal("version 2", await Fleet.VersionAsync(host));
        Assert.Contains((await _fleet.HistoryAsync("toml")), states => states is ["switching"]);
    }

    [Fact]
    public async Task Others_see_a_hash_of_the_machine_id()
    {
        NspawnHost host = _fleet.Hosts[0];
        string @lock = _fleet.Lock("id", slots: 1);
        await _fleet.FailAsync(host, @lock, _fleet.Hosts[1]);

        string id = (
            await host.ShellAsync("systemd-id128 machine-id --app-specific=d3b25a1c6f0e4c0f9a7f4f6d0c5b7e21")
        ).Trim();
        Assert.Contains($"id/hosts/{id}", await _fleet.KeysAsync("id"), StringComparison.Ordinal);

        // What README.md says for those who have no sysctr at hand.
        (await _fleet.Etcd.ControlAsync("del", $"id/hosts/{id}")).MustSucceed();
        (await Fleet.UpdateAsync([_fleet.Hosts[1]], @lock))[0].MustSucceed();
    }

    /// <summary>Starts an update as the unit <c>rolling</c> of a host.</summary>
    private static async Task StartUpdateAsync(NspawnHost host, string @lock) =>
        await host.ShellAsync(
            $"systemctl reset-failed rolling 2>/dev/null || true; systemd-run --quiet --unit=rolling sysctr update {Fleet.Agent} --lock '{@lock}'"
        );

    private static async Task KillUpdateAsync(NspawnHost host) =>
        await host.ShellAsync(
            "systemctl kill --signal=KILL rolling; while systemctl is-active --quiet rolling; do sleep 0.05; done; systemctl reset-failed rolling"
        );

    /// <summary>
    /// Brings an update as far as it has its slot and has not begun to change, and keeps it there by the container's
    /// lock until what this gives is disposed of.
    /// </summary>
    private async Task<IAsyncDisposable> PrepareBlockedAsync(NspawnHost host, string key, string @lock)
    {
        await TakeAsOtherAsync(key);
        await StartUpdateAsync(host, @lock);
        await _fleet.UntilAsync(key, "waiting");
        await host.ShellAsync(
            $"systemd-run --quiet --unit=block flock /var/lib/sysctr/locks/{Fleet.Agent}.lock sleep infinity"
        );
        await host.EventuallyAsync(
            $"! flock --nonblock /var/lib/sysctr/locks/{Fleet.Agent}.lock true",
            TimeSpan.FromMinutes(3)
        );
        (await _fleet.Etcd.ControlAsync("del", $"{key}/hosts/other")).MustSucceed();
        await _fleet.UntilAsync(key, "preparing");
        return new Block(host);
    }

    /// <summary>Has somebody else hold a slot.</summary>
    private async Task TakeAsOtherAsync(string key) =>
        (
            await _fleet.Etcd.ControlAsync(
                "put",
                $"{key}/hosts/other",
                """{"host":"other","state":"preparing","since":"2026-01-01T00:00:00Z"}"""
            )
        ).MustSucceed();

    /// <summary>On how many hosts the agent was down at the same time in its last restart: all hosts have the build
    /// machine's monotonic clock.</summary>
    private async Task<int> MostDownAtOnceAsync()
    {
        List<(long At, int Step)> steps = [];
        foreach (NspawnHost host in _fleet.Hosts)
        {
            steps.Add((await host.UnitNumberAsync(Fleet.Agent, "InactiveEnterTimestampMonotonic"), 1));
            steps.Add((await host.UnitNumberAsync(Fleet.Agent, "ActiveEnterTimestampMonotonic"), -1));
        }

        int now = 0;
        return steps.OrderBy(s => s.At).ThenBy(s => s.Step).Max(s => now += s.Step);
    }

    private sealed class Block(NspawnHost host) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await host.ShellAsync("systemctl stop block");
    }
}
