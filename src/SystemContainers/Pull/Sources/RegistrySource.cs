// SPDX-License-Identifier: Apache-2.0

using System.Net;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Pull.Auth;
using SystemContainers.Pull.Http;
using SystemContainers.Pull.Options;
using SystemContainers.Reference;

namespace SystemContainers.Pull.Sources;

/// <summary>An image in a registry (OCI distribution-spec, "Pull"; Docker Registry HTTP API V2).</summary>
sealed class RegistrySource : IImageSource
{
    private static readonly string[] s_manifestTypes =
    [
        MediaTypes.OciManifest,
        MediaTypes.OciIndex,
        MediaTypes.DockerManifest,
        MediaTypes.DockerList,
    ];

    private readonly ImageReference _reference;
    private readonly RegistryClient _client;
    private readonly PullOptions _options;
    private readonly IPullProgress _progress;

    public RegistrySource(
        RegistryEndpoint endpoint,
        CredentialStore credentials,
        PullOptions options,
        IPullProgress progress
    )
    {
        _reference = endpoint.Reference;
        _client = new RegistryClient(endpoint, credentials, options, progress);
        _options = options;
        _progress = progress;
    }

    public Task<RawManifest> GetRootAsync(CancellationToken cancellationToken) =>
        ManifestAsync(_reference.Digest?.ToString() ?? _reference.Tag!, cancellationToken);

    public Task<RawManifest> GetManifestAsync(Descriptor manifest, CancellationToken cancellationToken) =>
        ManifestAsync(manifest.Digest.ToString(), cancellationToken);

    public async Task<RawManifest?> FindTagAsync(string tag, CancellationToken cancellationToken)
    {
        try
        {
            return await ManifestAsync(tag, cancellationToken);
        }
        catch (SysctrException e) when (e.Kind == ErrorKind.NotFound)
        {
            return null;
        }
    }

    public Task<Stream> OpenBlobAsync(Descriptor blob, CancellationToken cancellationToken) =>
        Task.FromResult<Stream>(new ResumingBlobStream(_client, BlobRequest(blob), blob.Size, _options, _progress));

    public Stream OpenRange(Descriptor blob, long offset, long length) =>
        new BlobRangeStream(_client, BlobRequest(blob), offset, length, blob.Size, _options, _progress);

    /// <summary>The manifest or index at another tag of the repository.</summary>
    public Task<RawManifest> GetTaggedAsync(string tag, CancellationToken cancellationToken) =>
        ManifestAsync(tag, cancellationToken);

    /// <inheritdoc cref="RegistryClient.GetAsync"/>
    public Task<T> AskAsync<T>(
        RegistryRequest request,
        Func<HttpResponseMessage, CancellationToken, Task<T>> read,
        CancellationToken cancellationToken
    ) => _client.GetAsync(request, read, cancellationToken);

    public void Dispose() => _client.Dispose();

    private RegistryRequest BlobRequest(Descriptor blob) =>
        new(
            $"fetching {blob.Digest} of {_reference.Name}",
            $"v2/{_reference.Repository}/blobs/{blob.Digest}",
            Accept: []
        );

    private Task<RawManifest> ManifestAsync(string name, CancellationToken cancellationToken)
    {
        string doing = $"fetching the manifest of {_reference.Identity}";
        RegistryRequest request = new(doing, $"v2/{_reference.Repository}/manifests/{name}", s_manifestTypes);
        return _client.GetAsync(request, ReadAsync, cancellationToken);

        async Task<RawManifest> ReadAsync(HttpResponseMessage response, CancellationToken token)
        {
            using (response)
            {
                long announced = response.Content.Headers.ContentLength ?? 0;
                byte[] bytes =
                    announced > OciLimits.MaxManifestBytes || response.StatusCode != HttpStatusCode.OK
                        ? []
                        : await Body.ReadAtMostAsync(response, OciLimits.MaxManifestBytes + 1, token);
                if (response.StatusCode != HttpStatusCode.OK)
                {
                    throw new SysctrException(
                        ErrorKind.Corrupt,
                        $"{doing}: HTTP {(int)response.StatusCode} instead of 200"
                    );
                }

                if (Math.Max(announced, bytes.Length) > OciLimits.MaxManifestBytes)
                {
                    throw new SysctrException(
                        ErrorKind.Unsafe,
                        $"{doing}: it is larger than {OciLimits.MaxManifestBytes} bytes"
                    );
                }

                return new RawManifest(response.Content.Headers.ContentType?.MediaType, bytes, Announced(response));
            }
        }
    }

    private static Digest? Announced(HttpResponseMessage response) =>
        response.Headers.NonValidated.TryGetValues("Docker-Content-Digest", out var values)
        && Digest.TryParse(values.ToString(), out Digest digest)
            ? digest
            : null;
}
