// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Bench.Report;

/// <summary>What a row gave.</summary>
/// <param name="Row">Its name.</param>
/// <param name="Title">What was measured, against what.</param>
/// <param name="Unit">Of <paramref name="Value"/>: "times" of a peer, "s", "MiB", "exponent".</param>
/// <param name="Value">The one number that the target is about.</param>
/// <param name="Bound">The target: the most that it may be.</param>
/// <param name="Samples">What was measured; none where the number is all.</param>
/// <param name="Note">What has to be known with it: a scale, what was taken off.</param>
/// <param name="When">When it was measured.</param>
/// <param name="Load">The machine's load average then, before the row: on a busy machine only ratios mean
/// something.</param>
sealed record Outcome(
    string Row,
    string Title,
    string Unit,
    double Value,
    double Bound,
    IReadOnlyList<Sample> Samples,
    string Note,
    DateTimeOffset When,
    double Load
)
{
    /// <summary>Whether the target holds.</summary>
    public bool Holds => Value <= Bound;
}
