// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Exports;
using SystemContainers.Images;
using SystemContainers.Store;
using SystemContainers.Target;
using SystemContainers.Transactions;

namespace SystemContainers.Verbs;

/// <summary>Removes old deployments, and with them what of the store nobody needs any more.</summary>
sealed class PruneOperation(Host host, Action<string> note)
{
    /// <summary>Prunes containers one by one, each as soon as nobody else works on it.</summary>
    /// <param name="names">Containers; none for all.</param>
    /// <param name="keep">How many deployments of each stay; null for what their files or the host's setting
    /// say.</param>
    /// <param name="cancellation">Honoured between deployments, and while another sysctr is waited for.</param>
    /// <returns>What the store lost.</returns>
    /// <exception cref="Errors.SysctrException">NotFound: there is no such container; Usage: sysctr.toml can't be read,
    /// and nothing was removed; Locked: another sysctr works on it for too long.</exception>
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

        foreach (
            string name in distinct.Length > 0
                ? distinct
                : [.. host.Catalog.DirectoryNames().Where(host.Catalog.IsInstalled)]
        )
        {
            cancellation.ThrowIfCancellationRequested();

            // Whole: what a transaction that can't be ended goes back to must not be pruned.
            using ContainerLocks held = await host.LockAndRecoverAsync([name], cancellation);
            if (host.Catalog.IsInstalled(name))
            {
                pruner.Remove(name, keep);
            }
        }

        using IDisposable alone = host.Locks.LockStore(cancellation);
        return new StorePrune(host).Run(all: false, note);
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
