// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Pull.Http;
using SystemContainers.Reference;

namespace SystemContainers.Pull.Sources;

/// <summary>An image as <c>dir:</c> has it (containers-transports(5)): <c>manifest.json</c>, blobs by their digits,
/// manifests of an index as <c>DIGITS.manifest.json</c>.</summary>
/// <remarks>File names are made of digests, which are well-formed.</remarks>
/// <param name="reference">For messages.</param>
/// <param name="files">Disposed of with this.</param>
sealed class DirectorySource(ImageReference reference, ILayoutFiles files) : IImageSource
{
    /// <summary>The file of the manifest or index.</summary>
    public const string Manifest = "manifest.json";

    /// <summary>The file that tells what it is, and its content as containers/image writes it.</summary>
    public const string VersionFile = "version";

    /// <inheritdoc cref="VersionFile"/>
    public const string Version = "Directory Transport Version: 1.1\n";

    /// <summary>The file of a blob.</summary>
    public static string BlobName(Digest digest) =>
        digest.Algorithm == "sha256" ? digest.Hex : $"{digest.Algorithm}-{digest.Hex}";

    /// <summary>The file of a manifest that an index names.</summary>
    public static string ManifestName(Digest digest) => $"{BlobName(digest)}.manifest.json";

    /// <inheritdoc/>
    public Task<RawManifest> GetRootAsync(CancellationToken cancellationToken) =>
        ReadAsync(Manifest, cancellationToken);

    /// <inheritdoc/>
    public Task<RawManifest> GetManifestAsync(Descriptor manifest, CancellationToken cancellationToken) =>
        ReadAsync(ManifestName(manifest.Digest), cancellationToken);

    /// <inheritdoc/>
    public Task<Stream> OpenBlobAsync(Descriptor blob, CancellationToken cancellationToken) =>
        Task.FromResult(files.Open(BlobName(blob.Digest), "blob " + blob.Digest));

    /// <inheritdoc/>
    public void Dispose() => files.Dispose();

    private async Task<RawManifest> ReadAsync(string name, CancellationToken cancellationToken)
    {
        await using Stream stream = files.Open(name, name);
        byte[] bytes = await Body.ReadAtMostAsync(stream, OciLimits.MaxManifestBytes + 1, cancellationToken);
        return bytes.Length > OciLimits.MaxManifestBytes
            ? throw new SysctrException(
                ErrorKind.Unsafe,
                $"reading {reference}: {name} is larger than {OciLimits.MaxManifestBytes} bytes"
            )
            : new RawManifest(MediaType: null, bytes, Announced: null);
    }
}
