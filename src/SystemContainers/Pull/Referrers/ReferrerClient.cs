// SPDX-License-Identifier: Apache-2.0

using System.Net;
using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Pull.Http;
using SystemContainers.Pull.Sources;
using SystemContainers.Pull.Streams;
using SystemContainers.Reference;

namespace SystemContainers.Pull.Referrers;

/// <summary>
/// Asks a registry what it has about a manifest: by the referrers API of OCI 1.1, by the tag that stands for it where a
/// registry has none (GHCR), and by the tags of cosign 2. What came is what its digest says; nothing else is known of
/// it.
/// </summary>
/// <param name="place">The image as it is reached.</param>
/// <param name="source">What is there; of other places than a registry nothing but what an index itself names.</param>
sealed class ReferrerClient(ImageReference place, IImageSource source)
{
    private readonly RegistrySource? _registry = source as RegistrySource;
    private long _left = ReferrerLimits.MaxAllBytes;
    private int _documents;

    /// <summary>The image as the name leads to it.</summary>
    /// <exception cref="SysctrException">As a pull.</exception>
    public Task<ManifestDocument> RootAsync(CancellationToken cancellationToken) =>
        ImageDocuments.RootAsync(place, source, cancellationToken);

    /// <summary>A manifest that an index names.</summary>
    /// <exception cref="SysctrException">As a pull.</exception>
    public async Task<ManifestDocument> ManifestAsync(Descriptor descriptor, CancellationToken cancellationToken)
    {
        RawManifest raw = await source.GetManifestAsync(descriptor, cancellationToken);
        return ManifestDocument.Read(
            raw with
            {
                MediaType = raw.MediaType ?? descriptor.MediaType,
            },
            descriptor.Digest,
            descriptor.Size,
            $"fetching {descriptor.Digest} of {place.Name}"
        );
    }

    /// <summary>What refers to a manifest: the API's pages, else the fallback tag's index. What kind each is says only
    /// its own manifest.</summary>
    /// <exception cref="SysctrException">Unreachable, Unauthorized; Corrupt: the list is none; Unsafe: it is too
    /// long.</exception>
    public async Task<IReadOnlyList<Descriptor>> ListAsync(Digest subject, CancellationToken cancellationToken)
    {
        List<Descriptor> all = [];
        if (_registry is null)
        {
            return all;
        }

        RegistryRequest request = new(
            $"looking for what is attached to {subject} of {place.Name}",
            $"v2/{place.Repository}/referrers/{subject}",
            [MediaTypes.OciIndex]
        );
        for (int page = 1; ; page++)
        {
            (ImageIndex? index, Uri? next) =
                page <= ReferrerLimits.MaxPages
                    ? await PageAsync(_registry, request, cancellationToken)
                    : throw TooMany(subject, $"its list has more than {ReferrerLimits.MaxPages} pages");
            if (index is null)
            {
                return page == 1 ? await FallbackAsync(_registry, subject, cancellationToken) : all;
            }

            Add(all, index, subject);
            if (next is null)
            {
                return all;
            }

            request = request with { Location = next };
        }
    }

    /// <summary>The manifest at one of cosign 2's tags; null where there is none.</summary>
    /// <param name="subject">The image.</param>
    /// <param name="suffix"><c>sig</c>, <c>att</c> or <c>sbom</c>.</param>
    /// <exception cref="SysctrException">Unreachable, Unauthorized; Corrupt: it is no manifest.</exception>
    public async Task<ImageManifest?> AttachedAsync(Digest subject, string suffix, CancellationToken cancellationToken)
    {
        if (
            _registry is null
            || await TaggedAsync(_registry, $"{subject.Algorithm}-{subject.Hex}.{suffix}", cancellationToken)
                is not { } document
        )
        {
            return null;
        }

        ImageManifest manifest =
            document.Manifest
            ?? throw new SysctrException(
                ErrorKind.Corrupt,
                $"fetching what is attached to {subject} of {place.Name}: it is an index"
            );
        return manifest.Layers.Count <= ReferrerLimits.MaxLayers
            ? manifest
            : throw TooMany(subject, $"one has more than {ReferrerLimits.MaxLayers} layers");
    }

