// SPDX-License-Identifier: Apache-2.0

using System.Runtime.CompilerServices;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Processes;
using SystemContainers.Rights;
using SystemContainers.State;

namespace SystemContainers.History;

/// <summary>
/// Keeps what was done to containers and images, by whom and how it ended: in <c>history.jsonl</c> of the store and in
/// the host's journal.
/// </summary>
/// <remarks>
/// An entry is written once the outcome is certain, and before the transaction's intent record goes: whoever ends a
/// transaction that was cut off writes it. What can't be written is said and changes no outcome: an update that went
/// well must not be rolled back, nor a failure hidden, because a disk is full.
/// </remarks>
/// <param name="store">The store's directory, which need not be there yet.</param>
/// <param name="root">The system's root directory; only of the running one the journal is told too.</param>
/// <param name="hold">Locks the file against other processes.</param>
/// <param name="catalog">What is installed.</param>
/// <param name="outcome">Gets what is recorded.</param>
/// <param name="note">Told what can't be written or read.</param>
sealed class HistoryLog(
    string store,
    string root,
    Func<IDisposable> hold,
    ContainerCatalog catalog,
    CallOutcome outcome,
    Action<string> note
)
{
    private const int ReasonLimit = 4000;
    private const int InterruptedExitCode = 130;

    private readonly ConditionalWeakTable<Exception, string[]> _told = [];
    private readonly HashSet<Exception> _recorded = new(ReferenceEqualityComparer.Instance);

    /// <summary>What there is of the transaction that was ended last.</summary>
    private (string? Transaction, HashSet<(string Container, HistoryOutcome Outcome)> Of) _entries = (null, []);

    private HistoryFile File => new(Path.Join(store, "history.jsonl"), hold);

    /// <summary>The entries, oldest first.</summary>
    /// <param name="container">Of this container only, or of the image of this full reference; null for all.</param>
    /// <param name="last">The latest of them only; null for all.</param>
    public IReadOnlyList<HistoryEntry> Read(string? container, int? last)
    {
        HistoryEntry[] entries = [.. File.Read().Where(e => container is null || e.IsAbout(container))];
        return last < entries.Length ? entries[^last.Value..] : entries;
    }

    /// <summary>Runs an operation on containers; a failure that its transaction has not recorded is recorded
    /// here.</summary>
    /// <param name="operation">The verb.</param>
    /// <param name="names">The containers.</param>
    /// <param name="run">Takes what its transaction shall say of the origin.</param>
    public async Task<T> RunAsync<T>(string operation, IReadOnlyList<string> names, Func<HistoryOrigin, Task<T>> run)
    {
        HistoryOrigin origin = HistoryOrigin.Now();
        try
        {
            return await run(origin);
        }
        catch (Exception e)
        {
            // A command line that makes no sense is nothing that happened to a container.
            if (!IsRecorded(e) && e is not SysctrException { Kind: ErrorKind.Usage })
            {
                // Nor is a name that nothing has: neither a container nor, for an install, an image.
                bool notFound = e is SysctrException { Kind: ErrorKind.NotFound };
                foreach (
                    string name in names
                        .Except(_told.TryGetValue(e, out string[]? told) ? told : [], StringComparer.Ordinal)
                        .Where(n => !notFound || catalog.IsInstalled(n))
                )
                {
                    Add(
                        Failure(operation, name, origin, HistoryOutcome.Failed, e) with
                        {
                            From = HistoryDeployment.Of(FindQuietly(name)),
                        }
                    );
                }
            }

            throw;
        }
    }

    /// <summary>Runs an operation on an image; a failure is recorded here, and what was done by
    /// <paramref name="run"/>.</summary>
    /// <param name="operation">The verb.</param>
    /// <param name="image">The image's reference, as far as it is known.</param>
    /// <param name="run">Takes the origin for its entries.</param>
    public async Task<T> RunOnImageAsync<T>(string operation, string image, Func<HistoryOrigin, Task<T>> run)
    {
        HistoryOrigin origin = HistoryOrigin.Now();
        try
        {
            return await run(origin);
        }
        catch (Exception e)
        {
            if (!IsRecorded(e) && e is not SysctrException { Kind: ErrorKind.Usage or ErrorKind.NotFound })
            {
                Add(Failed(OfImage(operation, new HistoryImage(image), origin), HistoryOutcome.Failed, e));
            }

            throw;
        }
    }

    /// <summary>A transaction is committed, or an uninstall is over.</summary>
    public void Done(TransactionRecord transaction, string id)
    {
        HistoryOrigin origin = transaction.Origin ?? HistoryOrigin.Now();
        foreach (ContainerChange change in transaction.Changes)
        {
            Add(
                Success(transaction.Verb, change.Name, origin) with
                {
                    From = HistoryDeployment.Of(change.Before),
                    To = HistoryDeployment.Of(change.After),
                    Granted = (change.After?.Grants ?? [])
                        .Except(change.Before?.Grants ?? [], StringComparer.Ordinal)
                        .ToArray()
                        is { Length: > 0 } granted
                        ? granted
                        : null,
                    Transaction = id,
                }
            );
        }
    }

    /// <summary>An update waits for a grant, and nothing was changed.</summary>
    /// <param name="before">The deployment in use.</param>
    /// <param name="after">The one that was not made.</param>
    /// <param name="held">What it waits for.</param>
    /// <param name="why">The error that is thrown for it.</param>
    public void Held(
        ContainerRecord before,
        ContainerRecord after,
        HeldUpdate held,
        HistoryOrigin origin,
        SysctrException why
    ) =>
        Add(
            Failure("update", before.Name, origin, HistoryOutcome.Held, why) with
            {
                From = HistoryDeployment.Of(before),
                To = HistoryDeployment.Of(after),
                Rights = held.Rights,
            }
        );

    /// <summary>A failure has its entries, for these containers, and <see cref="RunAsync"/> adds those of the others
    /// alone.</summary>
    public void Recorded(Exception why, IEnumerable<string> containers) => _told.AddOrUpdate(why, [.. containers]);

    /// <summary>A transaction failed, and the host is as before.</summary>
    /// <param name="transaction">What it was to do.</param>
    /// <param name="why">The failure.</param>
    /// <param name="journals">Of <c>FailedStarts</c>, by container.</param>
    public void RolledBack(
        TransactionRecord transaction,
        string id,
        Exception why,
        IReadOnlyDictionary<string, string> journals
    )
    {
        _recorded.Add(why);
        HistoryOrigin origin = transaction.Origin ?? HistoryOrigin.Now();
        foreach (ContainerChange change in transaction.Changes)
        {
            Add(
                Failure(transaction.Verb, change.Name, origin, HistoryOutcome.RolledBack, why) with
                {
                    From = HistoryDeployment.Of(change.Before),
                    To = HistoryDeployment.Of(change.After),
                    Journal = journals.GetValueOrDefault(change.Name),
                    Transaction = id,
                }
            );
        }
    }

    /// <summary>A transaction whose process died was ended by this one.</summary>
    /// <param name="transaction">What it was to do.</param>
    /// <param name="outcome">Done: it was finished; RolledBack: the host is as before it.</param>
    public void Recovered(TransactionRecord transaction, string id, HistoryOutcome outcome)
    {
        // Its process may have died between an entry and the next, or the end of the intent. Read once: whoever ends a
        // transaction has its containers locked.
        if (_entries.Transaction != id)
        {
            _entries = (
                id,
                [.. ReadQuietly().Where(e => e.Transaction == id).Select(e => (e.Container ?? "", e.Outcome))]
            );
        }

        HistoryOrigin origin = transaction.Origin ?? HistoryOrigin.Now();
        foreach (ContainerChange change in transaction.Changes.Where(c => _entries.Of.Add((c.Name, outcome))))
        {
            Add(
                new HistoryEntry
                {
                    StartedAt = origin.StartedAt,
                    Operation = transaction.Verb,
                    Container = change.Name,
                    By = origin.By,
                    From = HistoryDeployment.Of(change.Before),
                    To = HistoryDeployment.Of(change.After),
                    Outcome = outcome,
                    Reason = outcome == HistoryOutcome.Done ? null : "it was cut off",
                    ExitCode = outcome == HistoryOutcome.Done ? 0 : (int)ErrorKind.Failed,
                    Recovered = true,
                    Transaction = id,
                }
            );
        }
    }

    /// <summary>An entry of something that was done, for operations that are no transaction.</summary>
    public static HistoryEntry Success(string operation, string container, HistoryOrigin origin) =>
        OfImage(operation, image: null, origin) with
        {
            Container = container,
        };

    /// <summary>An entry of something that was done to an image, or to the store as a whole.</summary>
    public static HistoryEntry OfImage(string operation, HistoryImage? image, HistoryOrigin origin) =>
        new()
        {
            StartedAt = origin.StartedAt,
            Seconds = origin.Elapsed(),
            Operation = operation,
            Image = image,
            By = origin.By,
            Outcome = HistoryOutcome.Done,
        };

    /// <summary>Writes an entry to the history and to the journal; where that fails it is said, and nothing
    /// else.</summary>
    public void Add(HistoryEntry entry)
    {
        outcome.Add(entry);
        try
        {
            File.Append(entry);
        }
        catch (Exception e) when (e is SysctrException or IOException or UnauthorizedAccessException)
        {
            note($"{entry.Subject}: warning: this {entry.Operation} is missing from the history: {e.Message}");
        }

        // A system below a directory has a journal of its own, and it does not run.
        if (root == "/")
        {
            JournalSocket.Send(HistoryJournal.Fields(entry));
        }
    }

    /// <summary>Whether it, or what it was made of, was recorded; if not, it counts as recorded from now on.</summary>
    private bool IsRecorded(Exception failure)
    {
        for (Exception? e = failure; e is not null; e = e.InnerException)
        {
            if (_recorded.Contains(e))
            {
                return true;
            }
        }

        _recorded.Add(failure);
        return false;
    }

    private static HistoryEntry Failure(
        string operation,
        string container,
        HistoryOrigin origin,
        HistoryOutcome outcome,
        Exception why
    ) => Failed(Success(operation, container, origin), outcome, why);

    private static HistoryEntry Failed(HistoryEntry entry, HistoryOutcome outcome, Exception why)
    {
        SysctrException? known = HostFailure.Understand(why);
        string reason = why is OperationCanceledException ? "interrupted" : OneLine.Of(known?.Message ?? why.Message);
        return entry with
        {
            Outcome = outcome,
            Reason = reason.Length > ReasonLimit ? reason[..ReasonLimit] + "…" : reason,
            ExitCode = why is OperationCanceledException ? InterruptedExitCode : (int)(known?.Kind ?? ErrorKind.Failed),
        };
    }

    /// <summary>A history that can't be read must not keep a transaction from its end.</summary>
    private IReadOnlyList<HistoryEntry> ReadQuietly()
    {
        try
        {
            return Read(container: null, last: null);
        }
        catch (Exception e) when (e is SysctrException or IOException or UnauthorizedAccessException)
        {
            note($"warning: reading the history: {e.Message}");
            return [];
        }
    }

    private ContainerRecord? FindQuietly(string name)
    {
        try
        {
            return catalog.Find(name);
        }
        catch (SysctrException)
        {
            return null;
        }
    }
}
