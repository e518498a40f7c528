// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Transactions.Health;

/// <summary>How containers are that were started and are well.</summary>
/// <param name="Healthy">Names of those whose own check was made and holds.</param>
/// <param name="Ended">Names of those that are inactive, and have not failed: the payload has done its work, or a
/// condition of the unit kept it from it.</param>
/// <param name="Waiting">Names of those of which only sockets or timers were started, that start the payload when it is
/// wanted.</param>
sealed record StartOutcome(IReadOnlyList<string> Healthy, IReadOnlyList<string> Ended, IReadOnlyList<string> Waiting)
{
    /// <summary>Where nothing was started.</summary>
    public static readonly StartOutcome Nothing = new([], [], []);

    /// <summary>What is said of one that was started: <c>running and healthy</c>.</summary>
    public string Words(string name) =>
        Healthy.Contains(name, StringComparer.Ordinal) ? "running and healthy"
        : Ended.Contains(name, StringComparer.Ordinal)
            ? "does not run: it has ended with success, or a condition of its unit does not hold"
        : Waiting.Contains(name, StringComparer.Ordinal) ? "waiting for its socket or timer"
        : "running";

    /// <summary>Both.</summary>
    public StartOutcome With(StartOutcome other) =>
        new([.. Healthy, .. other.Healthy], [.. Ended, .. other.Ended], [.. Waiting, .. other.Waiting]);
}
