using SystemContainers.Linux;

namespace SystemContainers.Deploy;

/// <summary>Ends what a killed sysctr has begun. Safe beside live ones: whatever they work on is locked.</summary>
sealed class Recovery(Host host)
{
    /// <param name="start">Whether what ran before is started again; at boot systemd does that itself.</param>
    /// <param name="cancellation">Honoured between transactions.</param>
    public async Task RunAsync(bool start, CancellationToken cancellation)
    {
        foreach (PendingTransaction pending in host.Transactions.Pending())
        {
            cancellation.ThrowIfCancellationRequested();
            using IDisposable? locks = host.TryLockContainers(pending.Record.Names);

            // Without the lock a live process is at it; without the file it has just ended it.
            if (locks is null || !File.Exists(pending.File))
            {
                continue;
            }

            HistoryOutcome outcome = await EndAsync(pending, start);
            host.History.Recovered(pending.Record, Transactions.Id(pending.File), outcome);
            Transactions.End(pending.File);
            foreach (string name in pending.Record.Names)
            {
                host.Note($"{name}: {Article(pending.Record.Operation)} was cut off; {(outcome == HistoryOutcome.Done ? "finished it" : "took it back")}");
            }
        }

        RemoveOrphans();
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
        _ => "a rollback",
    };

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
                TreeRemoval.Remove(host.Deployment(name, 0).ContainerHere);
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
