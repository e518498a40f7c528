// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using SystemContainers.Network;
using SystemContainers.Requests;
using SystemContainers.State;
using SystemContainers.Systemd;
using SystemContainers.Target;
using SystemContainers.Transactions.Health;

namespace SystemContainers.Transactions;

/// <summary>
/// Brings deployments into use: the part of an install, update or rollback that changes the host. All containers of a
/// transaction change, or none: what fails is rolled back, and what is cut is rolled back or finished by
/// <see cref="Recovery"/>.
/// </summary>
/// <param name="policy">When new deployments count as well.</param>
sealed class ContainerSwitch(Host host, StartPolicy? policy = null)
{
    private readonly HostFileSwitch _files = new(host);
    private readonly StateDirectories _directories = new(host);
    private readonly ContainerRemover _remover = new(host);
    private readonly HealthWatch _health = new(host, policy ?? StartPolicy.Default);

    /// <summary>When the first new deployment was started; null before.</summary>
    private DateTimeOffset? _started;

    private AffectedUnits Units => new(host.Systemd);

    /// <summary>After <see cref="RunAsync"/>: containers that go and could not, and why. Their intent stays, and all
    /// the rest is done.</summary>
    public IReadOnlyList<(ContainerChange Change, Exception Why)> Unremoved { get; private set; } = [];

    /// <inheritdoc cref="ContainerRemover.Unremoved"/>
    public IReadOnlyList<Exception> Kept => _remover.Unremoved;

    /// <summary>What happens to a container when <paramref name="after"/> replaces <paramref name="before"/>, as the
    /// host is now.</summary>
    public async Task<ContainerChange> PlanAsync(
        ContainerRecord before,
        ContainerRecord after,
        CancellationToken cancellation
    )
    {
        List<(string Unit, UnitWellness Wellness)> units = [];
        foreach (string unit in host.Systemd.IsBooted ? before.RunnableUnits : [])
        {
            units.Add((unit, await UnitWellness.OfAsync(host.Systemd, unit, cancellation)));
        }

        ContainerChange change = new(before, after)
        {
            Running = [.. units.Where(u => u.Wellness.IsWanted).Select(u => u.Unit)],
            Troubles = [.. units.Select(u => u.Wellness.Trouble).OfType<string>()],
            Edited = _files.EditedOwnFiles(before),
            Beside = _files.Beside(before, edited: false),
            EditedBeside = _files.Beside(before, edited: true),
        };
        return change with
        {
            Dependents =
            [
                .. (
                    await host.Systemd.GetRunningDependentsAsync([.. AffectedUnits.Stopped(change)], cancellation)
                ).Except(before.RunnableUnits, StringComparer.Ordinal),
            ],
        };
    }

    /// <summary>Carries a transaction out; what ran before runs again when this returns.</summary>
    /// <param name="transaction">An install, update, rollback or apply; its deployments are staged, or in their place
    /// already.</param>
    /// <param name="cancellation">Cancels until the commit point, and what was changed is rolled back; ignored after
    /// it.</param>
    /// <param name="networks">What it changes of networks; null for nothing.</param>
    /// <exception cref="SysctrException">Why it failed; the host is as before.</exception>
    public async Task<StartOutcome> RunAsync(
        TransactionRecord transaction,
        CancellationToken cancellation,
        ITransactionNetworks? networks = null
    )
    {
        transaction = transaction with { Changes = [.. transaction.Changes.Select(_directories.WithNew)] };
        string intent = Begin(ref transaction, networks, cancellation);
        string committed;
        StartOutcome outcome;
        try
        {
            outcome = await ForwardAsync(transaction.Changes, cancellation);
            foreach (ContainerRecord after in transaction.Changes.Select(c => c.After).OfType<ContainerRecord>())
            {
                host.Deployment(after.Name, after.Deployment).MakeCurrent();
            }

            // Last of all that can fail: what is told to have failed is as before.
            committed = IntentRecords.Commit(intent);
        }
        catch (Exception e)
        {
            IReadOnlyDictionary<string, string> journals =
                e is SysctrException && _started is { } since
                    ? await new FailedStarts(host).KeepAsync(transaction.Changes, since)
                    : FailedStarts.None;
            await new SwitchRollback(host) { Networks = networks }.RunAsync(
                intent,
                transaction,
                e,
                back => host.History.RolledBack(back, IntentRecords.Id(intent), e, journals)
            );
            IntentRecords.End(intent);
            if (e is SysctrException failure && journals.Count > 0)
            {
                string where =
                    $"what the failed start wrote is in {string.Join(", ", About(failure, transaction, journals))}";
                throw new SysctrException(
                    failure.Kind,
                    failure.Message,
                    UnitFailure.Remedy(failure) is { } remedy ? $"{remedy}; {where}" : where,
                    failure
                );
            }

            throw;
        }

        await EndAsync(transaction, committed);
        return outcome;
    }

