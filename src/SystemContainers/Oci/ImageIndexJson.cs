// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace SystemContainers.Oci;

/// <summary>An index as it stands there; <see cref="ImageIndex"/> is what can be made of it.</summary>
sealed record ImageIndexJson([property: JsonRequired] int SchemaVersion)
{
    [JsonRequired]
    [AllowNull]
    public IReadOnlyList<IndexEntryJson?> Manifests
    {
        get;
        init => field = value ?? [];
    } = [];
}

/// <summary>One of its descriptors, with a digest of any algorithm.</summary>
sealed record IndexEntryJson(
    [property: JsonRequired] string MediaType,
    [property: JsonRequired] string Digest,
    [property: JsonRequired] long Size
)
{
    public Platform? Platform { get; init; }

    public string? ArtifactType { get; init; }

    public IReadOnlyDictionary<string, string>? Annotations
    {
        get;
        init => field = GoValues.Strings(value!);
    }
}
