// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;

namespace SystemContainers.HostTests.Faults;

/// <summary>What <c>sweep.py</c> found: one operation, broken at every point of one kind.</summary>
/// <param name="Where">offline, booted or user.</param>
/// <param name="Cut">kill, enospc, eio or strace.</param>
/// <param name="Operation">install, update, rollback, uninstall or prune.</param>
/// <param name="Points">How many points there are.</param>
/// <param name="Old">After how many of them the next call left the old state.</param>
/// <param name="New">After how many it left the new state.</param>
/// <param name="Missed">How many calls went on to their end as if nothing had been broken.</param>
/// <param name="Seconds">Wall clock for all of them.</param>
/// <param name="Failures">What was neither, with all that was said.</param>
sealed record SweepResult(
    string Where,
    string Cut,
    string Operation,
    int Points,
    int Old,
    int New,
    int Missed,
    double Seconds,
    IReadOnlyList<JsonElement> Failures
)
{
    private static readonly JsonSerializerOptions s_lowerCase = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
    };

    public static SweepResult Parse(string line) => JsonSerializer.Deserialize<SweepResult>(line, s_lowerCase)!;

    /// <summary>A row of the table in the tests' output.</summary>
    public string Row =>
        $"{Where,-8} {Cut,-7} {Operation,-10} {Points,5} points {Old,5} old {New,5} new {Failures.Count,3} wrong {Seconds,6:0} s";
}
