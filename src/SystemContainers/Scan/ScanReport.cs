// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.Oci;

namespace SystemContainers.Scan;

/// <summary>What a scanner made of one tree; an element of the array that <c>sysctr scan --json</c> prints.</summary>
/// <param name="Name">The container, or the image's full reference.</param>
/// <param name="Image">The image's full reference.</param>
/// <param name="Verdict">What came of it.</param>
/// <param name="Seconds">How long it took.</param>
sealed record ScanReport(
    string Name,
    string Image,
    Digest ManifestDigest,
    string Scanner,
    ScanVerdict Verdict,
    double Seconds
)
{
    /// <summary>The deployment that was looked at; null for an image.</summary>
    public int? Deployment { get; init; }

    /// <summary>The scanner's exit status; null where it was ended.</summary>
    public int? ExitStatus { get; init; }

    /// <summary>What it printed, where that is a JSON value.</summary>
    public JsonElement? Results { get; init; }

    /// <summary>What it printed, a line each, where that is no JSON.</summary>
    public IReadOnlyList<string>? Output { get; init; }

    /// <summary>Why it came to no verdict, or what it complained of.</summary>
    public string? Error { get; init; }
}