    /// <summary>Makes the intent durable, with the networks as they are then, and makes those that it
    /// changes.</summary>
    /// <returns>Its file.</returns>
    /// <exception cref="SysctrException">A network can't be made; all is as before, and nothing has stopped for
    /// it.</exception>
    private string Begin(
        ref TransactionRecord transaction,
        ITransactionNetworks? networks,
        CancellationToken cancellation
    )
    {
        string? intent = null;
        try
        {
            using IDisposable? unseen = _remover.HoldUnseen(transaction, "removing", cancellation);
            if (networks is null)
            {
                return host.Transactions.Begin(transaction);
            }

            using IDisposable held = networks.Lock();
            transaction = transaction with { Networks = [.. networks.Former().Select(n => n.ToJson())] };
            intent = host.Transactions.Begin(transaction);
            networks.Make();
            return intent;
        }
        catch when (intent is not null)
        {
            networks!.Undo();
            IntentRecords.EndLater(intent, host.Note);
            throw;
        }
    }

    /// <summary>Of many containers that are rolled back together, those whose units a failure names; all where it names
    /// none.</summary>
    private static IEnumerable<string> About(
        SysctrException failure,
        TransactionRecord transaction,
        IReadOnlyDictionary<string, string> journals
    )
    {
        string[] words = failure.Message.Split((char[])[' ', ':', ',', '\n'], StringSplitOptions.RemoveEmptyEntries);
        string[] named =
        [
            .. transaction
                .Changes.Where(c => c.After?.UnitNames.Intersect(words, StringComparer.Ordinal).Any() == true)
                .Select(c => journals.GetValueOrDefault(c.Name))
                .OfType<string>(),
        ];
        return named.Length > 0 ? named : journals.Values;
    }

    /// <summary>Says of containers that were not well before a change that they were not: what holds after it is not
    /// its doing.</summary>
    public static void SayTroubles(IEnumerable<ContainerChange> changes, Action<string> note)
    {
        foreach (ContainerChange change in changes.Where(c => c.Troubles.Count > 0))
        {
            note($"{change.Name}: was not well before: {string.Join("; ", change.Troubles)}");
        }
    }

    /// <summary>What is left to do once a transaction is committed. May be done again.</summary>
    /// <param name="committed">The file of its intent.</param>
    /// <param name="transaction">What the intent says.</param>
    /// <param name="done">Told of each container that is as it shall be, or gone.</param>
    /// <returns>As <see cref="ContainerRemover.RemoveEachAsync"/>.</returns>
    public async Task<IReadOnlyList<(ContainerChange Change, Exception Why)>> FinishAsync(
        string committed,
        TransactionRecord transaction,
        Action<ContainerChange> done
    )
    {
        foreach (ContainerChange change in transaction.Changes.Where(c => c.After is not null))
        {
            DeploymentDirectory directory = host.Deployment(change.Name, change.After!.Deployment);
            if (change.Before is { } before)
            {
                DurableFile.WriteLink(directory.PreviousLink, before.Deployment.ToString());
            }

            directory.MakeCurrent();
            done(change);
        }

        return await _remover.RemoveEachAsync(committed, transaction, (change, _) => done(change));
    }

