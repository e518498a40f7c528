// SPDX-License-Identifier: Apache-2.0

using System.Text;
using Microsoft.Extensions.Time.Testing;
using SystemContainers.Errors;
using SystemContainers.Exports;
using SystemContainers.Linux.Native;
using SystemContainers.Oci;
using SystemContainers.Requests;
using SystemContainers.State;
using SystemContainers.Target;
using SystemContainers.Tests.Fakes;
using SystemContainers.Transactions;
using SystemContainers.Transactions.Health;
using Xunit;

namespace SystemContainers.Tests.Transactions;

/// <summary>
/// What an update asks of systemd, in which order, and how it is rolled back; by a systemd that is a table (see
/// <see cref="Systemd.SystemdContract"/>) and a clock that runs. Files are real, and the caller's, who need not be
/// root.
/// </summary>
public sealed class SwitchTests : IDisposable
{
    private const string Unit = "a.service";

    private static readonly string[] s_forward = ["stop a.service", "reload", "start a.service"];
    private static readonly string[] s_back = ["stop a.service", "reload", "reset-failed a.service", "start a.service"];

    private readonly string _root = Directory.CreateTempSubdirectory("sysctr-switch-").FullName;
    private readonly List<string> _notes = [];
    private readonly FakeTimeProvider _clock = new();
    private readonly FakeSystemd _systemd;
    private readonly Host _host;
    private readonly List<(string Call, DateTimeOffset At)> _calls = [];

    /// <summary>What the first start of each unit is like; the second is the old deployment's.</summary>
    private readonly Dictionary<string, Action<FakeUnit>> _firstStart = new(StringComparer.Ordinal);

    public SwitchTests()
    {
        Directory.CreateDirectory(_root + "/etc/systemd/system");
        Directory.CreateDirectory(_root + "/var/lib");
        _systemd = new FakeSystemd(_clock) { Before = Before };
        _host = new Host(new HostTarget(_root), _systemd, _notes.Add, new HostOptions { Clock = _clock });
    }

    [Fact]
    public async Task One_that_stays_up_is_committed()
    {
        Install("a");

        StartOutcome outcome = await UpdateAsync(CancellationToken.None, "a");

        Assert.Empty(outcome.Healthy);
        Assert.Equal("running", outcome.Words("a"));
        Assert.Equal(s_forward, _systemd.Calls);
        Assert.Equal((1, "active"), (_host.Catalog.Get("a").Deployment, _systemd[Unit].ActiveState));
        Assert.True(_clock.GetUtcNow() - Time("start a.service") >= TimeSpan.FromSeconds(5));
        Assert.Empty(_host.Transactions.Pending());
    }

    [Fact]
    public async Task One_that_does_not_run_is_not_started()
    {
        Install("a");
        _systemd[Unit].ActiveState = "inactive";

        await UpdateAsync(CancellationToken.None, "a");

        Assert.Equal(["reload"], _systemd.Calls);
        Assert.Equal((1, "inactive"), (_host.Catalog.Get("a").Deployment, _systemd[Unit].ActiveState));
    }

    [Theory]
    [InlineData("failed", "(exit-code)")]
    [InlineData("timeout", "(timeout)")]
    [InlineData("dependency", "(dependency)")]
    [InlineData("canceled", "(canceled)")]
    public async Task A_job_that_fails_brings_the_old_one_back(string result, string said)
    {
        Install("a");
        _firstStart[Unit] = unit => unit.StartFails = result;

        SysctrException why = await Assert.ThrowsAsync<SysctrException>(() => UpdateAsync(CancellationToken.None, "a"));

        Assert.Equal(ErrorKind.Unit, why.Kind);
        Assert.Contains(said, why.Message, StringComparison.Ordinal);
        AssertIsBack();
    }

    [Theory]
    [InlineData("exit-code", "(exit-code)")]
    [InlineData("success", "instead of staying up")]
    public async Task One_that_ends_while_it_settles_brings_the_old_one_back_at_once(string how, string said)
    {
        Install("a");
        _firstStart[Unit] = unit => (unit.EndsAfter, unit.EndsWith) = (TimeSpan.FromSeconds(3), how);

        SysctrException why = await Assert.ThrowsAsync<SysctrException>(() => UpdateAsync(CancellationToken.None, "a"));

        Assert.Contains(said, why.Message, StringComparison.Ordinal);
        AssertIsBack();
    }

    [Fact]
    public async Task One_that_its_Restart_hides_brings_the_old_one_back()
    {
        Install("a");
        _firstStart[Unit] = _ => After(2, () => _systemd.Change(Unit, u => u.Restarts = 1));

        SysctrException why = await Assert.ThrowsAsync<SysctrException>(() => UpdateAsync(CancellationToken.None, "a"));

        Assert.Contains("Restart=", why.Message, StringComparison.Ordinal);
        AssertIsBack();
    }

