// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Network;
using SystemContainers.State;
using SystemContainers.Target;

namespace SystemContainers.Transactions;

/// <summary>Rolls a change back that <see cref="ContainerSwitch"/> has begun: what it did to the host, in the opposite
/// order.</summary>
sealed class SwitchRollback(Host host)
{
    private readonly HostFileSwitch _files = new(host);
    private readonly StateDirectories _directories = new(host);
    private readonly AffectedUnits _units = new(host.Systemd);

    /// <summary>The networks that the caller has changed, and puts back: what ran before starts again with them. Null
    /// where the caller has died; then the intent says what they were.</summary>
    public ITransactionNetworks? Networks { get; init; }

    /// <summary>
    /// Restores what was before an uncommitted transaction, each container though another can't be put back: its disk
    /// may take nothing any more. May be done again after it was cut at any point.
    /// </summary>
    /// <param name="intent">The file of its intent.</param>
    /// <param name="transaction">What the intent says: an install, update, rollback or apply.</param>
    /// <param name="start">Whether what ran before is started again; at boot systemd does that itself.</param>
    /// <returns>Those that could not be put back, which alone are left in the intent, and why.</returns>
    public async Task<IReadOnlyList<(ContainerChange Change, Exception Why)>> RunAsync(
        string intent,
        TransactionRecord transaction,
        bool start
    )
    {
        // What is back and runs is not stopped once more for a file that still can't be written.
        ContainerChange[] switched = [.. transaction.Changes.Where(c => c.Before is not null && !c.IsBack)];
        if (switched.Length > 0 && host.Systemd.IsBooted)
        {
            await _units.StopNewAsync(switched);
        }

        List<(ContainerChange Change, Exception Why)> left = [];
        foreach (ContainerChange change in transaction.Changes.Reverse())
        {
            try
            {
                if (await UndoAsync(change) is { } file)
                {
                    left.Add((change with { IsBack = true }, file));
                }
            }
            catch (Exception e) when (HostFailure.Understand(e) is not null)
            {
                left.Add((change, e));
            }
        }

        string[] stuck = [.. left.Where(l => !l.Change.IsBack).Select(l => l.Change.Name)];
        switched = [.. switched.Where(c => !stuck.Contains(c.Name, StringComparer.Ordinal))];
        if (Networks is not null)
        {
            Networks.Undo();
        }
        else
        {
            RestoreNetworks(transaction.Networks);
        }

        if (start && switched.Length > 0)
        {
            await StartOldAsync(switched);
        }

        foreach (
            ContainerChange change in transaction.Changes.Where(c =>
                transaction.Operation is TransactionKind.Update or TransactionKind.Apply
                && c is { Before: not null, After: not null }
                && left.TrueForAll(l => l.Change.Name != c.Name)
            )
        )
        {
            host.Discard(host.Deployment(change.Name, change.After!.Deployment).Here);
        }

        if (left.Count > 0)
        {
            host.Transactions.Reduce(
                intent,
                transaction with
                {
                    Networks = [],
                    Changes = [.. left.Select(l => l.Change).Reverse()],
                },
                host.Note
            );
        }

        return left;
    }

    /// <summary>Puts one container back.</summary>
    /// <returns>Why a file that the image has on the host could not be; its units are back all the same. Null where all
    /// is.</returns>
    private async Task<SysctrException?> UndoAsync(ContainerChange change)
    {
        SysctrException? file = null;
        if (change.Before is null)
        {
            await new ContainerRemover(host).RemoveAsync(change.After!, purge: false, CancellationToken.None);
        }
        else
        {
            host.Deployment(change.Name, change.Before.Deployment).MakeCurrent();
            if (change.After is { } after)
            {
                file = await RestoreAsync(change.Before, after, change);
            }
        }

        _directories.RemoveNew(change);
        return file;
    }

    /// <summary>Those that there were; one that was made and is nobody's yet is taken as it is by the next call. What
    /// can't be put back must not keep what ran from starting.</summary>
    private void RestoreNetworks(IReadOnlyList<string> former)
    {
        if (former.Count == 0)
        {
            return;
        }

        try
        {
            NetworkStore store = host.Target.Networks;
            using IDisposable held = host.Locks.LockNetworks();
            foreach (string network in former)
            {
                store.Restore(JsonSerializer.Deserialize(network, NetworkJson.Default.NetworkDefinition)!);
            }
        }
        catch (Exception e) when (e is SysctrException or IOException or UnauthorizedAccessException or JsonException)
        {
            host.Note($"warning: putting back networks: {e.Message}");
        }
    }

