// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux.Users;
using SystemContainers.Systemd.Journal;

namespace SystemContainers.Systemd;

/// <summary>Why a unit did not start or stop, in words: the job's result, how the process ended, the journal's last lines.</summary>
static class UnitFailure
{
    private const int JournalLines = 10;

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
        return new SysctrException(
            ErrorKind.Unit,
            // It had no life of its own then: what the journal has is of an earlier one.
            doing == "stopping" || jobResult is "dependency" or "canceled" or "skipped" or "invalid" or "unsupported" or "assert" ? message
                : await WithJournalAsync(message, unit, ended: jobResult is "failed" or UnitHealth.Restarted or UnitHealth.Ended, user),
            jobResult == "dependency"
                ? $"a unit that it needs has failed: 'systemctl {option}list-dependencies {unit}' shows which"
                : $"'systemctl {option}status {unit}' and 'journalctl {option}-u {unit}' tell more");
    }

    /// <summary>A unit runs, but not well.</summary>
    /// <param name="unit">Its name.</param>
    /// <param name="reason">What the last check gave.</param>
    /// <param name="seconds">How long it was checked.</param>
    /// <param name="user">Whose unit; null for the system's.</param>
    public static async Task<SysctrException> UnhealthyAsync(string unit, string reason, double seconds, HostUser? user) => new(
        ErrorKind.Unit, await WithJournalAsync($"checking the health of {unit}: {reason}, for {seconds:0.#} s", unit, ended: false, user),
        $"'systemctl {(user is null ? "" : "--user ")}status {unit}' and 'journalctl {(user is null ? "" : "--user ")}-u {unit}' tell more");

    /// <summary>The result in a sentence; systemd's own words stay in it, for people search for them.</summary>
    public static string Reason(string jobResult, UnitStatus status) => jobResult switch
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
    private static bool HasNewLife(string jobResult, UnitStatus status) => jobResult == "failed" && status.Result == "success";

    private static async Task<string> WithJournalAsync(string message, string unit, bool ended, HostUser? user) =>
        string.Join("\n  | ", (await UnitJournal.ExcerptAsync(unit, user, ended, JournalLines)).Prepend(message));
}