    private async Task<StartOutcome> ForwardAsync(
        IReadOnlyList<ContainerChange> changes,
        CancellationToken cancellation
    )
    {
        await Units.StopAsync(changes, cancellation);
        // Those that go have stopped, and nothing else: the rest can't be rolled back, and comes after the commit.
        changes = [.. changes.Where(c => c.After is not null)];
        foreach (ContainerRecord after in changes.Select(c => c.After!))
        {
            DeploymentDirectory directory = host.Deployment(after.Name, after.Deployment);
            if (Directory.Exists(directory.Staged))
            {
                DurableFile.Move(directory.Staged, directory.Here);
            }

            new StateClaims(host).Claim(after.Name, after.StateDirectories);
        }

        foreach (ContainerChange change in changes)
        {
            cancellation.ThrowIfCancellationRequested();
            _files.Apply(change.Before, change.After);
        }

        await RegisterAsync(changes, cancellation);
        return await StartAsync([.. changes.Where(c => c.Running.Count > 0 || c.Started.Count > 0)], cancellation);
    }

    /// <summary>Starts what ran, and waits until it is well.</summary>
    private async Task<StartOutcome> StartAsync(IReadOnlyList<ContainerChange> changes, CancellationToken cancellation)
    {
        if (changes.Count == 0)
        {
            return StartOutcome.Nothing;
        }

        foreach (string unit in changes.Where(c => c.Troubles.Count > 0).SelectMany(AffectedUnits.Started))
        {
            // How often the old one was started again is not held against the new one: neither by systemd
            // (StartLimitBurst=) nor by us.
            await host.Systemd.ResetFailedAsync(unit, cancellation);
        }

        _started = DateTimeOffset.UtcNow;
        await Units.StartAsync(changes, cancellation);
        StartOutcome outcome = StartOutcome.Nothing;
        foreach (IGrouping<bool, ContainerChange> kind in changes.GroupBy(c => c.Before is null))
        {
            // A payload that is new may have done at once what it is there for; one that ran for long may not.
            outcome = outcome.With(
                await _health.AwaitAsync(
                    [.. kind.Select(c => (c.After!, AffectedUnits.Started(c)))],
                    mayEnd: kind.Key,
                    cancellation
                )
            );
        }

        return outcome;
    }

    /// <summary>Tells systemd: enable and disable, reload once for all of it, make what tmpfiles name.</summary>
    private async Task RegisterAsync(IReadOnlyList<ContainerChange> changes, CancellationToken cancellation)
    {
        string[] enabled = [.. changes.SelectMany(c => c.After!.Enabled)];
        string[] gone = [.. changes.SelectMany(c => c.Before?.Enabled ?? []).Except(enabled, StringComparer.Ordinal)];
        if (gone.Length > 0)
        {
            await host.Systemd.DisableAsync(gone, CancellationToken.None);
        }

        // What the administrator disabled since stays disabled.
        string[] fresh = [.. enabled.Except(changes.SelectMany(c => c.Before?.Enabled ?? []), StringComparer.Ordinal)];
        if (fresh.Length > 0)
        {
            await host.Systemd.EnableAsync(fresh, CancellationToken.None);
        }

        if (gone.Length + fresh.Length > 0)
        {
            host.SyncUnits();
        }

        if (host.Systemd.IsBooted)
        {
            await host.Systemd.ReloadAsync(CancellationToken.None);
            foreach (ContainerRecord after in changes.Select(c => c.After!))
            {
                await _directories.MakeAsync(after, cancellation);
            }
        }
    }

    /// <summary>What fails here, whatever it is, changes nothing any more: the new state holds, and whoever finds the
    /// intent finishes it.</summary>
    private async Task EndAsync(TransactionRecord transaction, string committed)
    {
        string id = IntentRecords.Id(committed);
        try
        {
            Unremoved = await FinishAsync(
                committed,
                transaction,
                change => host.History.Done(transaction with { Changes = [change] }, id)
            );
            if (Unremoved.Count == 0)
            {
                IntentRecords.End(committed);
            }
        }
        catch (Exception e)
        {
            host.Note($"warning: {e.Message}; the next call of sysctr tidies up");
        }
    }
}
