// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Images;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Mounts;
using SystemContainers.State;
using SystemContainers.Target;

namespace SystemContainers.Transactions;

/// <summary>Ends what a killed sysctr has begun. Safe beside live ones: whatever they work on is locked.</summary>
sealed class Recovery(Host host)
{
    /// <summary>Ends all that no live process is at, and removes what dead ones have left. Does not wait.</summary>
    /// <param name="start">Whether what ran before is started again; at boot systemd does that itself.</param>
    /// <param name="cancellation">Honoured between transactions.</param>
    /// <returns>
    /// What could not be ended; it is noted, and stays. A failure does not stop the recovery of other containers; the
    /// next operation that locks the container tries again.
    /// </returns>
    public async Task<IReadOnlyList<SysctrException>> RunAsync(bool start, CancellationToken cancellation)
    {
        List<SysctrException> failures = [];
        foreach (PendingTransaction pending in host.Transactions.Pending(Failed).Where(t => !t.Record.IsOfStore))
        {
            cancellation.ThrowIfCancellationRequested();

            // Without the lock a live process is at it.
            using ContainerLocks? locks = host.Locks.TryLockContainers(pending.Record.Names);
            await TryAsync(() => EndAsync(locks is null ? [] : pending.Record.Names, start, unusable: _ => { }));
        }

        if (Directory.Exists(host.StoreHere))
        {
            EndOfStore(Try);
            Try(RemoveDiscarded);
            await TryAsync(RemoveOrphansAsync);
            Try(new MountCatalog(host.Target, host.Locks).Recover);
            Try(host.OpenStore().RemoveAbandoned);
        }

        Try(() => ScratchDirectory.RemoveAbandoned(host.StoreHere));
        return failures;

        void Failed(SysctrException why)
        {
            failures.Add(why);
            host.Note($"warning: {why.Message}");
        }

        async Task TryAsync(Func<Task> end)
        {
            try
            {
                await end();
            }
            catch (Exception e) when (HostFailure.Understand(e) is { } why)
            {
                Failed(why);
            }
        }

        void Try(Action tidy)
        {
            try
            {
                tidy();
            }
            catch (Exception e) when (HostFailure.Understand(e) is { } why)
            {
                Failed(why);
            }
        }
    }

    /// <summary>Ends the transactions of containers whose locks the caller holds, and with them nobody else can be at
    /// these.</summary>
    /// <param name="locked">Their names.</param>
    /// <param name="start">As above.</param>
    /// <param name="unusable">Told of each intent that can't be read; null where that is a failure: nobody knows
    /// whether it is of one of them.</param>
    /// <returns>What has to be locked too before one of them can be ended; none when all are.</returns>
    /// <exception cref="SysctrException">It can't be ended; its intent stays for the next call.</exception>
    public async Task<IReadOnlyList<string>> EndAsync(
        IReadOnlyList<string> locked,
        bool start,
        Action<SysctrException>? unusable = null
    )
    {
        if (locked.Count == 0)
        {
            return [];
        }

        foreach (
            PendingTransaction pending in host.Transactions.Pending(unusable).Where(t => locked.Any(t.Record.Involves))
        )
        {
            string[] missing = [.. pending.Record.Names.Except(locked, StringComparer.Ordinal)];
            if (missing.Length > 0)
            {
                return missing;
            }

            RemoveAbandoned(pending.Record);
            if (await EndAsync(pending, start) is [var (stuck, why), ..])
            {
                SysctrException known = HostFailure.Understand(why)!;
                throw new SysctrException(
                    known.Kind,
                    $"{stuck.Name}: ending {TransactionRecord.Article(pending.Record.Operation)} that was cut off: {known.Message}",
                    known.Hint ?? "the next call of sysctr tries it again; 'sysctr recover' does nothing else",
                    why
                );
            }

            IntentRecords.End(pending.File);
        }

        return [];
    }

    /// <returns>Those of its containers that it can't be ended for, which alone are left in the intent, and
    /// why.</returns>
    private async Task<IReadOnlyList<(ContainerChange Change, Exception Why)>> EndAsync(
        PendingTransaction pending,
        bool start
    )
    {
        TransactionRecord transaction = pending.Record;
        if (transaction.Operation == TransactionKind.Record)
        {
            RecordChange.Finish(host, transaction.Changes[0].After!);
            Say(transaction.Changes[0], "finished it");
            return [];
        }

        if (pending.IsCommitted)
        {
            return await new ContainerSwitch(host).FinishAsync(pending.File, transaction, Finished);
        }

        if (transaction.Operation == TransactionKind.Uninstall)
        {
            return await new ContainerRemover(host).RemoveEachAsync(
                pending.File,
                transaction,
                (change, _) => Finished(change)
            );
        }

        IReadOnlyList<(ContainerChange Change, Exception Why)> left = await new SwitchRollback(host).RunAsync(
            pending.File,
            transaction,
            start
        );
        foreach (ContainerChange back in transaction.Changes.Where(c => left.All(l => l.Change.Name != c.Name)))
        {
            Tell(back, HistoryOutcome.RolledBack);
            Say(back, "rolled it back");
        }

        return left;

        void Finished(ContainerChange change)
        {
            Tell(change, HistoryOutcome.Done);
            Say(change, "finished it");
        }

        void Tell(ContainerChange change, HistoryOutcome outcome) =>
            host.History.Recovered(transaction with { Changes = [change] }, IntentRecords.Id(pending.File), outcome);

        void Say(ContainerChange change, string outcome) =>
            host.Note($"{change.Name}: {TransactionRecord.Article(transaction.Operation)} was cut off; {outcome}");
    }

