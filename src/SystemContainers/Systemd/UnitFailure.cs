// SPDX-License-Identifier: Apache-2.0

using System.Text.RegularExpressions;
using SystemContainers.Errors;
using SystemContainers.Linux.Users;
using SystemContainers.Systemd.Journal;

namespace SystemContainers.Systemd;

/// <summary>Why a unit did not start or stop, in words: the job's result, how the process ended, the journal's last
/// lines.</summary>
static partial class UnitFailure
{
    private const int JournalLines = 10;

    /// <summary>How a hint begins that says no more than where to look.</summary>
    private const string Look = "'systemctl";

    /// <summary>A unit did not start or stop, or did not stay up.</summary>
    /// <param name="doing">starting, restarting, stopping.</param>
    /// <param name="status">The unit as it is now.</param>
    /// <param name="jobResult">As systemd calls it, or as <see cref="UnitHealth.Failure"/> does.</param>
    /// <param name="user">Whose unit; null for the system's.</param>
    public static async Task<SysctrException> OfAsync(string doing, UnitStatus status, string jobResult, HostUser? user)
    {
        string unit = status.Name;
        string option = user is null ? "" : "--user ";
        string message = $"{doing} {unit}: {Reason(jobResult, status)}";

        // It had no life of its own then: what the journal has is of an earlier one.
        bool lived =
            doing != "stopping"
            && jobResult is not ("dependency" or "canceled" or "skipped" or "invalid" or "unsupported" or "assert");
        IReadOnlyList<string> said = lived
            ? await UnitJournal.ExcerptAsync(
                unit,
                user,
                ended: jobResult is "failed" or UnitHealth.Restarted or UnitHealth.Ended,
                JournalLines
            )
            : [];
        return new SysctrException(
            ErrorKind.Unit,
            WithJournal(message, said),
            jobResult == "dependency"
                ? $"a unit that it needs has failed: 'systemctl {option}list-dependencies {unit}' shows which"
                : ReadOnlyHint(said) ?? $"{Look} {option}status {unit}' and 'journalctl {option}-u {unit}' tell more"
        );
    }

    /// <summary>The hint of a failure where it says what to do, and not alone where to look: that is another place once
    /// the unit is as it was before.</summary>
    public static string? Remedy(SysctrException failure) =>
        failure.Hint is { } hint && !hint.StartsWith(Look, StringComparison.Ordinal) ? hint : null;

    /// <summary>What to do where a program could not write for its file system is read-only; null where it did not say
    /// so.</summary>
    /// <param name="said">Lines of the journal.</param>
    internal static string? ReadOnlyHint(IReadOnlyList<string> said) =>
        said.Any(IsReadOnly)
            ? $"its root is read-only, and it writes to {ReadOnlyPath(said) ?? "it"}: '--tmpfs DIR' or '--volume NAME:DIR' with the directory that it needs, or '--writable volatile', lets it"
            : null;

    /// <summary>The path that a program could not write to for its file system is read-only (EROFS in words,
    /// strerror(3)), as the last line that says so names it; null for none.</summary>
    /// <param name="said">Lines of the journal.</param>
    internal static string? ReadOnlyPath(IEnumerable<string> said) =>
        said.Reverse().Where(IsReadOnly).Select(l => NamedPath().Match(l)).FirstOrDefault(m => m.Success)?.Value;

    private static bool IsReadOnly(string line) => line.Contains("ead-only file system", StringComparison.Ordinal);

    /// <summary>A unit runs, but not well.</summary>
    /// <param name="unit">Its name.</param>
    /// <param name="reason">What the last check gave.</param>
    /// <param name="seconds">How long it was checked.</param>
    /// <param name="user">Whose unit; null for the system's.</param>
    public static async Task<SysctrException> UnhealthyAsync(
        string unit,
        string reason,
        double seconds,
        HostUser? user
    ) =>
        new(
            ErrorKind.Unit,
            WithJournal(
                $"checking the health of {unit}: {reason}, for {seconds:0.#} s",
                await UnitJournal.ExcerptAsync(unit, user, ended: false, JournalLines)
            ),
            $"{Look} {(user is null ? "" : "--user ")}status {unit}' and 'journalctl {(user is null ? "" : "--user ")}-u {unit}' tell more"
        );

    /// <summary>The result in a sentence; systemd's own words stay in it, for people search for them.</summary>
    public static string Reason(string jobResult, UnitStatus status) =>
        jobResult switch
        {
            "dependency" => "a unit that it needs did not start (dependency)",
            "canceled" => "another request cancelled it (canceled)",
            "timeout" => "systemd gave up waiting for the job (timeout)",
            "skipped" => "a condition of the unit does not hold (skipped)",
            UnitHealth.Ended => $"it ended with status {status.ExecMainStatus} instead of staying up ({status.Result})",
            UnitHealth.Restarted => "it ended and was started again by its Restart= instead of staying up",
            "invalid" or "unsupported" or "assert" => $"systemd refuses it ({jobResult})",
            _ => status.Result switch
            {
                "exit-code" when status.ExecMainStatus == 0 => "a command of it failed (exit-code)",
                "exit-code" => $"its process exited with status {status.ExecMainStatus} (exit-code)",
                "signal" => $"its process was killed by signal {status.ExecMainStatus} (signal)",
                "core-dump" => $"its process crashed with signal {status.ExecMainStatus} (core-dump)",
                "timeout" => "it took longer than its timeout (timeout)",
                "watchdog" => "it gave no sign of life (watchdog)",
                "protocol" => "it ended before it said that it is ready (protocol)",
                "start-limit-hit" => "it was started too often in too short a time (start-limit-hit)",
                "oom-kill" => "the kernel killed it for lack of memory (oom-kill)",
                "resources" => "systemd could not set it up (resources)",
                _ when HasNewLife(jobResult, status) => "it failed, and its Restart= starts it again",
                "" or "success" => $"the job ended as '{jobResult}'",
                _ => $"it failed ({status.Result})",
            },
        };

    /// <summary>What failed was the life before the one that systemd speaks of.</summary>
    private static bool HasNewLife(string jobResult, UnitStatus status) =>
        jobResult == "failed" && status.Result == "success";

    private static string WithJournal(string message, IEnumerable<string> said) =>
        string.Join("\n  | ", said.Prepend(message));

    // An absolute path, in quotes or not; the program's own comes first in its line, before a colon.
    [GeneratedRegex(
        @"(?<=[\s'""`(=])/[^\s:'""`)]+",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: Timeout.Infinite
    )]
    private static partial Regex NamedPath();
}
