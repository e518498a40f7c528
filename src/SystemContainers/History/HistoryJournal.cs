// SPDX-License-Identifier: Apache-2.0

using SystemContainers.State;

namespace SystemContainers.History;

/// <summary>An entry as fields of the journal (systemd.journal-fields(7)).</summary>
static class HistoryJournal
{
    // One for each outcome, for 'journalctl MESSAGE_ID=…'; they never change.
    private const string DoneId = "5941aecb92304647a3ebde85a5cc35b6";
    private const string FailedId = "4c14eb44da944ea1b9ac5589ad921653";
    private const string RolledBackId = "4fe733d8449a420eb0d6fd83f45fcec7";
    private const string HeldId = "c0a6f2b7d5e84b0f9d3b1e6a47f2c958";

    private const string Error = "3";
    private const string Notice = "5";

    /// <summary>The fields; OBJECT_SYSTEMD_UNIT has <c>journalctl -u NAME</c> show the entry with the container's
    /// own.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Fields(HistoryEntry entry)
    {
        (string Name, string? Value)[] fields =
        [
            ("MESSAGE", Message(entry)),
            (
                "MESSAGE_ID",
                entry.Outcome switch
                {
                    HistoryOutcome.Done => DoneId,
                    HistoryOutcome.Failed => FailedId,
                    HistoryOutcome.Held => HeldId,
                    _ => RolledBackId,
                }
            ),
            ("PRIORITY", entry.Outcome == HistoryOutcome.Done ? Notice : Error),
            ("SYSLOG_IDENTIFIER", "sysctr"),
            ("OBJECT_SYSTEMD_UNIT", entry.Container is { } name ? name + ".service" : null),
            ("SYSCTR_OPERATION", entry.Operation),
            ("SYSCTR_CONTAINER", entry.Container),
            ("SYSCTR_BY", entry.By.Name),
            ("SYSCTR_FROM", entry.From?.Deployment.ToString()),
            ("SYSCTR_FROM_IMAGE", entry.From?.Image),
            ("SYSCTR_FROM_DIGEST", entry.Image?.From ?? entry.From?.Digest),
            ("SYSCTR_TO", entry.To?.Deployment.ToString()),
            ("SYSCTR_IMAGE", entry.Image?.Reference ?? (entry.To ?? entry.From)?.Image),
            ("SYSCTR_DIGEST", entry.Image?.To ?? (entry.To ?? entry.From)?.Digest),
            ("SYSCTR_OUTCOME", HistoryOutcomeConverter.Name(entry.Outcome)),
            ("SYSCTR_REASON", entry.Reason),
            (
                "SYSCTR_RIGHTS",
                entry.Rights is { } rights
                    ? string.Join('\n', rights.Select(r => $"{r.Class} {r.Detail}".TrimEnd()))
                    : null
            ),
            ("SYSCTR_GRANTED", entry.Granted is { Count: > 0 } granted ? string.Join(' ', granted) : null),
            ("SYSCTR_EXIT_CODE", entry.ExitCode.ToString()),
            ("SYSCTR_FAILED_JOURNAL", entry.Journal),
            ("SYSCTR_TRANSACTION", entry.Transaction),
        ];
        return fields.Where(f => f.Value is not null).Select(f => KeyValuePair.Create(f.Name, f.Value!));
    }

    private static string Message(HistoryEntry entry) =>
        Errors.VisibleText.Line(
            $"{entry.Subject}: {entry.Operation} by {entry.By.Name}: {HistoryText.Outcome(entry)}"
                + (
                    HistoryText.From(entry) == "-" && HistoryText.To(entry) == "-"
                        ? ""
                        : $" ({HistoryText.From(entry)} to {HistoryText.To(entry)})"
                )
        );
}
