using SystemContainers.Render;

namespace SystemContainers.Deploy;

/// <summary>Removes containers: one transaction over all that are named. What was begun is finished, even after a crash.</summary>
sealed class UninstallOperation(Host host, Action<string> note)
{
    /// <summary>Stops, disables and removes the containers.</summary>
    /// <param name="names">Containers, each installed.</param>
    /// <param name="purge">Whether their state directories go too.</param>
    /// <param name="cancellation">Honoured until the first change.</param>
    /// <exception cref="Errors.SysctrException">NotFound: one is not installed; nothing was changed.</exception>
    public async Task RunAsync(IReadOnlyList<string> names, bool purge, CancellationToken cancellation)
    {
        string[] distinct = [.. names.Distinct(StringComparer.Ordinal).Select(ContainerName.Check)];
        await host.RecoverAsync(cancellation);
        await host.History.RunAsync("uninstall", distinct, origin => RemoveAsync(distinct, purge, origin, cancellation));
    }

    private async Task<int> RemoveAsync(string[] distinct, bool purge, HistoryOrigin origin, CancellationToken cancellation)
    {
        using IDisposable locks = await host.LockWholeAsync(distinct, cancellation);
        ContainerRecord[] records = [.. distinct.Select(host.Catalog.Get)];
        cancellation.ThrowIfCancellationRequested();

        TransactionRecord transaction = TransactionRecord.Uninstall(records, purge) with { Origin = origin };
        string intent = host.Transactions.Begin(transaction);
        ContainerRemover remover = new(host);
        foreach (ContainerRecord record in records)
        {
            await remover.RemoveAsync(record, purge, CancellationToken.None);
            note($"{record.Name}: uninstalled");
            foreach (string kept in record.StateDirectories.Where(d => !purge && Directory.Exists(host.Here(d))))
            {
                note($"{record.Name}: kept {kept}");
            }
        }

        host.History.Done(transaction, Transactions.Id(intent));
        Transactions.EndLater(intent, note);
        return records.Length;
    }
}
