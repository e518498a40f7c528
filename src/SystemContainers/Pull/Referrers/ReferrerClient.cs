// SPDX-License-Identifier: Apache-2.0

using System.Net;
using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Pull.Auth;
using SystemContainers.Pull.Http;
using SystemContainers.Pull.Options;
using SystemContainers.Pull.Sources;
using SystemContainers.Pull.Streams;
using SystemContainers.Reference;

namespace SystemContainers.Pull.Referrers;

/// <summary>
/// Asks a registry what it has about a manifest: by the referrers API of OCI 1.1, by the tag that stands for it where a registry has none (GHCR), and by
/// the tags of cosign 2. What came is what its digest says; nothing else is known of it.
/// </summary>
sealed class ReferrerClient : IDisposable
{
    private readonly RegistryEndpoint _endpoint;
    private readonly CredentialStore _credentials;
    private readonly PullOptions _options;
    private readonly IPullProgress _progress;
    private readonly RegistryClient _client;
    private readonly RegistrySource _source;
    private long _left = ReferrerLimits.MaxAllBytes;

    /// <param name="endpoint">The registry, and the repository.</param>
    /// <param name="credentials">Asked only when the registry wants some.</param>
    /// <param name="options">Time-outs and attempts.</param>
    /// <param name="progress">Told about further attempts.</param>
    public ReferrerClient(RegistryEndpoint endpoint, CredentialStore credentials, PullOptions options, IPullProgress progress)
    {
        _endpoint = endpoint;
        _credentials = credentials;
        _options = options;
        _progress = progress;
        _client = new RegistryClient(endpoint, credentials, options, progress);
        _source = new RegistrySource(endpoint, credentials, options, progress);
    }

    private ImageReference Reference => _endpoint.Reference;

    public void Dispose()
    {
        _client.Dispose();
        _source.Dispose();
    }

    /// <summary>The image as the name leads to it.</summary>
    /// <exception cref="SysctrException">As a pull.</exception>
    public async Task<ManifestDocument> RootAsync(CancellationToken cancellationToken) =>
        ManifestDocument.Read(await _source.GetRootAsync(cancellationToken), Reference.Digest, size: null, $"fetching the manifest of {Reference.Identity}");

    /// <summary>A manifest that an index names.</summary>
    /// <exception cref="SysctrException">As a pull.</exception>
    public async Task<ManifestDocument> ManifestAsync(Descriptor descriptor, CancellationToken cancellationToken)
    {
        RawManifest raw = await _source.GetManifestAsync(descriptor, cancellationToken);
        return ManifestDocument.Read(raw, descriptor.Digest, descriptor.Size, $"fetching {descriptor.Digest} of {Reference.Name}");
    }

    /// <summary>What refers to a manifest: the API's pages, else the fallback tag's index. What kind each is says only its own manifest.</summary>
    /// <exception cref="SysctrException">Unreachable, Unauthorized; Corrupt: the list is none; Unsafe: it is too long.</exception>
    public async Task<IReadOnlyList<Descriptor>> ListAsync(Digest subject, CancellationToken cancellationToken)
    {
        List<Descriptor> all = [];
        string? path = $"v2/{Reference.Repository}/referrers/{subject}";
        for (int page = 0; path is not null; page++)
        {
            (ImageIndex? index, path) = page < ReferrerLimits.MaxPages
                ? await PageAsync(path, subject, cancellationToken)
                : throw TooMany(subject, $"its list has more than {ReferrerLimits.MaxPages} pages");
            if (index is null)
            {
                return page == 0 ? await FallbackAsync(subject, cancellationToken) : all;
            }

            Add(all, index, subject);
        }

        return all;
    }

    /// <summary>The manifest at one of cosign 2's tags; null where there is none.</summary>
    /// <param name="subject">The image.</param>
    /// <param name="suffix"><c>sig</c>, <c>att</c> or <c>sbom</c>.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="SysctrException">Unreachable, Unauthorized; Corrupt: it is no manifest.</exception>
    public async Task<ImageManifest?> AttachedAsync(Digest subject, string suffix, CancellationToken cancellationToken) =>
        await TaggedAsync($"{subject.Algorithm}-{subject.Hex}.{suffix}", cancellationToken) is { } document
            ? Bounded(document.Manifest ?? throw new SysctrException(ErrorKind.Corrupt, $"fetching what is attached to {subject} of {Reference.Name}: it is an index"), subject)
            : null;

