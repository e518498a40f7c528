using System.Text.Json.Serialization;

namespace SystemContainers.Oci;

/// <summary>An OCI index (image-spec, image-index.md) or Docker manifest list: manifests for several platforms.</summary>
public sealed record ImageIndex(
    [property: JsonRequired] int SchemaVersion,
    [property: JsonRequired] IReadOnlyList<Descriptor> Manifests)
{
    /// <summary>The document's own media type; optional in OCI.</summary>
    public string? MediaType { get; init; }
}
