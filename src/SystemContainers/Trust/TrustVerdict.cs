// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Trust;

/// <summary>What the rules make of an image; the object that <c>sysctr trust test --json</c> prints.</summary>
/// <param name="Reference">The full reference.</param>
sealed record TrustVerdict(string Reference)
{
    /// <summary>The rules that decide; all have to be met.</summary>
    public IReadOnlyList<TrustRule> Rules { get; init; } = [];

    /// <summary>Where simple signatures are looked for; null where none are.</summary>
    public string? Lookaside { get; init; }

    /// <summary>Whether sigstore's signatures in the registry are looked for; null where none are asked for.</summary>
    public bool? Attachments { get; init; }

    /// <summary>Whether it may be pulled; null where only signatures can say, and they were not looked for.</summary>
    public bool? Accepted { get; init; }

    /// <summary>The digest of the manifest that would be pulled; null where the registry was not asked or the image is
    /// refused.</summary>
    public string? ManifestDigest { get; init; }

    /// <summary>Why it may not.</summary>
    public string? Reason { get; init; }

    /// <summary>What to do then.</summary>
    public string? Hint { get; init; }
}