    [Fact]
    [Trait("needs", "programs")]
    public async Task A_health_check_that_never_holds_brings_the_old_one_back_after_its_time()
    {
        Install("a", new HealthCheck { Tcp = "127.0.0.1:1", Timeout = 10 });

        SysctrException why = await Assert.ThrowsAsync<SysctrException>(() => UpdateAsync(CancellationToken.None, "a"));

        Assert.StartsWith(
            "checking the health of a.service: connecting to 127.0.0.1:1",
            why.Message,
            StringComparison.Ordinal
        );
        AssertIsBack();
    }

    [Fact]
    public async Task One_that_crashes_while_its_health_is_checked_does_not_wait_for_the_check()
    {
        Install("a", new HealthCheck { Tcp = "127.0.0.1:1", Timeout = 1_000_000 });
        _firstStart[Unit] = unit => unit.EndsAfter = TimeSpan.FromSeconds(8);

        SysctrException why = await Assert.ThrowsAsync<SysctrException>(() => UpdateAsync(CancellationToken.None, "a"));

        Assert.Contains("(exit-code)", why.Message, StringComparison.Ordinal);
        AssertIsBack();
    }

    [Theory]
    [InlineData("stop a.service", false)]
    [InlineData("reload", false)]
    [InlineData("start a.service", false)]
    [InlineData("start a.service", true)]
    public async Task A_signal_brings_the_old_one_back_whenever_it_comes_and_nothing_cancels_that(string at, bool later)
    {
        Install("a");
        using CancellationTokenSource signal = new();
        _cancelAt = (at, later ? () => After(2, signal.Cancel) : signal.Cancel);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => UpdateAsync(signal.Token, "a"));

