// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Exports;
using SystemContainers.Linux;
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
    /// was changed. Or one of the others: what could be removed is, and the message says what could not.</exception>
    public async Task<IReadOnlyList<UninstallReport>> RunAsync(
        IReadOnlyList<string> names,
        bool purge,
        CancellationToken cancellation
    )
    {
        string[] distinct = [.. names.Distinct(StringComparer.Ordinal).Select(ContainerName.Check)];
        await host.RecoverAsync(cancellation);
        ContainerRemover remover = new(host);
        IReadOnlyList<UninstallReport> reports = await host.History.RunAsync(
            "uninstall",
            distinct,
            origin => RemoveAsync(remover, distinct, purge, origin, cancellation)
        );
        return remover.Unpurged.Count == 0
            ? reports
            : throw new SysctrException(
                HostFailure.Understand(remover.Unpurged[0])!.Kind,
                $"purging what {string.Join(", ", distinct)} had: the containers are gone, and not all of their directories: {remover.Unpurged[0].Message}",
                "remove them when their file system lets you (lsattr(1) shows what is protected)",
                remover.Unpurged[0]
            );
    }

    /// <summary>Whoever looks at a tree that has its contents in the store's objects alone would lose them with the
    /// next prune.</summary>
    /// <param name="host">Where.</param>
    /// <param name="doing">What is being done to them, for messages.</param>
    /// <param name="names">Containers that go.</param>
    /// <exception cref="SysctrException">Conflict: somebody looks at one.</exception>
    internal static void CheckNotMounted(Host host, string doing, IReadOnlyList<string> names)
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
                    $"{doing} {mount.Name}: its files are looked at in {mount.Directory}",
                    mount.Owner is null ? $"'sysctr umount {mount.Directory}' first" : "wait until the scan has ended"
                );
            }
        }
    }

    private async Task<IReadOnlyList<UninstallReport>> RemoveAsync(
        ContainerRemover remover,
        string[] distinct,
        bool purge,
        HistoryOrigin origin,
        CancellationToken cancellation
    )
    {
        using ContainerLocks locks = await host.LockAndRecoverAsync(distinct, cancellation);
        ContainerRecord[] records = [.. distinct.Select(host.Catalog.Get)];

        // Until they are gone: a mount that has found one of them and is not made yet is seen by nobody.
        using IDisposable? quiet = new MountCatalog(host.Target, host.Locks).Quiet(cancellation);
        CheckNotMounted(host, "uninstalling", distinct);
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
        List<UninstallReport> reports = [];
        List<(string Name, Exception Why)> failures = [];
        for (int i = 0; i < records.Length; i++)
        {
            ContainerRecord record = records[i];
            if (dependents[i].Length > 0)
            {
                note($"{record.Name}: these depend on it and stop with it: {string.Join(' ', dependents[i])}");
            }

            IReadOnlyList<string> purged;
            try
            {
                purged = await remover.RemoveAsync(record, purge, CancellationToken.None);
            }
            catch (Exception e) when (HostFailure.Understand(e) is not null)
            {
                // One that can't go keeps no other from it.
                failures.Add((record.Name, e));
                continue;
            }

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

        if (failures.Count > 0)
        {
            throw Failed(transaction, IntentRecords.Id(intent), failures);
        }

        host.History.Done(transaction, IntentRecords.Id(intent));
        IntentRecords.EndLater(intent, note);
        return reports;
    }

    /// <summary>The intent stays: the next call goes on with what is left.</summary>
    private Exception Failed(TransactionRecord transaction, string id, List<(string Name, Exception Why)> failures)
    {
        ContainerChange[] gone = [.. transaction.Changes.Where(c => !failures.Exists(f => f.Name == c.Name))];
        Exception failure =
            failures is [(_, { } only)] && gone.Length == 0
                ? only
                : new SysctrException(
                    HostFailure.Understand(failures[0].Why)!.Kind,
                    string.Join('\n', failures.Select(f => $"uninstalling {f.Name}: {f.Why.Message}")),
                    "the next call of sysctr goes on with what is left",
                    failures[0].Why
                );
        host.History.Done(transaction with { Changes = gone }, id);
        host.History.Recorded(failure, gone.Select(c => c.Name));
        return failure;
    }
}
