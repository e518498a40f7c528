// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Pull;
using SystemContainers.Pull.Referrers;
using SystemContainers.Pull.Sources;
using SystemContainers.Pull.Streams;
using SystemContainers.Reference;

namespace SystemContainers.Push;

/// <summary>Copies what a registry has about images to another: referrers, and theirs, and what cosign 2 has at tags.
/// Nothing is judged, for what is signed says itself by whom.</summary>
/// <param name="place">The source as it is reached.</param>
/// <param name="destination">Stays the caller's; it has the images.</param>
/// <param name="maxBytes">How large all of it may be that is sent.</param>
sealed class ReferrerCopier(
    ImageReference place,
    RegistrySource source,
    RegistryDestination destination,
    CancellationToken cancellation,
    long maxBytes = ReferrerLimits.MaxAllBytes
)
{
    private readonly ReferrerClient _client = new(place, source);
    private readonly HashSet<(Digest Entry, Digest Subject)> _seen = [];
    private readonly List<string> _passed = [];
    private long _left = maxBytes;
    private int _manifests;

    /// <summary>What was listed and is not copied, with the reason.</summary>
    public IReadOnlyList<string> Passed => _passed;

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
                if (_seen.Add((entry.Digest, subject)))
                {
                    ManifestDocument document = await _client.ManifestAsync(entry, cancellation);
                    Count(document, subject);
                    if (!IsAbout(document, subject))
                    {
                        continue;
                    }

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
                    ManifestDocument document = ManifestDocument.Read(
                        raw,
                        expected: null,
                        size: null,
                        $"fetching the manifest of {place.Name}:{tag}"
                    );
                    Count(document, subject);
                    if (IsCopied(document, subject))
                    {
                        await BlobsAsync(document, subject);
                        await destination.PutBesideAsync(document, tag, cancellation);
                        count++;
                    }
                }
            }
        }

        return count;
    }

    /// <summary>A list may name anything; put at the destination, another's manifest would be listed there as about
    /// what it is about.</summary>
    private bool IsAbout(ManifestDocument document, Digest subject)
    {
        if (ManifestSubject.Of(document) is not { } about || about != subject)
        {
            _passed.Add(
                $"{document.Digest} is listed as attached to {subject.Short}, and says that it is attached to {ManifestSubject.Of(document)?.Short ?? "nothing"}"
            );
            return false;
        }

        return IsCopied(document, subject);
    }

    private bool IsCopied(ManifestDocument document, Digest subject)
    {
        if (document.Manifest is null)
        {
            _passed.Add($"{document.Digest}, attached to {subject.Short}, is an index");
            return false;
        }

        return true;
    }

    private void Count(ManifestDocument document, Digest subject)
    {
        if (++_manifests > ReferrerLimits.MaxManifests)
        {
            throw ReferrerClient.TooMany(subject, $"there are more than {ReferrerLimits.MaxManifests} manifests");
        }

        Spend(document.Bytes.Length, document.Digest);
    }

    private void Spend(long bytes, Digest digest)
    {
        // Size by size, as they are made up.
        _left =
            bytes >= 0 && bytes <= _left
                ? _left - bytes
                : throw new SysctrException(
                    ErrorKind.Unsafe,
                    $"copying {digest} of {place.Name}: what is attached to the image is larger than may be copied",
                    "copy the image without what is attached to it"
                );
    }

    /// <exception cref="SysctrException">As a pull and a push; Unsafe: there is too much of it.</exception>
    private async Task BlobsAsync(ManifestDocument document, Digest subject)
    {
        ImageManifest manifest = document.Manifest!;
        if (manifest.Layers.Count > ReferrerLimits.MaxLayers)
        {
            throw ReferrerClient.TooMany(subject, $"one has more than {ReferrerLimits.MaxLayers} layers");
        }

        foreach (Descriptor blob in manifest.Layers.Prepend(manifest.Config).DistinctBy(b => b.Digest))
        {
            if (!await destination.HasBlobAsync(blob, cancellation))
            {
                Spend(blob.Size, blob.Digest);
                await destination.PutBlobAsync(
                    blob,
                    async token => new VerifiedStream(
                        await source.OpenBlobAsync(blob, token),
                        blob,
                        $"fetching {blob.Digest.Short} of {place.Name}"
                    ),
                    cancellation
                );
            }
        }
    }
}