    /// <summary>A document, once it is what its digest says.</summary>
    /// <exception cref="SysctrException">Unreachable, Unauthorized; Corrupt: it is another; Unsafe: it is too large, or all of them are.</exception>
    public async Task<byte[]> DocumentAsync(Descriptor blob, CancellationToken cancellationToken)
    {
        string doing = $"fetching {blob.Digest} of {Reference.Name}";
        if (blob.Size is < 0 or > ReferrerLimits.MaxDocumentBytes)
        {
            throw new SysctrException(ErrorKind.Unsafe, $"{doing}: it is larger than {ReferrerLimits.MaxDocumentBytes} bytes");
        }

        _left -= blob.Size;
        if (_left < 0)
        {
            throw new SysctrException(ErrorKind.Unsafe, $"{doing}: what is attached to the image is larger than {ReferrerLimits.MaxAllBytes} bytes");
        }

        await using VerifiedStream stream = new(await _source.OpenBlobAsync(blob, cancellationToken), blob, doing);
        return await Body.ReadAtMostAsync(stream, ReferrerLimits.MaxDocumentBytes + 1, cancellationToken);
    }

    private static ImageManifest Bounded(ImageManifest manifest, Digest subject) =>
        manifest.Layers.Count <= ReferrerLimits.MaxLayers ? manifest : throw TooMany(subject, $"one has more than {ReferrerLimits.MaxLayers} layers");

    private static SysctrException TooMany(Digest subject, string why) =>
        new(ErrorKind.Unsafe, $"looking for what is attached to {subject}: {why}", "whoever may push to the repository can attach things; remove what is not wanted there");

    private static void Add(List<Descriptor> all, ImageIndex index, Digest subject)
    {
        all.AddRange(index.Manifests.Where(m => all.TrueForAll(a => a.Digest != m.Digest)));
        if (all.Count > ReferrerLimits.MaxEntries)
        {
            throw TooMany(subject, $"there are more than {ReferrerLimits.MaxEntries}");
        }
    }

    private async Task<IReadOnlyList<Descriptor>> FallbackAsync(Digest subject, CancellationToken cancellationToken)
    {
        List<Descriptor> all = [];

        // distribution-spec, "Referrers Tag Schema": 32 and 64 characters of each part, which leaves sha512 shortened.
        ManifestDocument? document = await TaggedAsync($"{subject.Algorithm}-{subject.Hex[..64]}", cancellationToken);
        if (document is { Index: null })
        {
            // A tag of that name may be anything; the registry has no list then.
            return all;
        }

        Add(all, document?.Index ?? new ImageIndex([], []), subject);
        return all;
    }

    private async Task<ManifestDocument?> TaggedAsync(string tag, CancellationToken cancellationToken)
    {
        ImageReference named = ImageReference.Parse($"docker://{Reference.Name}:{tag}");
        using RegistrySource source = new(_endpoint with { Reference = named }, _credentials, _options, _progress);
        try
        {
            return ManifestDocument.Read(await source.GetRootAsync(cancellationToken), expected: null, size: null, $"fetching the manifest of {named.Identity}");
        }
        catch (SysctrException e) when (e.Kind == ErrorKind.NotFound)
        {
            return null;
        }
    }

    private async Task<(ImageIndex? Index, string? Next)> PageAsync(string path, Digest subject, CancellationToken cancellationToken)
    {
        string doing = $"looking for what is attached to {subject} of {Reference.Name}";
        RegistryRequest request = new(doing, path, [MediaTypes.OciIndex]);
        try
        {
            return await _client.GetAsync(request, ReadAsync, cancellationToken);
        }
        catch (SysctrException e) when (e.Kind == ErrorKind.NotFound)
        {
            return (null, null);
        }

        async Task<(ImageIndex? Index, string? Next)> ReadAsync(HttpResponseMessage response, CancellationToken token)
        {
            using (response)
            {
                byte[] bytes = await Body.ReadAtMostAsync(response, OciLimits.MaxManifestBytes + 1, token);
                if (bytes.Length > OciLimits.MaxManifestBytes)
                {
                    throw new SysctrException(ErrorKind.Unsafe, $"{doing}: the list is larger than {OciLimits.MaxManifestBytes} bytes");
                }

                // An old registry may answer anything, a page for people too: only an index is the API's.
                if (response.StatusCode != HttpStatusCode.OK || response.Content.Headers.ContentType?.MediaType != MediaTypes.OciIndex)
                {
                    return (null, null);
                }

                try
                {
                    return (ImageIndex.Parse(bytes), LinkHeader.Next(response, path));
                }
                catch (JsonException e)
                {
                    throw new SysctrException(ErrorKind.Corrupt, $"{doing}: the list is malformed: {Redact.Text(JsonFault.Of(e))}", inner: e);
                }
            }
        }
    }
}