    /// <summary>What was being written beside the files of a transaction when it was cut.</summary>
    private void RemoveAbandoned(TransactionRecord record)
    {
        ContainerRecord[] records =
        [
            .. record.Changes.SelectMany(c => (ContainerRecord?[])[c.Before, c.After]).OfType<ContainerRecord>(),
        ];
        IEnumerable<string> onHost = records
            .SelectMany(r => r.AllFiles.Select(f => f.Path).Concat(r.HostDirectories.Select(d => d.Path)))
            .Select(p => Path.GetDirectoryName(host.Here(p))!)
            .Concat(records.SelectMany(new StateDirectories(host).SeededIn).Select(host.Here));
        IEnumerable<string> inStore = records
            .Select(r => host.Deployment(r.Name, r.Deployment))
            .SelectMany(d => (string[])[d.ContainerHere, d.Here]);
        foreach (string directory in onHost.Distinct(StringComparer.Ordinal))
        {
            DurableFile.RemoveAbandoned(directory, IsUsed);
        }

        foreach (string directory in inStore.Distinct(StringComparer.Ordinal))
        {
            DurableFile.RemoveAbandoned(directory, IsUsed, protectedToo: true);
        }
    }

    /// <summary>A tree that a repair has replaced while a container ran from it.</summary>
    private static bool IsUsed(string entry) => Directory.Exists(entry) && RootUsers.Any(entry);

    /// <summary>What was discarded beside its place, for that is on another file system than <c>staging/</c>, or
    /// mounted.</summary>
    private void RemoveDiscarded()
    {
        string deployments = Path.Join(host.StoreHere, "deployments");
        string staging = Path.Join(host.StoreHere, "staging");
        if (Directory.Exists(deployments) && Directory.Exists(staging) && !FileIdentity.CanMove(deployments, staging))
        {
            foreach (
                string directory in host
                    .Catalog.DirectoryNames()
                    .Select(n => Path.Join(deployments, n))
                    .Append(deployments)
            )
            {
                DurableFile.RemoveAbandoned(directory, IsUsed, protectedToo: true);
            }
        }
    }

    /// <summary>Ends pulls and prunes. Who works on the store has a lease of it: who has it alone knows that they are
    /// dead.</summary>
    /// <param name="attempt">Does each by itself: one that can't be ended keeps no other from its end.</param>
    private void EndOfStore(Action<Action> attempt)
    {
        if (!host.Transactions.Pending(_ => { }).Any(t => t.Record.IsOfStore))
        {
            return;
        }

        IDisposable? alone = null;
        attempt(() => alone = host.Locks.TryLockStore());
        using IDisposable? held = alone;
        if (held is null)
        {
            return;
        }

        foreach (PendingTransaction pending in host.Transactions.Pending(_ => { }).Where(t => t.Record.IsOfStore))
        {
            attempt(() =>
            {
                new StorePrune(host).Finish(pending.Record);
                IntentRecords.End(pending.File);
                host.Note(
                    $"{TransactionRecord.Article(pending.Record.Operation)} was cut off; {(pending.Record.Operation == TransactionKind.Prune ? "finished it" : "cleared it away")}"
                );
            });
        }
    }

    /// <summary>Removes deployments that were being put together when their process died: no transaction knew them
    /// yet.</summary>
    private async Task RemoveOrphansAsync()
    {
        foreach (string name in host.Catalog.DirectoryNames())
        {
            DeploymentDirectory[] orphans = [.. Orphans(name)];
            using IDisposable? held =
                orphans.Length > 0 || !host.Catalog.IsInstalled(name) ? host.Locks.TryLockContainers([name]) : null;
            if (held is null || host.Transactions.MayInvolve(name))
            {
                continue;
            }

            if (!host.Catalog.IsInstalled(name) && !await IsRunningAsync(host, name))
            {
                if (IsOnHost(host, name))
                {
                    host.Note(
                        $"warning: {host.Deployment(name, 0).CurrentLink} is gone, and the host has the units of '{name}'; 'sysctr fsck --repair' makes it anew"
                    );
                    continue;
                }

                host.Discard(host.Deployment(name, 0).ContainerHere);
            }

            foreach (DeploymentDirectory orphan in orphans)
            {
                TreeRemoval.RemoveProtected(orphan.Staged);
            }
        }
    }

    /// <summary>Whether the host has the units of one of a container's deployments: then it was in use, whatever the
    /// links say.</summary>
    internal static bool IsOnHost(Host host, string name) =>
        host.Catalog.Numbers(name).Any(number => IsOnHost(host, name, number));

    private static bool IsOnHost(Host host, string name, int number)
    {
        try
        {
            return host.Catalog.Find(name, number)
                    ?.Units.Any(u => HostFileFacts.DigestOf(host.Here(u.Path)) == u.Sha256) == true;
        }
        catch (SysctrException)
        {
            // Its record can't be read: what it has on the host nobody knows.
            return true;
        }
    }

    /// <summary>What a <c>run</c> whose sysctr was killed has left still goes on.</summary>
    internal static async Task<bool> IsRunningAsync(Host host, string name) =>
        host.Systemd.IsBooted
        && await host.Systemd.GetStatesAsync([name + ".service"], CancellationToken.None)
            is [{ ActiveState: "active" or "activating" or "deactivating" }];

    private IEnumerable<DeploymentDirectory> Orphans(string name) =>
        host.Catalog.StagedNumbers(name).Select(number => host.Deployment(name, number));
}