        Assert.Equal((0, "active"), (_host.Catalog.Get("a").Deployment, _systemd[Unit].ActiveState));
        Assert.Equal(s_back, _systemd.Calls.TakeLast(4));
        Assert.Empty(_host.Transactions.Pending());
    }

    [Fact]
    public async Task An_old_one_that_does_not_start_any_more_is_told_and_ends_the_transaction()
    {
        Install("a");
        _systemd[Unit].StartFails = "failed";

        await Assert.ThrowsAsync<SysctrException>(() => UpdateAsync(CancellationToken.None, "a"));

        Assert.Contains(
            _notes,
            n => n.StartsWith("warning: what ran before does not start again", StringComparison.Ordinal)
        );
        Assert.Contains("a: deployment 0 is back", _notes);
        Assert.Empty(_host.Transactions.Pending());
        Assert.Equal(0, _host.Catalog.Get("a").Deployment);
    }

    [Fact]
    public async Task Of_a_systemd_that_fails_in_the_roll_back_the_next_call_makes_another_try()
    {
        Install("a");
        _firstStart[Unit] = unit => unit.StartFails = "failed";
        bool fails = true;
        _more = call =>
            _ =
                fails && call.StartsWith("reset-failed", StringComparison.Ordinal)
                    ? throw new SysctrException(ErrorKind.Unit, "asking systemd: no answer")
                    : true;

        SysctrException why = await Assert.ThrowsAsync<SysctrException>(() => UpdateAsync(CancellationToken.None, "a"));
        Assert.Equal("the next call of sysctr goes on rolling it back", why.Hint);
        Assert.Single(_host.Transactions.Pending());

        fails = false;
        await _clock.PassAsync(_host.RecoverAsync(CancellationToken.None));
        Assert.Empty(_host.Transactions.Pending());
        Assert.Equal((0, "active"), (_host.Catalog.Get("a").Deployment, _systemd[Unit].ActiveState));
        Assert.Equal(s_back, _systemd.Calls.TakeLast(4));
    }

    [Fact]
    public async Task Of_two_the_second_fails_and_both_come_back_with_who_was_stopped_with_them()
    {
        Install("a");
        Install("b");
        _systemd["b.service"].After = [Unit];
        _systemd[Unit].RequiredBy = ["other.service"];
        (_systemd["other.service"].IsThere, _systemd["other.service"].ActiveState, _systemd["other.service"].After) = (
            true,
            "active",
            [Unit]
        );
        _firstStart["b.service"] = unit => unit.StartFails = "failed";

        await Assert.ThrowsAsync<SysctrException>(() => UpdateAsync(CancellationToken.None, "a", "b"));

        Assert.Equal(
            [
                "stop b.service a.service",
                "reload",
                "start a.service b.service other.service",
                "stop b.service a.service",
                "reload",
                "reset-failed b.service",
                "reload",
                "reset-failed a.service",
                "start a.service b.service other.service",
            ],
            _systemd.Calls
        );
        Assert.All(
            (string[])[Unit, "b.service", "other.service"],
            u => Assert.Equal("active", _systemd[u].ActiveState)
        );
        Assert.All((string[])["a", "b"], n => Assert.Equal(0, _host.Catalog.Get(n).Deployment));
    }

    public void Dispose()
    {
        _host.Dispose();
        _systemd.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    private (string Call, Action Cancel)? _cancelAt;

    /// <summary>A timer that nobody holds may be collected before its time.</summary>
    private readonly List<ITimer> _timers = [];

    private void After(int seconds, Action act) =>
        _timers.Add(_clock.CreateTimer(_ => act(), null, TimeSpan.FromSeconds(seconds), Timeout.InfiniteTimeSpan));

    private Action<string> _more = _ => { };

    private void AssertIsBack()
    {
        Assert.Equal([.. s_forward, .. s_back], _systemd.Calls);
        Assert.Equal((0, "active"), (_host.Catalog.Get("a").Deployment, _systemd[Unit].ActiveState));
        Assert.Contains(
            "ExecStart=/0",
            File.ReadAllText(_root + "/etc/systemd/system/a.service"),
            StringComparison.Ordinal
        );
        Assert.Contains("a: deployment 0 is back and running", _notes);
        Assert.Empty(_host.Transactions.Pending());
    }

    /// <summary>An apply: one container changes, one comes and one goes, all of them or none.</summary>
    [Fact]
    public async Task One_that_comes_starts_with_the_others_and_one_that_goes_stops_before_and_is_removed_after()
    {
        Install("a");
        Install("gone");
        Place("new");

        await ApplyAsync();

        Assert.Equal(
            [
                "stop gone.service a.service",
                "enable new.service",
                "reload",
                "start a.service new.service",
                "stop gone.service",
                "disable gone.service",
                "reload",
                "reset-failed gone.service",
            ],
            _systemd.Calls
        );
        Assert.Equal(
            (1, 0, false),
            (_host.Catalog.Get("a").Deployment, _host.Catalog.Get("new").Deployment, _host.Catalog.IsInstalled("gone"))
        );
        Assert.False(File.Exists(_root + "/etc/systemd/system/gone.service"));
        Assert.Empty(_host.Transactions.Pending());
        Assert.All(
            (string[])["a", "new", "gone"],
            name =>
                Assert.Equal(
                    ("apply", HistoryOutcome.Done),
                    (_host.History.Read(name, null)[^1].Operation, _host.History.Read(name, null)[^1].Outcome)
                )
        );
    }

    [Theory]
    [InlineData("a")]
    [InlineData("new")]
    public async Task One_that_fails_takes_all_of_an_apply_back(string failing)
    {
        Install("a");
        Install("gone");
        Place("new");
        _firstStart[failing + ".service"] = unit => unit.StartFails = "failed";

        SysctrException why = await Assert.ThrowsAsync<SysctrException>(ApplyAsync);

        Assert.Equal(ErrorKind.Unit, why.Kind);
        Assert.Equal((0, "active"), (_host.Catalog.Get("a").Deployment, _systemd[Unit].ActiveState));
        Assert.Equal((0, "active"), (_host.Catalog.Get("gone").Deployment, _systemd["gone.service"].ActiveState));
        Assert.False(_host.Catalog.IsInstalled("new"));
        Assert.False(File.Exists(_root + "/etc/systemd/system/new.service"));
        Assert.Contains(
            "ExecStart=/0",
            File.ReadAllText(_root + "/etc/systemd/system/gone.service"),
            StringComparison.Ordinal
        );
        Assert.Empty(_host.Transactions.Pending());
        Assert.False(Directory.Exists(_host.Deployment("a", 1).Here));
    }

    /// <summary>Cut before the commit it is rolled back, and after it what goes is removed to the end.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_apply_that_is_cut_off_is_ended(bool committed)
    {
        Install("a");
        Install("gone");
        Place("new");
        string intent = _host.Transactions.Begin(await ApplyRecordAsync());
        if (committed)
        {
            IntentRecords.Commit(intent);
        }

        await _clock.PassAsync(_host.RecoverAsync(CancellationToken.None));

        Assert.Equal(
            (committed ? 1 : 0, committed, !committed),
            (_host.Catalog.Get("a").Deployment, _host.Catalog.IsInstalled("new"), _host.Catalog.IsInstalled("gone"))
        );
        Assert.Empty(_host.Transactions.Pending());
    }

    private async Task<TransactionRecord> ApplyRecordAsync()
    {
        ContainerSwitch containers = new(_host);
        ContainerRecord gone = _host.Catalog.Get("gone");
        ContainerRecord a = _host.Catalog.Get("a");
        return new TransactionRecord(
            TransactionKind.Apply,
            [
                await containers.PlanAsync(a, Place(a with { Deployment = 1 }), CancellationToken.None),
                new ContainerChange(null, Place(_new!)) { Started = ["new.service"] },
                await containers.PlanAsync(gone, gone, CancellationToken.None) with
                {
                    After = null,
                },
            ]
        )
        {
            Origin = HistoryOrigin.Now(),
        };
    }

    private async Task ApplyAsync()
    {
        Task<StartOutcome> apply = new ContainerSwitch(
            _host,
            new StartPolicy { Settle = TimeSpan.FromSeconds(5) }
        ).RunAsync(await ApplyRecordAsync(), CancellationToken.None);
        await _clock.PassAsync(apply);
        await apply;
    }

    private ContainerRecord? _new;

    /// <summary>A container that is to come.</summary>
    private void Place(string name)
    {
        _new = Record(name, null);
        _systemd[name + ".service"].IsThere = true;
    }

    private DateTimeOffset Time(string call) => _calls.First(c => c.Call == call).At;

    private void Before(string call)
    {
        _calls.Add((call, _clock.GetUtcNow()));
        if (_cancelAt is { } cancel && cancel.Call == call)
        {
            _cancelAt = null;
            cancel.Cancel();
        }

        if (call.StartsWith("start ", StringComparison.Ordinal))
        {
            foreach (string unit in call.Split(' ')[1..])
            {
                // The old one's start finds none of it any more.
                if (_firstStart.Remove(unit, out Action<FakeUnit>? first))
                {
                    first(_systemd[unit]);
                    _more += next => _ = next.StartsWith("stop", StringComparison.Ordinal) && Heal(_systemd[unit]);
                }
            }
        }

        _more(call);
    }

    private static bool Heal(FakeUnit unit)
    {
        (unit.StartFails, unit.EndsAfter) = (null, null);
        return true;
    }

    private async Task<StartOutcome> UpdateAsync(CancellationToken cancellation, params string[] names)
    {
        ContainerSwitch containers = new(_host, new StartPolicy { Settle = TimeSpan.FromSeconds(5) });
        List<ContainerChange> changes = [];
        foreach (string name in names)
        {
            ContainerRecord before = _host.Catalog.Get(name);
            changes.Add(await containers.PlanAsync(before, Place(before with { Deployment = 1 }), cancellation));
        }

        Task<StartOutcome> update = containers.RunAsync(
            new TransactionRecord(TransactionKind.Update, changes) { Origin = HistoryOrigin.Now() },
            cancellation
        );
        await _clock.PassAsync(update);
        return await update;
    }

    /// <summary>Installs a container that runs.</summary>
    private void Install(string name, HealthCheck? health = null)
    {
        ContainerRecord record = Place(Record(name, health));
        File.CreateSymbolicLink(_host.Deployment(name, 0).CurrentLink, "0");
        File.WriteAllText(_root + record.Units[0].Path, Text(record));
        (_systemd[name + ".service"].IsThere, _systemd[name + ".service"].ActiveState) = (true, "active");
    }

    private static ContainerRecord Record(string name, HealthCheck? health) =>
        SampleRecord.Of(name) with
        {
            Runtime = "/bin/true",
            Enabled = [name + ".service"],
            Health = health,
        };

    private static string Text(ContainerRecord record) =>
        $"[Service]\nExecStart=/{record.Deployment}\n[Install]\nWantedBy=multi-user.target\n";

    /// <summary>Puts a deployment into the store.</summary>
    private ContainerRecord Place(ContainerRecord record)
    {
        string unit = $"/etc/systemd/system/{record.Name}.service";
        record = record with
        {
            Units =
            [
                new InstalledFile(unit, Digest.Sha256(Encoding.UTF8.GetBytes(Text(record))))
                {
                    Uid = Libc.geteuid(),
                    Gid = Libc.getegid(),
                },
            ],
        };
        DeploymentDirectory directory = _host.Deployment(record.Name, record.Deployment);
        Directory.CreateDirectory(Path.GetDirectoryName(directory.KeptFile(unit))!);
        RecordDocument.Write(Path.Join(directory.Here, "info.json"), record, StateJson.Default.ContainerRecord);
        File.WriteAllText(directory.KeptFile(unit), Text(record));
        return record;
    }
}
