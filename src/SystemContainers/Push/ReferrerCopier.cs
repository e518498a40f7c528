// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Pull;
using SystemContainers.Pull.Referrers;
using SystemContainers.Pull.Sources;
using SystemContainers.Pull.Streams;
using SystemContainers.Reference;

namespace SystemContainers.Push;

/// <summary>Copies what a registry has about images to another: referrers, and theirs, and what cosign 2 has at tags. Nothing is judged, for what is signed says itself by whom.</summary>
/// <param name="place">The source as it is reached.</param>
/// <param name="source">What is there.</param>
/// <param name="destination">Stays the caller's; it has the images.</param>
/// <param name="cancellation">Ends it.</param>
sealed class ReferrerCopier(ImageReference place, RegistrySource source, RegistryDestination destination, CancellationToken cancellation)
{
    private readonly ReferrerClient _client = new(place, source);
    private readonly HashSet<Digest> _copied = [];

    /// <summary>Copies all about some manifests and indexes.</summary>
    /// <returns>How many manifests were copied.</returns>
    /// <exception cref="SysctrException">As a pull and a push; Unsafe: there is too much of it.</exception>
    public async Task<int> CopyAsync(IEnumerable<Digest> subjects)
    {
        int count = 0;
        Queue<Digest> left = new(subjects);
        while (left.TryDequeue(out Digest subject))
        {
            foreach (Descriptor entry in await _client.ListAsync(subject, cancellation))
            {
                if (_copied.Add(entry.Digest))
                {
                    ManifestDocument document = await _client.ManifestAsync(entry, cancellation);
                    await BlobsAsync(document, subject);
                    await destination.PutManifestAsync(document, cancellation);
                    left.Enqueue(document.Digest);
                    count++;
                }
            }

            foreach (string suffix in (string[])["sig", "att", "sbom"])
            {
                string tag = $"{subject.Algorithm}-{subject.Hex}.{suffix}";
                if (await source.FindTagAsync(tag, cancellation) is { } raw)
                {
                    ManifestDocument document = ManifestDocument.Read(raw, expected: null, size: null, $"fetching the manifest of {place.Name}:{tag}");
                    await BlobsAsync(document, subject);
                    await destination.PutBesideAsync(document, tag, cancellation);
                    count++;
                }
            }
        }

        return count;
    }

    private async Task BlobsAsync(ManifestDocument document, Digest subject)
    {
        if (_copied.Count > ReferrerLimits.MaxManifests)
        {
            throw ReferrerClient.TooMany(subject, $"there are more than {ReferrerLimits.MaxManifests} manifests");
        }

        ImageManifest manifest = document.Manifest
            ?? throw new SysctrException(ErrorKind.Corrupt, $"copying what is attached to {subject} of {place.Name}: {document.Digest} is an index", "copy the image without what is attached to it");
        if (manifest.Layers.Count > ReferrerLimits.MaxLayers)
        {
            throw ReferrerClient.TooMany(subject, $"one has more than {ReferrerLimits.MaxLayers} layers");
        }

        foreach (Descriptor blob in manifest.Layers.Prepend(manifest.Config).DistinctBy(b => b.Digest))
        {
            if (blob.Size is < 0 or > ReferrerLimits.MaxAllBytes)
            {
                throw new SysctrException(ErrorKind.Unsafe, $"fetching {blob.Digest} of {place.Name}: it is larger than {ReferrerLimits.MaxAllBytes} bytes");
            }

            if (!await destination.HasBlobAsync(blob, cancellation))
            {
                await destination.PutBlobAsync(
                    blob, async token => new VerifiedStream(await source.OpenBlobAsync(blob, token), blob, $"fetching {blob.Digest.Short} of {place.Name}"), cancellation);
            }
        }
    }
}
