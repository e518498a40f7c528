// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;

namespace SystemContainers.Oci;

/// <summary>What a document says of a blob that it refers to (OCI image-spec, descriptor.md).</summary>
/// <param name="MediaType">One of <see cref="MediaTypes"/>, or one that we do not know.</param>
/// <param name="Digest">Of the bytes as they are transferred.</param>
/// <param name="Size">In bytes, as they are transferred.</param>
public sealed record Descriptor(
    [property: JsonRequired] string MediaType,
    [property: JsonRequired, JsonConverter(typeof(DigestConverter))] Digest Digest,
    [property: JsonRequired] long Size
)
{
    /// <summary>In an index: what the manifest is for.</summary>
    public Platform? Platform { get; init; }

    /// <summary>In an index: what kind of artifact it is, where it is no image.</summary>
    public string? ArtifactType { get; init; }

    /// <summary>Annotations, such as <c>org.opencontainers.image.ref.name</c> in a layout's index.</summary>
    public IReadOnlyDictionary<string, string>? Annotations
    {
        get;
        init => field = GoValues.Strings(value!);
    }
}
