// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Exports;
using SystemContainers.Images;
using SystemContainers.Linux;
using SystemContainers.Store;
using SystemContainers.Target;
using SystemContainers.Transactions;

namespace SystemContainers.Verbs;

/// <summary>Removes old deployments, and with them what of the store nobody needs any more.</summary>
sealed class PruneOperation(Host host, Action<string> note)
{
    /// <summary>Prunes containers one by one, each as soon as nobody else works on it, and then the store. One of which
    /// a transaction can't be ended stays as it is and keeps no other, nor the store, from it.</summary>
    /// <param name="names">Containers; none for all.</param>
    /// <param name="keep">How many deployments of each stay; null for what their files or the host's setting
    /// say.</param>
    /// <param name="cancellation">Honoured between deployments, and while another sysctr is waited for.</param>
    /// <returns>What the store lost.</returns>
    /// <exception cref="SysctrException">NotFound: there is no such container; Usage: sysctr.toml can't be read, and
    /// nothing was removed; Locked: another sysctr works on it for too long. Or why one stays as it is; then the others
    /// and the store are pruned.</exception>
    public async Task<PruneResult> RunAsync(IReadOnlyList<string> names, int? keep, CancellationToken cancellation)
    {
        string[] distinct = [.. names.Distinct(StringComparer.Ordinal).Select(ContainerName.Check)];
        await host.RecoverAsync(cancellation);
        foreach (string name in distinct)
        {
            host.Catalog.Get(name);
        }

        DeploymentPruner pruner = new(host);
        if (keep is null)
        {
            // A setting that can't be read is told before anything goes, and not between two containers.
            _ = pruner.Usual;
        }

        List<(string Name, SysctrException Why)> kept = [];
        foreach (
            string name in distinct.Length > 0
                ? distinct
                : [.. host.Catalog.DirectoryNames().Where(host.Catalog.IsInstalled)]
        )
        {
            cancellation.ThrowIfCancellationRequested();

            try
            {
                // Whole: what a transaction that can't be ended goes back to must not be pruned.
                using ContainerLocks held = await host.LockAndRecoverAsync([name], cancellation);
                if (host.Catalog.IsInstalled(name))
                {
                    pruner.Remove(name, keep);
                }
            }
            catch (Exception e) when (HostFailure.Understand(e) is { } why)
            {
                kept.Add((name, why));
                note($"{name}: kept its deployments: {why.Message}");
            }
        }

        PruneResult pruned;
        using (IDisposable alone = host.Locks.LockStore(cancellation))
        {
            pruned = new StorePrune(host).Run(all: false, note);
        }

        return kept is not [(_, { } first), ..]
            ? pruned
            : throw new SysctrException(
                first.Kind,
                $"pruning {string.Join(", ", kept.Select(k => k.Name))}: kept as {(kept.Count == 1 ? "it was" : "they were")}; all else is pruned: {first.Message}",
                first.Hint,
                first
            );
    }

    /// <summary>
    /// What an update does when it is over: the containers' old deployments go, as many as the host's setting says; and
    /// what of the store they alone needed, unless another sysctr uses the store just now. Then it goes the next time.
    /// </summary>
    /// <param name="names">Containers that were updated, and are locked.</param>
    public void AfterUpdate(IReadOnlyList<string> names)
    {
        DeploymentPruner pruner = new(host);
        if (names.Sum(name => pruner.Remove(name, keep: null).Count) == 0)
        {
            return;
        }

        using IDisposable? alone = host.Locks.TryLockStore();
        if (alone is not null)
        {
            new StorePrune(host).Run(all: false, note);
        }
    }
}
