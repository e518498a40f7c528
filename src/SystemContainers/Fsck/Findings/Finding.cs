// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;

namespace SystemContainers.Fsck.Findings;

/// <summary>Something that is not as it should be.</summary>
/// <param name="Severity">How much it matters.</param>
/// <param name="Kind">One of <see cref="FindingKind"/>.</param>
/// <param name="Path">Where, as this process sees it.</param>
/// <param name="Text">What is wrong with that path, in one line: "was altered".</param>
/// <param name="Advice">What to do, or what was done; null where there is nothing to do.</param>
sealed record Finding(FindingSeverity Severity, string Kind, string Path, string Text, string? Advice)
{
    /// <summary>Whether it was mended by this call.</summary>
    public bool Mended { get; init; }

    /// <summary>Whether it makes the exit status 7.</summary>
    [JsonIgnore]
    public bool IsLeft => Severity == FindingSeverity.Error && !Mended;

    /// <summary><c>error: KIND: PATH TEXT; ADVICE</c>.</summary>
    public override string ToString() =>
        $"{(Mended ? "mended" : Severity.ToString().ToLowerInvariant())}: {Kind}: {Path} {Text}{(Advice is null ? "" : "; " + Advice)}";
}
