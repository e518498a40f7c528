// SPDX-License-Identifier: Apache-2.0

using System.Net;
using System.Net.Http.Headers;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Pull;
using SystemContainers.Pull.Auth;
using SystemContainers.Pull.Http;
using SystemContainers.Pull.Options;
using SystemContainers.Pull.Referrers;
using SystemContainers.Pull.Sources;
using SystemContainers.Reference;

namespace SystemContainers.Push;

/// <summary>A repository of a registry (OCI distribution-spec, "Push"): manifests by their digests, and last the
/// tag.</summary>
sealed class RegistryDestination : IImageDestination
{
    private readonly ImageReference _reference;
    private readonly string? _mountFrom;
    private readonly RegistryClient _client;
    private readonly PullOptions _options;
    private readonly IPullProgress _progress;
    private readonly RegistrySource _there;
    private readonly HashSet<Digest> _listed = [];

    /// <param name="endpoint">The repository; its tag is the name that the image gets, its digest what it has to
    /// have.</param>
    /// <param name="source">Where the image is from; blobs of the same registry are mounted. Null where that is not
    /// known.</param>
    /// <param name="credentials">Asked where the registry wants some.</param>
    /// <param name="options">Time-outs and attempts.</param>
    /// <param name="progress">Told of further attempts.</param>
    public RegistryDestination(
        RegistryEndpoint endpoint,
        ImageReference? source,
        CredentialStore credentials,
        PullOptions options,
        IPullProgress progress
    )
    {
        _reference = endpoint.Reference;
        _options = options;
        _progress = progress;
        _there = new RegistrySource(endpoint, credentials, options, progress);
        _mountFrom =
            source is { Transport: ImageTransport.Docker }
            && source.Registry == _reference.Registry
            && source.Repository != _reference.Repository
                ? source.Repository
                : null;
        _client = new RegistryClient(endpoint, credentials, options, progress)
        {
            Scopes =
            [
                $"repository:{_reference.Repository}:pull,push",
                .. _mountFrom is null ? (string[])[] : [$"repository:{_mountFrom}:pull"],
            ],
        };
    }

    /// <inheritdoc/>
    public int ParallelBlobs => _options.ParallelLayers;

    /// <inheritdoc/>
    public bool KeepsManifests => true;

    /// <inheritdoc/>
    public async Task<bool> HasBlobAsync(Descriptor blob, CancellationToken cancellation)
    {
        RegistryRequest request = new(
            $"looking for {blob.Digest.Short} in {_reference.Name}",
            $"v2/{_reference.Repository}/blobs/{blob.Digest}",
            Accept: []
        )
        {
            Method = HttpMethod.Head,
        };
        try
        {
            return await _client.GetAsync(
                request,
                (response, _) =>
                {
                    using (response)
                    {
                        // One of another size is not what its name says; the registry will say so when it gets the
                        // right one.
                        return Task.FromResult(
                            response.Content.Headers.ContentLength is not { } length || length == blob.Size
                        );
                    }
                },
                cancellation
            );
        }
        catch (SysctrException e) when (e.Kind == ErrorKind.NotFound)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public async Task PutBlobAsync(
        Descriptor blob,
        Func<CancellationToken, Task<Stream>> open,
        CancellationToken cancellation
    )
    {
        await using BlobUpload upload = new(
            _client,
            _reference.Repository,
            _reference.Name,
            blob,
            open,
            _options,
            _progress
        );
        await upload.SendAsync(_mountFrom, cancellation);
    }

    /// <inheritdoc/>
    public Task PutManifestAsync(ManifestDocument manifest, CancellationToken cancellation) =>
        PutAsync(manifest, manifest.Digest.ToString(), cancellation);

    /// <inheritdoc/>
    public async Task CommitAsync(ManifestDocument root, CancellationToken cancellation)
    {
        if (_reference.Digest is { } wanted && wanted != root.Digest)
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"pushing to {_reference.Identity}: what is pushed has the digest {root.Digest}",
                "leave out the digest, or name the image that has it"
            );
        }

