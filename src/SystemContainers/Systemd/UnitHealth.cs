// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Systemd;

/// <summary>Whether a service that was started is still up, by what systemd says of it.</summary>
static class UnitHealth
{
    /// <summary>In place of a job's result: the service ended with success, but was to stay up.</summary>
    public const string Ended = "ended";

    /// <summary>In place of a job's result: Restart= has hidden its end.</summary>
    public const string Restarted = "restarted";

    /// <summary>What a start by hand waits: a payload that is not meant to say when it is ready has this long to die of
    /// what is wrong with it.</summary>
    public static readonly TimeSpan Briefly = TimeSpan.FromMilliseconds(500);

    /// <summary>What is wrong with a service, as a job's result; null where nothing is.</summary>
    /// <param name="service">It, as it is now.</param>
    /// <param name="mayEnd">Whether it may have ended with success, whatever it is.</param>
    public static string? Failure(UnitStatus service, bool mayEnd) =>
        service switch
        {
            { Result: not "success" } => "failed",
            { Restarts: > 0 } => Restarted,

            // A condition that does not hold gives "inactive" with "success" too.
            _ => service.IsUp || mayEnd || service.IsTriggered || service.Type == "oneshot" ? null : Ended,
        };

    /// <summary>Whether there is nothing left to watch of a service that has not failed: it has done its
    /// work.</summary>
    public static bool IsOver(UnitStatus service) => !service.IsUp || service.Type == "oneshot";
}
