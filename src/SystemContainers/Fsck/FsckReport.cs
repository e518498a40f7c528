// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;
using SystemContainers.Errors;
using SystemContainers.Fsck.Findings;

namespace SystemContainers.Fsck;

/// <summary>What <c>sysctr fsck</c> looked at and found; the object that <c>--json</c> prints.</summary>
sealed record FsckReport
{
    /// <summary>Everything that is not as it should be, errors first.</summary>
    public required IReadOnlyList<Finding> Findings { get; init; }

    /// <summary>Files in objects/ that were compared with their names.</summary>
    public int Objects { get; init; }

    public long Bytes { get; init; }

    /// <summary>Whether their contents were read.</summary>
    public bool Quick { get; init; }

    public int Layers { get; init; }

    public int Images { get; init; }

    public int Containers { get; init; }

    public int Deployments { get; init; }

    /// <summary>Errors that are not mended: 0 is clean.</summary>
    public int Left => Findings.Count(f => f.IsLeft);

    /// <summary>The last line for people.</summary>
    [JsonIgnore]
    public string Summary
    {
        get
        {
            int notes = Findings.Count(f => f.Severity == FindingSeverity.Note && !f.Mended);
            int mended = Findings.Count(f => f.Mended);
            string[] counts =
            [
                .. Left > 0 ? [Count(Left, "error")] : (string[])[],
                .. mended > 0 ? [$"{mended} mended"] : (string[])[],
                .. notes > 0 ? [Count(notes, "note")] : (string[])[],
            ];
            return string.Create(
                System.Globalization.CultureInfo.InvariantCulture,
                $"{(Quick ? "looked at" : "read")} {Count(Objects, "object")} ({ByteSize.Text(Bytes)}), {Count(Layers, "layer")}, {Count(Images, "image")}, "
                    + $"{Count(Deployments, "deployment")} of {Count(Containers, "container")}: {(Left == 0 ? "clean" : "not clean")}"
                    + $"{(counts.Length == 0 ? "" : $" ({string.Join(", ", counts)})")}"
            );
        }
    }

    private static string Count(int number, string what) => $"{number} {what}{(number == 1 ? "" : "s")}";
}
