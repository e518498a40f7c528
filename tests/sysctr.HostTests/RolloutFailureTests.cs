// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>
/// etcd goes away, hangs or forgets while hosts update: a host that has begun finishes, no more than N begin, and what
/// stays behind is said with the command that ends it.
/// </summary>
[Collection(FleetOfHosts.Name)]
public sealed class RolloutFailureTests(Fleet fleet) : IAsyncLifetime
{
    private readonly Fleet _fleet = fleet;
    private readonly NspawnHost _host = fleet.Hosts[0];
    private readonly NspawnHost _other = fleet.Hosts[1];
    private readonly List<EtcdServer> _members = [];

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (NspawnHost host in _fleet.Hosts)
        {
            await Fleet.SlowAsync(host, "0.3");
            await Fleet.OpenAsync(host);
        }

        foreach (EtcdServer member in _members)
        {
            await member.DisposeAsync();
        }
    }

    [Fact]
    public async Task An_update_that_has_begun_finishes_without_etcd_and_says_how_to_release_its_slot()
    {
        EtcdServer etcd = await StartAsync(2389);
        const int lease = 8;
        string one = Lock("gone", slots: 1, ttl: lease);
        Task<CommandResult[]> update = await BeginAsync("gone", one, etcd);
        await etcd.KillAsync();
        Stopwatch time = Stopwatch.StartNew();
        await Fleet.OpenAsync(_host);

        CommandResult updated = (await update)[0].MustSucceed();

        // It asks for as long as a lease lasts, and nothing refuses slowly.
        Assert.InRange(time.Elapsed.TotalSeconds, lease, lease + 60);
        Assert.Equal("version 2", await Fleet.VersionAsync(_host));
        Assert.Contains("stays taken", updated.Error, StringComparison.Ordinal);
        await etcd.RestartAsync();
        await _fleet.UntilNobodyAsync("gone", etcd);
        CommandResult held = (await Fleet.UpdateAsync([_other], one))[0];
        Assert.Equal(15, held.ExitCode);
        Assert.Contains("was cut off in the middle of its update", held.Error, StringComparison.Ordinal);

        // What both say to do is right as it stands, from any host.
        string name = (await _host.ShellAsync("hostname")).Trim();
        string release = $"sysctr rollout release {name} --lock etcd:{etcd.Endpoint}/gone";
        Assert.Contains(release, updated.Error, StringComparison.Ordinal);
        Assert.Contains(release, held.Error, StringComparison.Ordinal);
        await _other.ShellAsync(release);
        (await Fleet.UpdateAsync([_other], one))[0].MustSucceed();
        Assert.Equal("", await _fleet.KeysAsync("gone", etcd));
    }

    [Fact]
    public async Task A_slot_that_stayed_behind_goes_with_the_next_update_of_its_host()
    {
        EtcdServer etcd = await StartAsync(2389);
        string one = Lock("behind", slots: 1, ttl: 5);
        Task<CommandResult[]> update = await BeginAsync("behind", one, etcd);
        await etcd.KillAsync();
        await Fleet.OpenAsync(_host);
        (await update)[0].MustSucceed();
        await etcd.RestartAsync();
        Assert.Contains("switching", await _fleet.KeysAsync("behind", etcd), StringComparison.Ordinal);

        // Though there is nothing to update.
        CommandResult next = (await Fleet.UpdateAsync([_host], one))[0].MustSucceed();

        Assert.Contains("up to date", next.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("hosts", await _fleet.KeysAsync("behind", etcd), StringComparison.Ordinal);
        (await Fleet.UpdateAsync([_other], one))[0].MustSucceed();
    }

    [Fact]
    public async Task An_etcd_that_hangs_and_goes_on_in_time_leaves_nothing_behind()
    {
        EtcdServer etcd = await StartAsync(2389);
        string one = Lock("hang", slots: 1, ttl: 60);
        Task<CommandResult[]> update = await BeginAsync("hang", one, etcd);
        await etcd.PauseAsync();
        await Fleet.OpenAsync(_host);
        await _host.EventuallyAsync(
            $"{Fleet.Agent}ctl | grep -q 'version 2' && systemctl is-active --quiet {Fleet.Agent}",
            TimeSpan.FromMinutes(3)
        );
        await Task.Delay(TimeSpan.FromSeconds(6));
        Assert.False(update.IsCompleted);

        await etcd.ContinueAsync();

        CommandResult updated = (await update)[0].MustSucceed();
        Assert.DoesNotContain("stays taken", updated.Error, StringComparison.Ordinal);
        Assert.Equal("", await _fleet.KeysAsync("hang", etcd));
    }

    [Fact]
    public async Task An_etcd_that_hangs_for_good_keeps_nobody_for_long()
    {
        const int lease = 8;
        EtcdServer etcd = await StartAsync(2389);
        string one = Lock("forever", slots: 1, ttl: lease);
        Task<CommandResult[]> update = await BeginAsync("forever", one, etcd);
        Task<CommandResult[]> waiting = Fleet.UpdateAsync([_other], one);
        await _fleet.UntilAsync("forever", "waiting", etcd);
        await etcd.PauseAsync();
        Stopwatch time = Stopwatch.StartNew();
        await Fleet.OpenAsync(_host);

        CommandResult waited = (await waiting)[0];

        // A watch of half a lease, two requests of five seconds round the rest of it, and one to take the lease back.
        Assert.InRange(time.Elapsed.TotalSeconds, lease, lease + 60);
        Assert.Equal(4, waited.ExitCode);
        Assert.Equal("version 1", await Fleet.VersionAsync(_other));
        await _host.EventuallyAsync(
            $"{Fleet.Agent}ctl | grep -q 2 && systemctl is-active --quiet {Fleet.Agent}",
            TimeSpan.FromMinutes(3)
        );
        time.Restart();
        CommandResult updated = (await update)[0].MustSucceed();
        Assert.InRange(time.Elapsed.TotalSeconds, 0, lease + 60);
        Assert.Contains("stays taken", updated.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("legacy-agent-v2", 0)]
    [InlineData("broken-start", 11)]
    public async Task A_lease_that_is_revoked_in_the_middle_lets_nobody_else_begin(string image, int exitCode)
    {
        EtcdServer etcd = await StartAsync(2389);
        string one = Lock("revoked", slots: 1, ttl: 60);
        Task<CommandResult[]> update = await BeginAsync(
            "revoked",
            one,
            etcd,
            image,
            exitCode == 0 ? [] : Fleet.LongSettle
        );
        foreach (
            string lease in (await etcd.ControlAsync("lease", "list"))
                .MustSucceed()
                .Output.Split('\n')
                .Skip(1)
                .Where(l => l.Length > 0)
        )
        {
            (await etcd.ControlAsync("lease", "revoke", lease)).MustSucceed();
        }

        CommandResult during = (await Fleet.UpdateAsync([_other], one))[0];
        bool stillUpdating = !update.IsCompleted;
        await Fleet.OpenAsync(_host);
        CommandResult updated = (await update)[0];
        string keys = await _fleet.KeysAsync("revoked", etcd);

        Assert.True(stillUpdating);
        Assert.Equal(15, during.ExitCode);
        Assert.Equal(exitCode, updated.ExitCode);
        if (exitCode == 0)
        {
            Assert.Equal("", keys);
        }
        else
        {
            Assert.Contains("\"failed\"", keys, StringComparison.Ordinal);
            CommandResult after = (await Fleet.UpdateAsync([_other], one))[0];
            Assert.Equal(15, after.ExitCode);
            Assert.Contains("the roll-out is held: the update of", after.Error, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_roll_out_goes_on_with_the_members_that_are_left(bool newest)
    {
        int[] ports = [2391, 2393, 2395];
        _members.AddRange(
            await EtcdServer.StartClusterAsync(
                _fleet.Scratch,
                _fleet.Hub.Namespace,
                HubNetwork.Address,
                ports,
                release: newest ? await EtcdRelease.NewestAsync() : null
            )
        );
        EtcdServer leader = await LeaderAsync();
        EtcdServer[] others = [.. _members.Where(m => m != leader)];
        NspawnHost[] hosts = [.. _fleet.Hosts.Take(3)];

        // The leader is the one that every host asks first.
        string one = $"etcd:{leader.Endpoint},{others[0].Endpoint},{others[1].Endpoint}/three?ttl=20";
        await _fleet.SettleAsync("legacy-agent", hosts);
        await _fleet.PublishAsync("legacy-agent-v2");
        await Task.WhenAll(hosts.Select(h => Fleet.SlowAsync(h, "1")));
        Task<CommandResult[]> updates = Fleet.UpdateAsync(hosts, one);
        await _fleet.UntilAsync("three", "switching", others[0]);

        await leader.KillAsync();

        Assert.All(await updates, r => r.MustSucceed());
        Assert.Equal(
            1,
            (await _fleet.HistoryAsync("three", others[0])).Max(states => states.Count(s => s != "waiting"))
        );
        Assert.Equal("", await _fleet.KeysAsync("three", others[0]));

        // One of three decides nothing; nothing changes until there is a majority again.
        await others[0].KillAsync();
        await _fleet.SettleAsync("legacy-agent", _host);
        await _fleet.PublishAsync("legacy-agent-v2");
        Assert.Equal(4, (await Fleet.UpdateAsync([_host], one))[0].ExitCode);
        Assert.Equal("version 1", await Fleet.VersionAsync(_host));
        await leader.RestartAsync();
        (await Fleet.UpdateAsync([_host], one))[0].MustSucceed();
        Assert.Equal("version 2", await Fleet.VersionAsync(_host));
    }

    [Fact]
    public async Task Auto_update_takes_one_turn_for_all_containers_of_a_host_and_a_failed_one_holds()
    {
        const string second = "second";
        await _fleet.SettleAsync("legacy-agent", _host, _other);
        string one = _fleet.Lock("night", slots: 1);
        await using IAsyncDisposable configured = await Fleet.ConfigureAsync(_host, one);
        await _host.ShellAsync(
            $"""
            sysctr --quiet install --now --auto-update registry --set ADDRESS=here --name {second} $(sysctr info {Fleet.Agent} --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["image"])')
            sysctr --quiet update {Fleet.Agent} --auto-update registry --lock none
            """
        );
        try
        {
            await _fleet.PublishAsync("legacy-agent-v2");
            await _host.ShellAsync($"echo 'if {Fleet.Agent}ctl | grep -q 2; then exit 9; fi' > /etc/slow");

            CommandResult night = await _host.SysctrAsync("auto-update");

            Assert.Equal(11, night.ExitCode);
            Assert.Equal(
                ("version 1", "version 2\n"),
                (await Fleet.VersionAsync(_host), await _host.ShellAsync($"{second}ctl"))
            );
            Assert.Equal(["preparing", "switching", "failed"], await TurnsAsync());
            Assert.Equal(15, (await Fleet.UpdateAsync([_other], one))[0].ExitCode);

            // An image that failed is not tried again by night, but by whoever has mended what it failed of.
            await Fleet.SlowAsync(_host, "0.3");
            (await _host.SysctrAsync("update", Fleet.Agent)).MustSucceed();
            Assert.Equal("version 2", await Fleet.VersionAsync(_host));
            Assert.Equal("", await _fleet.KeysAsync("night"));

            // One that was cut off behind its commit is up to date, and holds the others until the night.
            string id = (
                await _host.ShellAsync("systemd-id128 machine-id --app-specific=d3b25a1c6f0e4c0f9a7f4f6d0c5b7e21")
            ).Trim();
            (
                await _fleet.Etcd.ControlAsync(
                    "put",
                    $"night/hosts/{id}",
                    """{"host":"cut","state":"switching","since":"2026-01-01T00:00:00Z"}"""
                )
            ).MustSucceed();
            Assert.Equal(15, (await Fleet.UpdateAsync([_other], one))[0].ExitCode);
            (await _host.SysctrAsync("auto-update")).MustSucceed();
            (await Fleet.UpdateAsync([_other], one))[0].MustSucceed();
        }
        finally
        {
            await Fleet.SlowAsync(_host, "0.3");
            await _host.ShellAsync(
                $"sysctr --quiet uninstall --purge {second}; sysctr --quiet update {Fleet.Agent} --auto-update disabled --pull never --lock none"
            );
        }

        async Task<string[]> TurnsAsync() =>
            [.. (await _fleet.HistoryAsync("night")).Select(states => states[0]).Where(s => s != "waiting")];
    }

    private async Task<EtcdServer> StartAsync(int port)
    {
        EtcdServer etcd = await EtcdServer.StartAsync(_fleet.Scratch, _fleet.Hub.Namespace, HubNetwork.Address, port);
        _members.Add(etcd);
        return etcd;
    }

    private string Lock(string key, int slots, int ttl) => $"etcd:{_members[0].Endpoint}/{key}?slots={slots}&ttl={ttl}";

    /// <summary>Starts an update whose start takes until <see cref="Fleet.OpenAsync"/>, and returns when it has begun
    /// to change the host.</summary>
    private async Task<Task<CommandResult[]>> BeginAsync(
        string key,
        string @lock,
        EtcdServer etcd,
        string image = "legacy-agent-v2",
        params string[] options
    )
    {
        await _fleet.SettleAsync("legacy-agent", _host, _other);
        await _fleet.PublishAsync(image);
        await Fleet.CloseAsync(_host);
        Task<CommandResult[]> update = Fleet.UpdateAsync([_host], @lock, options);
        await _fleet.UntilAsync(key, "switching", etcd);
        return update;
    }

    private async Task<EtcdServer> LeaderAsync()
    {
        foreach (EtcdServer member in _members)
        {
            string status = (await member.ControlAsync("endpoint", "status", "--write-out=fields"))
                .MustSucceed()
                .Output;
            if (Field("MemberID") == Field("Leader"))
            {
                return member;
            }

            string Field(string name) =>
                status.Split('\n').Single(l => l.StartsWith($"\"{name}\"", StringComparison.Ordinal)).Split(" : ")[1];
        }

        throw new InvalidOperationException("no member leads");
    }
}