        if (_reference.Tag is { } tag)
        {
            await PutAsync(root, tag, cancellation);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        _there.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Takes a manifest all of whose blobs were put, at a tag of its own beside that of the image.</summary>
    /// <exception cref="SysctrException">Conflict: something stands there that the manifest does not have; as
    /// <see cref="PutManifestAsync"/>.</exception>
    public async Task PutBesideAsync(ManifestDocument manifest, string tag, CancellationToken cancellation)
    {
        if (
            await FindAsync(tag, cancellation) is { } there
            && there.Digest != manifest.Digest
            && there.Manifest?.Layers.All(l => manifest.Manifest?.Layers.Any(m => m.Digest == l.Digest) == true) != true
        )
        {
            throw new SysctrException(
                ErrorKind.Conflict,
                $"pushing to {_reference.Name}:{tag}: what is attached to the image there is not among what the source has",
                "remove it there, or copy the image without what is attached to it"
            );
        }

        await PutAsync(manifest, tag, cancellation);
    }

    /// <summary>What is at a tag; null where nothing is.</summary>
    private async Task<ManifestDocument?> FindAsync(string tag, CancellationToken cancellation) =>
        await _there.FindTagAsync(tag, cancellation) is { } raw
            ? ManifestDocument.Read(
                raw,
                expected: null,
                size: null,
                $"fetching the manifest of {_reference.Name}:{tag}"
            )
            : null;

    /// <summary>
    /// A registry that does not say which subject it took has no referrers API: then the list at the fallback tag is
    /// the client's to keep (distribution-spec, "Pushing Manifests with Subject"). Others may write it meanwhile, and
    /// nothing but looking again tells.
    /// </summary>
    /// <exception cref="SysctrException">Conflict: something else stands there, or others write it all the
    /// time.</exception>
    private async Task ListAsync(ManifestDocument manifest, Digest subject, CancellationToken cancellation)
    {
        string tag = ManifestSubject.TagOf(subject);
        for (int attempt = 0; ; attempt++)
        {
            ManifestDocument? there = await FindAsync(tag, cancellation);
            if (there is { Index: null })
            {
                throw new SysctrException(
                    ErrorKind.Conflict,
                    $"listing {manifest.Digest.Short} at {_reference.Name}:{tag}: what stands there is a manifest, not an image index",
                    "remove it there, if it is nobody's"
                );
            }

            if (ManifestSubject.Add(there, manifest) is not { } list)
            {
                return;
            }

            if (attempt == _options.MaxAttempts)
            {
                throw new SysctrException(
                    ErrorKind.Conflict,
                    $"listing {manifest.Digest.Short} at {_reference.Name}:{tag}: it was listed {attempt} times, and each time it was gone again",
                    "others write the list at the same time; try again later"
                );
            }

            RawManifest raw = new(MediaTypes.OciIndex, list, Announced: null);
            await PutAsync(
                ManifestDocument.Read(
                    raw,
                    expected: null,
                    size: null,
                    $"listing {manifest.Digest.Short} at {_reference.Name}:{tag}"
                ),
                tag,
                cancellation
            );
        }
    }

    private async Task<bool> PutAsync(ManifestDocument manifest, string name, CancellationToken cancellation)
    {
        (bool isCreated, bool isListed) = await SendAsync(manifest, name, cancellation);
        if (!isListed && ManifestSubject.Of(manifest) is { } subject && _listed.Add(manifest.Digest))
        {
            await ListAsync(manifest, subject, cancellation);
        }

        return isCreated;
    }

    /// <returns>Whether it is new there, and whether the registry lists it by its subject.</returns>
    private Task<(bool IsCreated, bool IsListed)> SendAsync(
        ManifestDocument manifest,
        string name,
        CancellationToken cancellation
    )
    {
        string doing =
            $"pushing the manifest {manifest.Digest.Short} to {_reference.Name}{(name.Contains(':', StringComparison.Ordinal) ? "" : $":{name}")}";
        RegistryRequest request = new(doing, $"v2/{_reference.Repository}/manifests/{name}", Accept: [])
        {
            Method = HttpMethod.Put,
            Content = () =>
                new ByteArrayContent(manifest.Bytes)
                {
                    Headers = { ContentType = new MediaTypeHeaderValue(manifest.MediaType) },
                },
        };
        return _client.GetAsync(
            request,
            (response, _) =>
            {
                bool isCreated = response.StatusCode == HttpStatusCode.Created;
                bool isListed = response.Headers.NonValidated.Contains("OCI-Subject");
                bool saysWhich = response.Headers.NonValidated.TryGetValues(
                    "Docker-Content-Digest",
                    out HeaderStringValues values
                );
                response.Dispose();

                // Attack, or a proxy: it says that it took another one.
                return
                    saysWhich
                    && Digest.TryParse(values.ToString(), out Digest told)
                    && told.Algorithm == manifest.Digest.Algorithm
                    && told != manifest.Digest
                    ? throw new SysctrException(
                        ErrorKind.Corrupt,
                        $"{doing}: the registry says that it took {told}",
                        "the registry or a proxy on the way changes manifests"
                    )
                    : Task.FromResult((isCreated, isListed));
            },
            cancellation
        );
    }
}
