// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux;

namespace SystemContainers.State;

/// <summary>
/// What holds after a call that failed or was interrupted, in words for the user. It knows what the call recorded in
/// the history and which intents it began, so that nobody has to guess: "nothing was changed" is said only where no
/// step that changes state was taken.
/// </summary>
sealed class CallOutcome
{
    private readonly Lock _lock = new();
    private readonly List<HistoryEntry> _entries = [];
    private readonly List<(string File, TransactionRecord Record)> _begun = [];

    /// <summary>How many steps were begun before the first entry; writing it is a step too, but changes no more than
    /// the history.</summary>
    private int? _passedBefore;

    /// <summary>The intents of this call that nobody has ended yet.</summary>
    public IReadOnlyList<PendingTransaction> Left
    {
        get
        {
            lock (_lock)
            {
                return [.. _begun.Select(Find).OfType<PendingTransaction>()];
            }
        }
    }

    /// <summary>Whether some container or image is in another state than before the call, or may be.</summary>
    public bool HasChanges
    {
        get
        {
            lock (_lock)
            {
                return _entries.Exists(e => e.Outcome != HistoryOutcome.Failed) || Left.Count > 0;
            }
        }
    }

    /// <summary>A history entry of this call; what an earlier one had begun and this one ended is no part of its
    /// outcome.</summary>
    public void Add(HistoryEntry entry)
    {
        if (!entry.Recovered)
        {
            lock (_lock)
            {
                _passedBefore ??= FaultPoint.Passed;
                _entries.Add(entry);
            }
        }
    }

    /// <summary>An intent of this call is durable.</summary>
    public void Began(string file, TransactionRecord record)
    {
        lock (_lock)
        {
            _begun.Add((file, record));
        }
    }

    /// <summary>One line: what was done, what was rolled back, what is left for recovery; or that nothing was
    /// changed.</summary>
    public string Describe()
    {
        lock (_lock)
        {
            IReadOnlyList<PendingTransaction> left = Left;
            HashSet<string> open = [.. left.SelectMany(t => t.Record.Names)];
            HistoryEntry[] ended = [.. _entries.Where(e => !open.Contains(e.Subject))];
            if (left.Count == 0 && ended.All(e => e.Outcome == HistoryOutcome.Failed))
            {
                return (_passedBefore ?? FaultPoint.Passed) == 0 ? "nothing was changed"
                    : ended.Any(e => e.Container is not null) ? "no container was changed"
                    : ended.Length > 0 ? "no image was changed"
                    : "what was begun may be done in part";
            }

            return string.Join(
                "; ",
                ended.Select(DescribeEnd).Concat(left.Select(DescribeLeft)).Distinct(StringComparer.Ordinal)
            );
        }
    }

    private static string DescribeEnd(HistoryEntry entry) =>
        entry.Outcome switch
        {
            HistoryOutcome.Done => $"{entry.Subject}: {entry.Operation} is done",
            HistoryOutcome.RolledBack => $"{entry.Subject}: {entry.Operation} is rolled back, all is as before",
            _ => $"{entry.Subject}: was not changed",
        };

    private static string DescribeLeft(PendingTransaction left)
    {
        string whose = left.Record.IsOfStore ? "the store" : string.Join(", ", left.Record.Names);
        bool forward =
            left.IsCommitted
            || left.Record.Operation is TransactionKind.Uninstall or TransactionKind.Prune or TransactionKind.Record;
        return $"{whose}: {left.Record.Verb} is left interrupted; the next call of sysctr, or the next boot, {(forward ? "finishes it" : "rolls it back")}";
    }

    private static PendingTransaction? Find((string File, TransactionRecord Record) begun)
    {
        string committed = IntentRecords.CommittedName(begun.File);
        string? file =
            File.Exists(committed) ? committed
            : File.Exists(begun.File) ? begun.File
            : null;
        try
        {
            // It says what is left, which may be less than what was begun.
            return file is null ? null : IntentRecords.Read(file);
        }
        catch (Exception e) when (e is SysctrException or IOException or UnauthorizedAccessException)
        {
            return new PendingTransaction(file!, file == committed, begun.Record);
        }
    }
}
