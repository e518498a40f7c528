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
    private readonly SwitchedUnits _units = new(host.Systemd);

    /// <summary>The networks that the caller has changed, and puts back: what ran before starts again with them. Null
    /// where the caller has died; then the intent says what they were.</summary>
    public ITransactionNetworks? Networks { get; init; }

    /// <summary>Restores what was before an uncommitted transaction. May be done again after it was cut at any
    /// point.</summary>
    /// <param name="transaction">An install, update or rollback.</param>
    /// <param name="start">Whether what ran before is started again; at boot systemd does that itself.</param>
    public async Task RunAsync(TransactionRecord transaction, bool start)
    {
        ContainerRemover remover = new(host);
        ContainerChange[] switched = [.. transaction.Changes.Where(c => c.Before is not null)];
        if (switched.Length > 0 && host.Systemd.IsBooted)
        {
            await _units.StopNewAsync(switched);
        }

        foreach (ContainerChange change in transaction.Changes.Reverse())
        {
            if (change.Before is null)
            {
                await remover.RemoveAsync(change.After!, purge: false, CancellationToken.None);
            }
            else
            {
                host.Deployment(change.Name, change.Before.Deployment).MakeCurrent();
                if (change.After is { } after)
                {
                    await RestoreAsync(change.Before, after, change);
                }
            }

            _directories.RemoveNew(change);
        }

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
            ContainerChange change in switched.Where(c =>
                transaction.Operation is TransactionKind.Update or TransactionKind.Apply && c.After is not null
            )
        )
        {
            host.Discard(host.Deployment(change.Name, change.After!.Deployment).Here);
        }
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
            NetworkStore store = new(host.Here(NetworkStore.OnHost));
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
    /// <param name="transaction">As above.</param>
    /// <param name="why">Why it failed.</param>
    /// <exception cref="SysctrException">It can't be rolled back; its intent stays, and the next call tries
    /// again.</exception>
    public async Task RunAsync(TransactionRecord transaction, Exception why)
    {
        try
        {
            await RunAsync(transaction, start: true);
        }
        catch (Exception e) when (e is SysctrException or IOException or UnauthorizedAccessException)
        {
            throw new SysctrException(
                HostFailure.Understand(why)?.Kind ?? ErrorKind.Failed,
                $"{why.Message}\nrolling it back: {e.Message}",
                "the next call of sysctr goes on rolling it back",
                why
            );
        }
    }

    private async Task RestoreAsync(ContainerRecord before, ContainerRecord after, ContainerChange change)
    {
        string[] added = [.. after.Enabled.Except(before.Enabled, StringComparer.Ordinal)];
        if (added.Length > 0)
        {
            await host.Systemd.DisableAsync(added, CancellationToken.None);
        }

        _files.Apply(after, before, rollingBack: true);
        _files.RestoreSaved(change.Edited);
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
    }
}
