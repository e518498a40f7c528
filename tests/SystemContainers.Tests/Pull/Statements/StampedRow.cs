// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Tests.Pull.Statements;

/// <summary>A bundle of <see cref="StampedSamples"/>, right or wrong in one way.</summary>
/// <param name="How">Which way.</param>
/// <param name="Why">A part of the sentence why it is refused here; null where it counts.</param>
/// <param name="Entries">What logs say: <c>v2</c>, <c>v1</c> for a promise and a proof, <c>v1 promise</c> for both
/// where timestamps don't matter to cosign, <c>v1 proof</c>, <c>none</c>, or several, with commas.</param>
/// <param name="By">Who signed: an <c>identity</c>, one that is judged <c>without log</c>, or a <c>key</c>.</param>
/// <param name="Stricter">Why cosign takes it and we don't, where that is so.</param>
sealed record StampedRow(
    string How,
    string? Why = null,
    string Entries = "v2",
    string By = "identity",
    string? Stricter = null
)
{
    /// <summary>What cosign is asked beside the image and who signed it. Where an entry says a time it has to be told
    /// that timestamps count.</summary>
    public string[] CosignFlags =>
        By switch
        {
            "key" => [],
            "without log" => ["--insecure-ignore-tlog", "--use-signed-timestamps"],
            _ => (Entries.Contains("v1", StringComparison.Ordinal) && Entries != "v1 promise")
            || Entries.EndsWith("time", StringComparison.Ordinal)
                ? ["--use-signed-timestamps"]
                : [],
        };
}
