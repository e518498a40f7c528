using SystemContainers.Deploy.Mounts;
using SystemContainers.Errors;
using SystemContainers.Linux;

namespace SystemContainers.Deploy;

/// <summary>Ends what a killed sysctr has begun. Safe beside live ones: whatever they work on is locked.</summary>
sealed class Recovery(Host host)
{
    /// <summary>Ends all that no live process is at, and removes what dead ones have left. Does not wait.</summary>
    /// <param name="start">Whether what ran before is started again; at boot systemd does that itself.</param>
    /// <param name="cancellation">Honoured between transactions.</param>
    /// <returns>
    /// What could not be ended; it is noted, and stays for the next call. A container that fails must not keep others from theirs:
    /// who works on it tries again, under its lock.
    /// </returns>
    public async Task<IReadOnlyList<SysctrException>> RunAsync(bool start, CancellationToken cancellation)
    {
        List<SysctrException> failures = [];
        foreach (PendingTransaction pending in host.Transactions.Pending().Where(t => !t.Record.IsOfStore))
        {
            cancellation.ThrowIfCancellationRequested();

            // Without the lock a live process is at it.
            using IDisposable? locks = host.TryLockContainers(pending.Record.Names);
            try
            {
                await EndAsync(locks is null ? [] : pending.Record.Names, start);
            }
            catch (SysctrException e)
            {
                failures.Add(e);
                host.Note($"warning: {e.Message}");
            }
        }

        if (Directory.Exists(host.StoreHere))
        {
            EndOfStore();
            RemoveOrphans();
            new MountCatalog(host).Recover();
            host.Store.RemoveAbandoned();
        }

        ScratchDirectory.RemoveAbandoned();
        return failures;
    }

    /// <summary>Ends the transactions of containers whose locks the caller holds, and with them nobody else can be at these.</summary>
    /// <returns>What has to be locked too before one of them can be ended; none when all are.</returns>
    /// <exception cref="SysctrException">It can't be ended; its intent stays for the next call.</exception>
    public async Task<IReadOnlyList<string>> EndAsync(IReadOnlyList<string> locked, bool start)
    {
        if (locked.Count == 0)
        {
            return [];
        }

        foreach (PendingTransaction pending in host.Transactions.Pending().Where(t => locked.Any(t.Record.Concerns)))
        {
            string[] missing = [.. pending.Record.Names.Except(locked, StringComparer.Ordinal)];
            if (missing.Length > 0)
            {
                return missing;
            }

            RemoveAbandoned(pending.Record);
            HistoryOutcome outcome = await EndAsync(pending, start);
            host.History.Recovered(pending.Record, Transactions.Id(pending.File), outcome);
            Transactions.End(pending.File);
            foreach (string name in pending.Record.Names)
            {
                host.Note($"{name}: {Article(pending.Record.Operation)} was cut off; {(outcome == HistoryOutcome.Done ? "finished it" : "took it back")}");
            }
        }

        return [];
    }

    private async Task<HistoryOutcome> EndAsync(PendingTransaction pending, bool start)
    {
        ContainerSwitch containers = new(host);
        if (pending.IsCommitted)
        {
            containers.Finish(pending.Record);
            return HistoryOutcome.Done;
        }

        if (pending.Record.Operation != TransactionKind.Uninstall)
        {
            await containers.TakeBackAsync(pending.Record, start);
            return HistoryOutcome.TakenBack;
        }

        ContainerRemover remover = new(host);
        foreach (ContainerChange change in pending.Record.Changes)
        {
            await remover.RemoveAsync(change.Before!, pending.Record.Purge, CancellationToken.None);
        }

        return HistoryOutcome.Done;
    }

    /// <summary>An operation with its article, for messages.</summary>
    internal static string Article(TransactionKind operation) => operation switch
    {
        TransactionKind.Install => "an install",
        TransactionKind.Uninstall => "an uninstall",
        TransactionKind.Update => "an update",
        TransactionKind.Pull => "a pull",
        TransactionKind.Prune => "a prune",
        _ => "a rollback",
    };

    /// <summary>What was being written beside the files of a transaction when it was cut.</summary>
    private void RemoveAbandoned(TransactionRecord record)
    {
        IEnumerable<string> written = record.Changes
            .SelectMany(c => (ContainerRecord?[])[c.Before, c.After])
            .OfType<ContainerRecord>()
            .SelectMany(r => r.AllFiles.Select(f => f.Path).Concat(r.HostDirectories.Select(d => d.Path)))
            .Select(p => Path.GetDirectoryName(host.Here(p))!);
        foreach (string directory in written.Concat(record.Names.Select(n => host.Deployment(n, 0).ContainerHere)).Distinct(StringComparer.Ordinal))
        {
            DurableFile.RemoveAbandoned(directory);
        }
    }

    /// <summary>Ends pulls and prunes. Who works on the store has a lease of it: who has it alone knows that they are dead.</summary>
    private void EndOfStore()
    {
        if (!host.Transactions.Pending().Any(t => t.Record.IsOfStore))
        {
            return;
        }

        using IDisposable? alone = host.Store.Locks.TryLockStore();
        if (alone is null)
        {
            return;
        }

        foreach (PendingTransaction pending in host.Transactions.Pending().Where(t => t.Record.IsOfStore))
        {
            new StorePrune(host).Finish(pending.Record);
            Transactions.End(pending.File);
            host.Note($"{Article(pending.Record.Operation)} was cut off; {(pending.Record.Operation == TransactionKind.Prune ? "finished it" : "cleared it away")}");
        }
    }

    /// <summary>Removes deployments that were being put together when their process died: no transaction knew them yet.</summary>
    private void RemoveOrphans()
    {
        foreach (string name in host.Catalog.DirectoryNames())
        {
            DeploymentDirectory[] orphans = [.. Orphans(name)];
            using IDisposable? held = orphans.Length > 0 || !host.Catalog.IsInstalled(name) ? host.TryLockContainers([name]) : null;
            if (held is null || host.Transactions.Pending().Any(t => t.Record.Concerns(name)))
            {
                continue;
            }

            if (!host.Catalog.IsInstalled(name) && !IsRunning(host, name))
            {
                host.Discard(host.Deployment(name, 0).ContainerHere);
            }

            foreach (DeploymentDirectory orphan in orphans)
            {
                TreeRemoval.Remove(orphan.Staged);
            }
        }
    }

    /// <summary>What a <c>run</c> whose sysctr was killed has left still goes on.</summary>
    internal static bool IsRunning(Host host, string name) =>
        host.Systemd.IsBooted && host.Systemd.GetStatus(name + ".service").ActiveState is "active" or "activating" or "deactivating";

    private IEnumerable<DeploymentDirectory> Orphans(string name) =>
        host.Catalog.StagedNumbers(name).Select(number => host.Deployment(name, number));
}
