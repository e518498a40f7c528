// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Exports;
using SystemContainers.Linux;
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
        return remover.Unremoved.Count == 0 ? reports : throw Left(remover.Unremoved, distinct);
    }

    /// <summary>Of what of containers that are gone stays, for its file system keeps it; nobody goes on with
    /// it.</summary>
    /// <param name="left">Why.</param>
    /// <param name="names">The containers.</param>
    internal static SysctrException Left(IReadOnlyList<Exception> left, IEnumerable<string> names) =>
        new(
            HostFailure.KindOf(left[0]),
            $"removing what {string.Join(", ", names)} had: the containers are gone, and not all of their files and directories: {left[0].Message}",
            "remove them when their file system lets you (lsattr(1) shows what is protected)",
            left[0]
        );

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
        string intent;
        using (remover.HoldUnseen(transaction, "uninstalling", cancellation))
        {
            intent = host.Transactions.Begin(transaction);
        }

        for (int i = 0; i < records.Length; i++)
        {
            if (dependents[i].Length > 0)
            {
                note($"{records[i].Name}: these depend on it and stop with it: {string.Join(' ', dependents[i])}");
            }
        }

        List<UninstallReport> reports = [];
        IReadOnlyList<(ContainerChange Change, Exception Why)> left = await remover.RemoveEachAsync(
            intent,
            transaction,
            (change, purged) =>
            {
                int i = Array.IndexOf(records, change.Before);
                IReadOnlyList<string> kept = remaining.StillThere(places[i]);
                note($"{change.Name}: uninstalled");
                foreach (string directory in purged)
                {
                    note($"{change.Name}: removed {directory}");
                }

                foreach (string place in kept)
                {
                    note($"{change.Name}: kept {place}");
                }

                reports.Add(
                    new UninstallReport(change.Name, HistoryDeployment.Of(change.Before)!, dependents[i], purged, kept)
                );
                host.History.Done(transaction with { Changes = [change] }, IntentRecords.Id(intent));
            }
        );
        if (left.Count > 0)
        {
            throw Failure(host, "uninstalling", left, [.. reports.Select(r => r.Name)]);
        }

        IntentRecords.EndLater(intent, note);
        return reports;
    }

    /// <summary>Of what could not go. The intent stays for it alone: the next call goes on with it.</summary>
    /// <param name="doing">What was being done to them.</param>
    /// <param name="told">Those of the call whose outcome the history has.</param>
    internal static SysctrException Failure(
        Host host,
        string doing,
        IReadOnlyList<(ContainerChange Change, Exception Why)> left,
        IReadOnlyList<string> told
    )
    {
        SysctrException first = HostFailure.Understand(left[0].Why)!;
        SysctrException failure = new(
            first.Kind,
            string.Join('\n', left.Select(l => $"{doing} {l.Change.Name}: {l.Why.Message}")),
            $"the next call of sysctr goes on with what is left{(first.Hint is { } hint ? $"; {hint}" : "")}",
            first
        );
        host.History.Recorded(failure, told);
        return failure;
    }
}