    /// <summary>A document, once it is what its digest says.</summary>
    /// <exception cref="SysctrException">Unreachable, Unauthorized; Corrupt: it is another; Unsafe: it is too large, or
    /// all of them are, or there are too many.</exception>
    public async Task<byte[]> DocumentAsync(Descriptor blob, CancellationToken cancellationToken)
    {
        string doing = $"fetching {blob.Digest} of {place.Name}";
        if (blob.Size is < 0 or > ReferrerLimits.MaxDocumentBytes)
        {
            throw new SysctrException(
                ErrorKind.Unsafe,
                $"{doing}: it is larger than {ReferrerLimits.MaxDocumentBytes} bytes"
            );
        }

        if (++_documents > ReferrerLimits.MaxDocuments)
        {
            throw new SysctrException(
                ErrorKind.Unsafe,
                $"{doing}: more than {ReferrerLimits.MaxDocuments} documents are attached to the image"
            );
        }

        _left -= blob.Size;
        if (_left < 0)
        {
            throw new SysctrException(
                ErrorKind.Unsafe,
                $"{doing}: what is attached to the image is larger than {ReferrerLimits.MaxAllBytes} bytes"
            );
        }

        await using VerifiedStream stream = new(await source.OpenBlobAsync(blob, cancellationToken), blob, doing);
        return await Body.ReadAtMostAsync(stream, ReferrerLimits.MaxDocumentBytes + 1, cancellationToken);
    }

    /// <summary>Too much of it.</summary>
    public static SysctrException TooMany(Digest subject, string why) =>
        new(
            ErrorKind.Unsafe,
            $"looking for what is attached to {subject}: {why}",
            "whoever may push to the repository can attach things; remove what is not wanted there"
        );

    private static void Add(List<Descriptor> all, ImageIndex index, Digest subject)
    {
        HashSet<Digest> known = [.. all.Select(a => a.Digest)];
        all.AddRange(index.Manifests.Where(m => known.Add(m.Digest)));
        if (all.Count > ReferrerLimits.MaxEntries)
        {
            throw TooMany(subject, $"there are more than {ReferrerLimits.MaxEntries}");
        }
    }

    private async Task<IReadOnlyList<Descriptor>> FallbackAsync(
        RegistrySource registry,
        Digest subject,
        CancellationToken cancellationToken
    )
    {
        List<Descriptor> all = [];

        // A manifest at such a tag is no list.
        Add(
            all,
            (await TaggedAsync(registry, ManifestSubject.TagOf(subject), cancellationToken))?.Index
                ?? new ImageIndex([], []),
            subject
        );
        return all;
    }

    private async Task<ManifestDocument?> TaggedAsync(
        RegistrySource registry,
        string tag,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return ManifestDocument.Read(
                await registry.GetTaggedAsync(tag, cancellationToken),
                expected: null,
                size: null,
                $"fetching the manifest of {place.Name}:{tag}"
            );
        }
        catch (SysctrException e) when (e.Kind == ErrorKind.NotFound)
        {
            return null;
        }
    }

    private static async Task<(ImageIndex? Index, Uri? Next)> PageAsync(
        RegistrySource registry,
        RegistryRequest request,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await registry.AskAsync(request, ReadAsync, cancellationToken);
        }
        catch (SysctrException e) when (RegistryErrors.IsUnknown(e))
        {
            return (null, null);
        }

        async Task<(ImageIndex? Index, Uri? Next)> ReadAsync(HttpResponseMessage response, CancellationToken token)
        {
            using (response)
            {
                byte[] bytes = await Body.ReadAtMostAsync(response, OciLimits.MaxManifestBytes + 1, token);
                if (bytes.Length > OciLimits.MaxManifestBytes)
                {
                    throw new SysctrException(
                        ErrorKind.Unsafe,
                        $"{request.Doing}: the list is larger than {OciLimits.MaxManifestBytes} bytes"
                    );
                }

                // An old registry may answer anything, a page for people too: only an index is the API's.
                if (
                    response.StatusCode != HttpStatusCode.OK
                    || response.Content.Headers.ContentType?.MediaType != MediaTypes.OciIndex
                )
                {
                    return (null, null);
                }

                try
                {
                    return (ImageIndex.Parse(bytes), NextPage.Of(response, request.Doing));
                }
                catch (JsonException e)
                {
                    throw new SysctrException(
                        ErrorKind.Corrupt,
                        $"{request.Doing}: the list is malformed: {Redact.Text(JsonFault.Of(e))}",
                        inner: e
                    );
                }
            }
        }
    }
}
