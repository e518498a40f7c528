// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;

namespace SystemContainers.Oci;

/// <summary>An OCI index (image-spec, image-index.md) or Docker manifest list: manifests for several
/// platforms.</summary>
/// <param name="Manifests">Those that can be fetched, for their digests can be verified.</param>
/// <param name="Others">
/// Those whose digest is of an algorithm that we don't know: they are valid (image-spec, descriptor.md "Digests":
/// "SHOULD allow digests with unrecognized algorithms to pass validation"), and no reason to refuse the index.
/// </param>
public sealed record ImageIndex(IReadOnlyList<Descriptor> Manifests, IReadOnlyList<UnverifiableDescriptor> Others)
{
    /// <summary>Reads one. A list that is null is empty, as Go reads it.</summary>
    /// <exception cref="JsonException">It is malformed.</exception>
    public static ImageIndex Parse(ReadOnlySpan<byte> json)
    {
        ImageIndexJson index =
            JsonSerializer.Deserialize(json, OciJson.Default.ImageIndexJson) ?? throw new JsonException("it is null");
        List<Descriptor> manifests = [];
        List<UnverifiableDescriptor> others = [];
        foreach (IndexEntryJson? entry in index.Manifests)
        {
            if (entry is null)
            {
                throw new JsonException("a descriptor is null");
            }

            if (entry.Size < 0)
            {
                throw new JsonException("the size of a manifest is negative");
            }

            if (Digest.TryParse(entry.Digest, out Digest digest))
            {
                manifests.Add(
                    new Descriptor(entry.MediaType, digest, entry.Size)
                    {
                        Platform = entry.Platform,
                        ArtifactType = entry.ArtifactType,
                        Annotations = entry.Annotations,
                    }
                );
            }
            else if (Digest.IsOfUnknownAlgorithm(entry.Digest))
            {
                others.Add(new UnverifiableDescriptor(entry.Digest, entry.Platform));
            }
            else
            {
                throw new JsonException("the digest of a manifest is malformed");
            }
        }

        return new ImageIndex(manifests, others);
    }
}

/// <summary>An entry of an index that can't be fetched, for messages.</summary>
/// <param name="Digest">Of an algorithm that we don't know.</param>
public sealed record UnverifiableDescriptor(string Digest, Platform? Platform);
