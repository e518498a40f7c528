// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Systemd;

namespace SystemContainers.Tests.Fakes;

/// <summary>
/// A systemd that is a table of units, for tests of what we ask of it and in which order. <c>SystemdContract</c> holds
/// it to what the real one does; what that suite does not say of it, nothing may rely on.
/// </summary>
/// <param name="clock">What services that end by themselves go by.</param>
sealed class FakeSystemd(TimeProvider clock) : ISystemdManager
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, FakeUnit> _units = new(StringComparer.Ordinal);
    private readonly List<string> _calls = [];
    private readonly List<ITimer> _timers = [];
    private TaskCompletionSource _changed = New();

    /// <summary>What was asked for that changes something, in order: <c>stop a b</c>, <c>reload</c>.</summary>
    public IReadOnlyList<string> Calls => [.. _calls];

    /// <summary>How often it was asked for the status of a unit.</summary>
    public int Looks { get; private set; }

    /// <summary>Called with each of <see cref="Calls"/> before it is done.</summary>
    public Action<string> Before { get; set; } = _ => { };

    public bool IsBooted => true;

    /// <summary>A unit; made when it is first named.</summary>
    public FakeUnit this[string name]
    {
        get
        {
            lock (_gate)
            {
                return _units.TryGetValue(name, out FakeUnit? unit) ? unit : _units[name] = new FakeUnit(name);
            }
        }
    }

    /// <summary>What it says when it is asked for its version, as everybody does first.</summary>
    public Func<int> Version { get; set; } = () => 252;

    public Task<int> GetVersionAsync(CancellationToken cancellation) => Task.FromResult(Version());

    /// <summary>Variables that every unit has.</summary>
    public Dictionary<string, string> Variables { get; } = new(StringComparer.Ordinal) { ["PATH"] = "/usr/bin" };

    public Task<IReadOnlyDictionary<string, string>> GetEnvironmentAsync(CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyDictionary<string, string>>(Variables);

    public Task ReloadAsync(CancellationToken cancellation) => DoAsync("reload", () => { }, cancellation);

    public Task EnableAsync(IReadOnlyList<string> units, CancellationToken cancellation) =>
        DoAsync("enable " + Words(units), () => SetFileStates(units, "enabled"), cancellation);

    public Task DisableAsync(IReadOnlyList<string> units, CancellationToken cancellation) =>
        DoAsync("disable " + Words(units), () => SetFileStates(units, "disabled"), cancellation);

    public async Task StartAsync(string unit, CancellationToken cancellation)
    {
        await RunAsync("start", [unit], [], cancellation);
        await SettleAsync([unit], UnitHealth.Briefly, mayEnd: true, cancellation);
    }

    public async Task RestartAsync(string unit, CancellationToken cancellation)
    {
        await RunAsync("restart", [unit], [unit], cancellation);
        await SettleAsync([unit], UnitHealth.Briefly, mayEnd: true, cancellation);
    }

    public Task StartTogetherAsync(
        IReadOnlyList<string> units,
        IReadOnlyList<string> anew,
        CancellationToken cancellation
    ) =>
        RunAsync(
            "start",
            UnitOrder.Starting([.. units.Distinct(StringComparer.Ordinal)], u => this[u].After),
            anew,
            cancellation
        );

    public Task StopAsync(string unit, CancellationToken cancellation) => StopTogetherAsync([unit], cancellation);

    public Task StopTogetherAsync(IReadOnlyList<string> units, CancellationToken cancellation)
    {
        IReadOnlyList<string> ordered = UnitOrder.Stopping(
            [.. units.Distinct(StringComparer.Ordinal)],
            u => this[u].After
        );
        return ordered.Count == 0
            ? Task.CompletedTask
            : DoAsync(
                "stop " + Words(ordered),
                () =>
                {
                    foreach (string unit in ordered.Concat(Dependents(ordered)).Where(u => this[u].IsUp))
                    {
                        this[unit].ActiveState = "inactive";
                    }
                },
                cancellation
            );
    }

    public async Task SettleAsync(
        IReadOnlyList<string> units,
        TimeSpan time,
        bool mayEnd,
        CancellationToken cancellation
    )
    {
        List<string> watched = [.. units.Distinct(StringComparer.Ordinal).Where(UnitOrder.IsService)];
        using CancellationTokenSource end = new(time, clock);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(end.Token, cancellation);
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            Task changed = _changed.Task;
            foreach (string unit in watched.ToArray())
            {
                UnitStatus status = await GetStatusAsync(unit, cancellation);
                if (UnitHealth.Failure(status, mayEnd) is { } failure)
                {
                    throw Failure("starting", status, failure);
                }

                if (UnitHealth.IsOver(status))
                {
                    watched.Remove(unit);
                }
            }

            if (watched.Count == 0 || time == TimeSpan.Zero || end.IsCancellationRequested)
            {
                return;
            }

            await changed
                .WaitAsync(either.Token)
                .ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    public Task ResetFailedAsync(string unit, CancellationToken cancellation) =>
        DoAsync(
            "reset-failed " + unit,
            () =>
            {
                this[unit].Result = "success";
                this[unit].Restarts = 0;
                if (this[unit].ActiveState == "failed")
                {
                    this[unit].ActiveState = "inactive";
                }
            },
            cancellation
        );

    public Task<UnitStatus> GetStatusAsync(string unit, CancellationToken cancellation)
    {
        Looks++;
        FakeUnit there = this[unit];
        return Task.FromResult(
            new UnitStatus
            {
                Name = unit,
                LoadState = LoadState(there),
                ActiveState = there.ActiveState,
                UnitFileState = there.IsThere ? there.FileState : "",
                Type = UnitOrder.IsService(unit) ? there.Type : "",
                Result = UnitOrder.IsService(unit) ? there.Result : "",
                Restarts = there.Restarts,
                IsTriggered = there.IsTriggered,
            }
        );
    }

    public async Task<UnitStatus> GetSettledStatusAsync(string unit, TimeSpan patience, CancellationToken cancellation)
    {
        using CancellationTokenSource end = new(patience, clock);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(end.Token, cancellation);
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            Task changed = _changed.Task;
            UnitStatus status = await GetStatusAsync(unit, cancellation);
            if (status.ActiveState != "deactivating" || end.IsCancellationRequested)
            {
                return status;
            }

            await changed
                .WaitAsync(either.Token)
                .ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    public Task<IReadOnlyList<UnitState>> GetStatesAsync(IReadOnlyList<string> units, CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyList<UnitState>>([
            .. units.Select(u => new UnitState(u, LoadState(this[u]), this[u].ActiveState, "")),
        ]);

    public Task<IReadOnlyDictionary<string, string>> GetFileStatesAsync(
        IReadOnlyList<string> units,
        CancellationToken cancellation
    ) =>
        Task.FromResult<IReadOnlyDictionary<string, string>>(
            units.Where(u => this[u].IsThere).ToDictionary(u => u, u => this[u].FileState, StringComparer.Ordinal)
        );

    public Task<IReadOnlyDictionary<string, IReadOnlyList<string>>> GetAfterAsync(
        IReadOnlyList<string> units,
        CancellationToken cancellation
    ) =>
        Task.FromResult<IReadOnlyDictionary<string, IReadOnlyList<string>>>(
            units.ToDictionary(u => u, u => this[u].After, StringComparer.Ordinal)
        );

    public Task<IReadOnlyList<string>> GetRunningDependentsAsync(
        IReadOnlyList<string> units,
        CancellationToken cancellation
    ) => Task.FromResult<IReadOnlyList<string>>([.. Dependents(units).Where(u => this[u].IsUp)]);

    public void Dispose() => _timers.ForEach(t => t.Dispose());

    /// <summary>Changes a unit as systemd would by itself.</summary>
    public void Change(string unit, Action<FakeUnit> change)
    {
        change(this[unit]);
        Interlocked.Exchange(ref _changed, New()).TrySetResult();
    }

    private Task RunAsync(
        string verb,
        IReadOnlyList<string> units,
        IReadOnlyList<string> anew,
        CancellationToken cancellation
    ) =>
        units.Count == 0
            ? Task.CompletedTask
            : DoAsync(
                $"{verb} {Words(units)}",
                () =>
                {
                    foreach (FakeUnit unit in units.Select(u => this[u]).Where(u => !u.IsUp || anew.Contains(u.Name)))
                    {
                        Start(verb, unit);
                    }
                },
                cancellation
            );

    private void Start(string verb, FakeUnit unit)
    {
        if (!unit.IsThere)
        {
            throw new SysctrException(ErrorKind.Unit, $"asking systemd, StartUnit: Unit {unit.Name} not found.");
        }

        if (unit.StartFails is { } result)
        {
            unit.ActiveState = "failed";
            unit.Result = "exit-code";
            throw Failure(verb + "ing", GetStatusAsync(unit.Name, CancellationToken.None).Result, result);
        }

        (unit.ActiveState, unit.Result, unit.Restarts) = (unit.Type == "oneshot" ? "inactive" : "active", "success", 0);
        if (unit.EndsAfter is { } time)
        {
            _timers.Add(
                clock.CreateTimer(
                    _ =>
                        Change(
                            unit.Name,
                            u =>
                                (u.ActiveState, u.Result) = (
                                    u.EndsWith == "success" ? "inactive" : "failed",
                                    u.EndsWith
                                )
                        ),
                    null,
                    time,
                    Timeout.InfiniteTimeSpan
                )
            );
        }
    }

    private async Task DoAsync(string call, Action action, CancellationToken cancellation)
    {
        await Task.Yield();
        cancellation.ThrowIfCancellationRequested();
        _calls.Add(call);
        Before(call);
        cancellation.ThrowIfCancellationRequested();
        action();
        Interlocked.Exchange(ref _changed, New()).TrySetResult();
    }

    private void SetFileStates(IReadOnlyList<string> units, string state)
    {
        foreach (string unit in units)
        {
            this[unit].FileState = state;
        }
    }

    private List<string> Dependents(IReadOnlyList<string> units)
    {
        List<string> found = [.. units];
        for (int i = 0; i < found.Count; i++)
        {
            found.AddRange(this[found[i]].RequiredBy.Except(found, StringComparer.Ordinal));
        }

        return found[units.Count..];
    }

    private static string LoadState(FakeUnit unit) => unit.IsThere ? "loaded" : "not-found";

    private static SysctrException Failure(string doing, UnitStatus status, string result) =>
        new(ErrorKind.Unit, $"{doing} {status.Name}: {UnitFailure.Reason(result, status)}");

    private static string Words(IEnumerable<string> units) => string.Join(' ', units);

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
