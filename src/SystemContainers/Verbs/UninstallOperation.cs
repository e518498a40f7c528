// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Exports;
using SystemContainers.Mounts;
using SystemContainers.State;
using SystemContainers.Target;
using SystemContainers.Transactions;

namespace SystemContainers.Verbs;

/// <summary>Removes containers: one transaction over all that are named. What was begun is finished, even after a
/// crash.</summary>
sealed class UninstallOperation(Host host, Action<string> note)
{
    /// <summary>Stops, disables and removes the containers.</summary>
    /// <param name="names">Containers, each installed.</param>
    /// <param name="purge">Whether their state directories go too.</param>
    /// <param name="cancellation">Honoured until the first change.</param>
    /// <returns>What became of each.</returns>
    /// <exception cref="SysctrException">NotFound: one is not installed; Conflict: somebody looks at its files; nothing
    /// was changed.</exception>
    public async Task<IReadOnlyList<UninstallReport>> RunAsync(
        IReadOnlyList<string> names,
        bool purge,
        CancellationToken cancellation
    )
    {
        string[] distinct = [.. names.Distinct(StringComparer.Ordinal).Select(ContainerName.Check)];
        await host.RecoverAsync(cancellation);
        return await host.History.RunAsync(
            "uninstall",
            distinct,
            origin => RemoveAsync(distinct, purge, origin, cancellation)
        );
    }

    /// <summary>Whoever looks at a tree that has its contents in the store's objects alone would lose them with the
    /// next prune.</summary>
    private void CheckNotMounted(string[] names)
    {
        foreach (
            MountRecord mount in new MountCatalog(host.Target, host.Locks)
                .Live()
                .Select(m => m.Record)
                .Where(m => m.Kind == MountKind.Container && names.Contains(m.Name, StringComparer.Ordinal))
        )
        {
            if (
                host
                    .Catalog.All()
                    .Any(r => r.Name == mount.Name && r.Deployment == mount.Deployment && r.Composefs is not null)
            )
            {
                throw new SysctrException(
                    ErrorKind.Conflict,
                    $"uninstalling {mount.Name}: its files are looked at in {mount.Directory}",
                    mount.Owner is null ? $"'sysctr umount {mount.Directory}' first" : "wait until the scan has ended"
                );
            }
        }
    }

    private async Task<IReadOnlyList<UninstallReport>> RemoveAsync(
        string[] distinct,
        bool purge,
        HistoryOrigin origin,
        CancellationToken cancellation
    )
    {
        using ContainerLocks locks = await host.LockAndRecoverAsync(distinct, cancellation);
        ContainerRecord[] records = [.. distinct.Select(host.Catalog.Get)];
        CheckNotMounted(distinct);
        cancellation.ThrowIfCancellationRequested();

        RemainingFiles remaining = new(host);
        ContainerSwitch units = new(host);
        List<string[]> dependents = [];
        foreach (ContainerRecord record in records)
        {
            dependents.Add([.. (await units.PlanAsync(record, record, cancellation)).Dependents]);
        }

        IReadOnlyList<string>[] places = [.. records.Select(remaining.Of)];
        TransactionRecord transaction = TransactionRecord.Uninstall(records, purge) with { Origin = origin };
        string intent = host.Transactions.Begin(transaction);
        ContainerRemover remover = new(host);
        List<UninstallReport> reports = [];
        for (int i = 0; i < records.Length; i++)
        {
            ContainerRecord record = records[i];
            if (dependents[i].Length > 0)
            {
                note($"{record.Name}: these depend on it and stop with it: {string.Join(' ', dependents[i])}");
            }

            IReadOnlyList<string> purged = await remover.RemoveAsync(record, purge, CancellationToken.None);
            IReadOnlyList<string> kept = remaining.StillThere(places[i]);
            note($"{record.Name}: uninstalled");
            foreach (string directory in purged)
            {
                note($"{record.Name}: removed {directory}");
            }

            foreach (string place in kept)
            {
                note($"{record.Name}: kept {place}");
            }

            reports.Add(new UninstallReport(record.Name, HistoryDeployment.Of(record)!, dependents[i], purged, kept));
        }

        host.History.Done(transaction, IntentRecords.Id(intent));
        IntentRecords.EndLater(intent, note);
        return reports;
    }
}