    /// <summary>One that does not start any more is no reason to try it all again: nothing else is left to be rolled
    /// back.</summary>
    private async Task StartOldAsync(IReadOnlyList<ContainerChange> changes)
    {
        string running = " and running";
        try
        {
            await _units.StartOldAsync(changes);
        }
        catch (SysctrException e)
        {
            running = "";
            host.Note($"warning: what ran before does not start again: {e.Message}");
        }

        foreach (ContainerChange change in changes)
        {
            host.Note(
                $"{change.Name}: deployment {change.Before!.Deployment} is back"
                    + (
                        change.Troubles.Count > 0 ? ", as unwell as it was"
                        : change.Running.Count > 0 ? running
                        : ""
                    )
            );
        }
    }

    /// <summary>The same for a change that has just failed.</summary>
    /// <param name="intent">As above.</param>
    /// <param name="transaction">As above.</param>
    /// <param name="why">Why it failed.</param>
    /// <param name="back">Told of what is as before, before anything is thrown.</param>
    /// <exception cref="SysctrException">It can't be rolled back, or not all of it; its intent stays with what is left,
    /// and the next call tries again.</exception>
    public async Task RunAsync(
        string intent,
        TransactionRecord transaction,
        Exception why,
        Action<TransactionRecord> back
    )
    {
        IReadOnlyList<(ContainerChange Change, Exception Why)> left;
        try
        {
            left = await RunAsync(intent, transaction, start: true);
        }
        catch (Exception e) when (HostFailure.Understand(e) is not null)
        {
            throw Failure($"rolling it back: {e.Message}", e);
        }

        back(
            transaction with
            {
                Changes = [.. transaction.Changes.Where(c => left.All(l => l.Change.Name != c.Name))],
            }
        );
        if (left.Count > 0)
        {
            throw Failure(
                string.Join('\n', left.Select(l => $"rolling back {l.Change.Name}: {l.Why.Message}")),
                left[0].Why
            );
        }

        SysctrException Failure(string what, Exception e) =>
            new(
                HostFailure.KindOf(why),
                $"{why.Message}\n{what}",
                $"the next call of sysctr goes on rolling it back{(HostFailure.Understand(e)?.Hint is { } hint ? "; " + hint : "")}",
                why
            );
    }

    /// <returns>Why a file of the image could not be put back; null where all are.</returns>
    /// <exception cref="SysctrException">A unit could not be.</exception>
    private async Task<SysctrException?> RestoreAsync(
        ContainerRecord before,
        ContainerRecord after,
        ContainerChange change
    )
    {
        string[] added = [.. after.Enabled.Except(before.Enabled, StringComparer.Ordinal)];
        if (added.Length > 0)
        {
            await host.Systemd.DisableAsync(added, CancellationToken.None);
        }

        HashSet<string> own = [.. before.OwnFiles.Concat(after.OwnFiles).Select(f => f.Path)];
        SysctrException? file = null;
        foreach (
            (string stuck, Exception why) in _files
                .Apply(after, before, rollingBack: true)
                .OrderByDescending(l => own.Contains(l.Path))
        )
        {
            SysctrException kept = HostFileSwitch.Stuck("putting back", stuck, why);
            if (own.Contains(stuck))
            {
                // It would start what is rolled back.
                throw kept;
            }

            file ??= kept;
            host.Note($"warning: {kept.Message}");
        }

        _files.RestoreSaved(change.Edited);
        file ??= _files.RestoreBeside(change);
        string[] removed = [.. before.Enabled.Except(after.Enabled, StringComparer.Ordinal)];
        if (removed.Length > 0)
        {
            await host.Systemd.EnableAsync(removed, CancellationToken.None);
        }

        if (added.Length + removed.Length > 0)
        {
            host.SyncUnits();
        }

        if (host.Systemd.IsBooted)
        {
            await host.Systemd.ReloadAsync(CancellationToken.None);
            foreach (string unit in before.RunnableUnits)
            {
                await host.Systemd.ResetFailedAsync(unit, CancellationToken.None);
            }

            try
            {
                await _directories.MakeAsync(before, CancellationToken.None);
            }
            catch (Exception e) when (HostFailure.Understand(e) is not null)
            {
                // It was all there. What a payload has put in its place since must not keep the old state from coming
                // back.
                host.Note($"warning: {e.Message}");
            }
        }

        return file;
    }
}
