// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace SystemContainers.Oci;

/// <summary>An image manifest, OCI (image-spec, manifest.md) or Docker schema 2: one config, and the layers, base
/// first.</summary>
public sealed record ImageManifest(
    [property: JsonRequired] int SchemaVersion,
    [property: JsonRequired] Descriptor Config
)
{
    /// <summary>The layers; null, which BuildKit writes for an image without any, is none.</summary>
    [JsonRequired]
    [AllowNull]
    public IReadOnlyList<Descriptor> Layers
    {
        get;
        init => field = value ?? [];
    } = [];

    /// <summary>The document's own media type; optional in OCI.</summary>
    public string? MediaType { get; init; }

    /// <summary>What kind of artifact this is, where it is not an image.</summary>
    public string? ArtifactType { get; init; }

    /// <summary>Free-form annotations.</summary>
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }
}
