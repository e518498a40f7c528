// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Fsck.Findings;
using SystemContainers.State;
using SystemContainers.Store;
using SystemContainers.Target;

namespace SystemContainers.Fsck;

/// <summary>What dead processes have begun: intents, staging directories, files that were being written. Live ones hold
/// locks on theirs.</summary>
sealed class TransactionCheck(IntentRecords intents, ContentStore store, FindingLog log)
{
    /// <summary>Containers that intents name which nobody has ended; their state is not judged.</summary>
    public HashSet<string> Concerned { get; } = new(StringComparer.Ordinal);

    public void Run()
    {
        foreach (string file in intents.Files())
        {
            try
            {
                Check(IntentRecords.Read(file));
            }
            catch (FileNotFoundException)
            {
                // Its process has ended it since the directory was read.
            }
            catch (SysctrException e)
            {
                log.Error(
                    FindingKind.InterruptedTransaction,
                    file,
                    $"can't be read ({e.Message})",
                    "move it away, and look at the containers with 'sysctr list'"
                );
            }
        }

        foreach (string directory in store.AbandonedStaging())
        {
            log.Error(
                FindingKind.Leftover,
                directory,
                "is what a killed process was adding to the store, or could not remove",
                FsckAdvice.NextCall
            );
        }
    }

    private void Check(PendingTransaction pending)
    {
        using IDisposable? held = pending.Record.IsOfStore
            ? store.Locks.TryLockStore()
            : LockSet.Take(pending.Record.Names, store.Locks.TryLockContainer);
        if (held is not null && File.Exists(pending.File))
        {
            Concerned.UnionWith(pending.Record.Names);
            string names = pending.Record.IsOfStore ? "" : $" of {string.Join(", ", pending.Record.Names)}";
            log.Error(
                FindingKind.InterruptedTransaction,
                pending.File,
                $"is {TransactionRecord.Article(pending.Record.Operation)}{names} that was cut off",
                FsckAdvice.NextCall
            );
        }
    }
}
