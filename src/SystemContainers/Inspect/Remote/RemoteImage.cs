// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Oci;

namespace SystemContainers.Inspect.Remote;

/// <summary>What is known of an image without its layers; the object that <c>sysctr inspect --json</c>
/// prints.</summary>
sealed record RemoteImage
{
    /// <summary>The full reference.</summary>
    public required string Name { get; init; }

    /// <summary>Of the manifest or index that the name means: what a pull by digest names.</summary>
    public required Digest Digest { get; init; }

    public required string MediaType { get; init; }

    /// <summary>What an index offers; empty where the name means one image.</summary>
    public required IReadOnlyList<RemotePlatform> Platforms { get; init; }

    /// <summary>The digest of the manifest for the platform; the same as <see cref="Digest"/> without an
    /// index.</summary>
    public required Digest ManifestDigest { get; init; }

    /// <summary>The digest of the configuration.</summary>
    public required Digest Id { get; init; }

    /// <summary>The platform that the configuration names, <c>linux/amd64</c>; null where it names none.</summary>
    public string? Platform { get; init; }

    /// <summary>When it was built, as the configuration says.</summary>
    public string? Created { get; init; }

    /// <summary>Bytes of its layers, each once, as they are transferred.</summary>
    public required long Size { get; init; }

    /// <summary>Its layers, base first.</summary>
    public required IReadOnlyList<RemoteLayer> Layers { get; init; }

    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    /// <summary>Its environment, <c>NAME=VALUE</c>.</summary>
    public required IReadOnlyList<string> Environment { get; init; }

    /// <summary>Whether it brings files below /exports, as far as can be known without its layers.</summary>
    public required ExportsHint Exports { get; init; }

    /// <summary>What the answer is from; null where nothing says so.</summary>
    public string? ExportsFrom { get; init; }

    /// <summary>Attestations (SBOM, provenance) that the index has beside its images, as BuildKit puts them
    /// there.</summary>
    public required int Attestations { get; init; }

    /// <summary>Signatures, attestations and bills of materials that the registry has about it, unverified; null where
    /// nobody can tell.</summary>
    public IReadOnlyList<AttachedDocument>? Attached { get; init; }

    /// <summary>Why nobody can tell.</summary>
    public string? AttachedFault { get; init; }
}

/// <summary>An image of an index.</summary>
/// <param name="Digest">Of its manifest.</param>
sealed record RemotePlatform(string Platform, Digest Digest);

/// <summary>A layer as it is transferred.</summary>
/// <param name="Digest">Of the bytes.</param>
/// <param name="Size">In bytes.</param>
/// <param name="MediaType">How it is packed.</param>
sealed record RemoteLayer(Digest Digest, long Size, string MediaType);

/// <summary>What an image says of its /exports without being unpacked.</summary>
enum ExportsHint
{
    /// <summary>Nothing: only its files can tell.</summary>
    Unknown,

    /// <summary>A label or its history names them.</summary>
    Likely,

    /// <summary>It has no layer and so no file.</summary>
    None,
}
