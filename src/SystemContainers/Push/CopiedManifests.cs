// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Pull;
using SystemContainers.Pull.Sources;
using SystemContainers.Reference;

namespace SystemContainers.Push;

/// <summary>The manifests of a copy, fetched and verified before any of their blobs.</summary>
static class CopiedManifests
{
    /// <summary>A manifest with all that it names, each once, what is named first.</summary>
    /// <param name="place">What the source is called.</param>
    /// <exception cref="SysctrException">Unsafe: they are too many or too large; Corrupt: one can't be
    /// verified.</exception>
    public static async Task<List<ManifestDocument>> CollectAsync(
        ImageReference place,
        IImageSource source,
        ManifestDocument root,
        CancellationToken cancellation
    )
    {
        List<ManifestDocument> all = [];
        await CollectAsync(place, source, root, all, depth: 0, cancellation);
        return all;
    }

    private static async Task CollectAsync(
        ImageReference place,
        IImageSource source,
        ManifestDocument document,
        List<ManifestDocument> all,
        int depth,
        CancellationToken cancellation
    )
    {
        string doing = $"copying {place.Identity}";
        if (document.Index is { } index)
        {
            if (depth == OciLimits.MaxIndexDepth)
            {
                throw new SysctrException(
                    ErrorKind.Unsafe,
                    $"{doing}: indexes are nested more than {OciLimits.MaxIndexDepth} deep"
                );
            }

            if (index.Others is [{ } unverifiable, ..])
            {
                throw new SysctrException(
                    ErrorKind.Corrupt,
                    $"{doing}: a manifest has the digest '{Redact.Text(unverifiable.Digest)}', which can't be verified",
                    "copy one platform of it with --platform"
                );
            }

            if (index.Manifests.Count > OciLimits.MaxCopiedManifests)
            {
                throw new SysctrException(
                    ErrorKind.Unsafe,
                    $"{doing}: it has more than {OciLimits.MaxCopiedManifests} manifests",
                    "copy one platform of it with --platform"
                );
            }

            foreach (Descriptor entry in index.Manifests.DistinctBy(m => m.Digest))
            {
                if (all.Exists(m => m.Digest == entry.Digest))
                {
                    continue;
                }

                RawManifest raw = await source.GetManifestAsync(entry, cancellation);
                ManifestDocument named = ManifestDocument.Read(
                    raw with
                    {
                        MediaType = raw.MediaType ?? entry.MediaType,
                    },
                    entry.Digest,
                    entry.Size,
                    $"fetching the manifest of {place.Identity}"
                );
                await CollectAsync(place, source, named, all, depth + 1, cancellation);
            }
        }

        if (all.Count == OciLimits.MaxCopiedManifests)
        {
            throw new SysctrException(
                ErrorKind.Unsafe,
                $"{doing}: it has more than {OciLimits.MaxCopiedManifests} manifests",
                "copy one platform of it with --platform"
            );
        }

        if (all.Sum(m => (long)m.Bytes.Length) + document.Bytes.Length > OciLimits.MaxCopiedManifestBytes)
        {
            throw new SysctrException(
                ErrorKind.Unsafe,
                $"{doing}: its manifests are larger than {OciLimits.MaxCopiedManifestBytes} bytes together",
                "copy one platform of it with --platform"
            );
        }

        if (document.Manifest?.Layers.Count > OciLimits.MaxLayers)
        {
            throw new SysctrException(ErrorKind.Unsafe, $"{doing}: it has more than {OciLimits.MaxLayers} layers");
        }

        all.Add(document);
    }

    /// <summary>Looks at what a manifest says of a blob before any is sent.</summary>
    /// <exception cref="SysctrException">Corrupt: it can't be copied.</exception>
    public static void Check(ImageReference place, Descriptor blob)
    {
        if (blob.Size < 0)
        {
            throw new SysctrException(
                ErrorKind.Corrupt,
                $"copying {place.Identity}: blob {blob.Digest.Short} has a size of {blob.Size}"
            );
        }

        if (
            blob.MediaType.Contains("nondistributable", StringComparison.Ordinal)
            || blob.MediaType.Contains(".foreign.", StringComparison.Ordinal)
        )
        {
            throw new SysctrException(
                ErrorKind.Corrupt,
                $"copying {place.Identity}: layer {blob.Digest.Short} is a foreign one, which the registry does not hold",
                "foreign layers are Windows' base images, and can't be copied"
            );
        }
    }
}
