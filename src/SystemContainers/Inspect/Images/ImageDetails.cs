// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Pull.Trust;

namespace SystemContainers.Inspect.Images;

/// <summary>All that is known of an image in the store; the object that <c>sysctr images info IMAGE --json</c>
/// prints.</summary>
sealed record ImageDetails
{
    /// <summary>The full reference.</summary>
    public required string Name { get; init; }

    /// <summary>The digest of its configuration.</summary>
    public required string Id { get; init; }

    /// <summary>The digest of its manifest.</summary>
    public required string Digest { get; init; }

    /// <summary>What the labels say of its version and release; null where they say nothing.</summary>
    public string? Version { get; init; }

    /// <summary>When it was built, as the configuration says.</summary>
    public string? Created { get; init; }

    /// <summary>When it was pulled.</summary>
    public required DateTimeOffset PulledAt { get; init; }

    /// <summary>Such as <c>amd64</c>.</summary>
    public required string Architecture { get; init; }

    /// <summary>The diffIDs of its layers, base first.</summary>
    public required IReadOnlyList<string> Layers { get; init; }

    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    /// <summary>Its environment, <c>NAME=VALUE</c>.</summary>
    public required IReadOnlyList<string> Environment { get; init; }

    /// <summary>The template variables that <c>--set</c> may set, with their defaults; null for one that has to be
    /// set.</summary>
    public required IReadOnlyDictionary<string, string?> Variables { get; init; }

    /// <summary>Who proved what was required of it when it was pulled; empty where nothing was.</summary>
    public required IReadOnlyList<ImageProof> Proofs { get; init; }

    /// <summary>Digests of the attestations' manifests that stood beside it in the index when it was pulled; what is
    /// attached as referrers or at tags, only the registry knows.</summary>
    public required IReadOnlyList<string> Attestations { get; init; }

    /// <summary>What it says of its whole tree's digest and was found to hold when it was pulled,
    /// <c>ANNOTATION=HEX</c>; null where it says nothing.</summary>
    public string? Seal { get; init; }

    /// <summary>The containers that were made of it, or mount its files.</summary>
    public required IReadOnlyList<string> UsedBy { get; init; }
}
