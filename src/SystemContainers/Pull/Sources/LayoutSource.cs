// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Pull.Http;
using SystemContainers.Reference;

namespace SystemContainers.Pull.Sources;

/// <summary>An image in an OCI layout (image-spec, image-layout.md): index.json, and blobs by digest.</summary>
/// <remarks>File names are made of digests, which are well-formed, and of nothing else that the layout says.</remarks>
sealed class LayoutSource : IImageSource
{
    /// <summary>The annotation that names an image of a layout (image-spec, annotations.md).</summary>
    internal const string RefName = "org.opencontainers.image.ref.name";

    private readonly ImageReference _reference;
    private readonly ILayoutFiles _files;

    /// <param name="reference">Says which image is meant.</param>
    /// <param name="files">Disposed of with this.</param>
    public LayoutSource(ImageReference reference, ILayoutFiles files)
    {
        _reference = reference;
        _files = files;
    }

    public async Task<RawManifest> GetRootAsync(CancellationToken cancellationToken)
    {
        ImageIndex index = await IndexAsync(cancellationToken);
        if (
            _reference.Digest is { } digest
            && !index.Manifests.Any(m => m.Digest == digest)
            && _files.Has(BlobPath(digest))
        )
        {
            // The index has moved on to a newer image; the one that is asked for is still here.
            return await ReadManifestAsync(digest, null, cancellationToken);
        }

        Descriptor root = Choose(index);
        return await GetManifestAsync(root, cancellationToken);
    }

    public Task<RawManifest> GetManifestAsync(Descriptor manifest, CancellationToken cancellationToken) =>
        ReadManifestAsync(manifest.Digest, manifest.MediaType, cancellationToken);

    private async Task<RawManifest> ReadManifestAsync(
        Digest digest,
        string? mediaType,
        CancellationToken cancellationToken
    )
    {
        await using Stream stream = _files.Open(BlobPath(digest), "manifest " + digest);
        byte[] bytes = await Body.ReadAtMostAsync(stream, OciLimits.MaxManifestBytes + 1, cancellationToken);
        return bytes.Length > OciLimits.MaxManifestBytes
            ? throw new SysctrException(
                ErrorKind.Unsafe,
                $"{Doing}: the manifest {digest} is larger than {OciLimits.MaxManifestBytes} bytes"
            )
            : new RawManifest(mediaType, bytes, digest);
    }

    public Task<Stream> OpenBlobAsync(Descriptor blob, CancellationToken cancellationToken) =>
        Task.FromResult(_files.Open(BlobPath(blob.Digest), "blob " + blob.Digest));

    public void Dispose() => _files.Dispose();

    private string Doing => $"reading {_reference}";

    private static string BlobPath(Digest blob) => $"blobs/{blob.Algorithm}/{blob.Hex}";

    private async Task<ImageIndex> IndexAsync(CancellationToken cancellationToken)
    {
        await using Stream stream = _files.Open("index.json", "index.json");
        byte[] bytes = await Body.ReadAtMostAsync(stream, OciLimits.MaxManifestBytes + 1, cancellationToken);
        if (bytes.Length > OciLimits.MaxManifestBytes)
        {
            throw new SysctrException(
                ErrorKind.Unsafe,
                $"{Doing}: index.json is larger than {OciLimits.MaxManifestBytes} bytes"
            );
        }

        try
        {
            return ImageIndex.Parse(bytes);
        }
        catch (JsonException e)
        {
            throw new SysctrException(
                ErrorKind.Corrupt,
                $"{Doing}: index.json is malformed: {Redact.Text(JsonFault.Of(e))}",
                inner: e
            );
        }
    }

    private Descriptor Choose(ImageIndex index)
    {
        Descriptor[] found =
        [
            .. index.Manifests.Where(m =>
                (_reference.Digest is not { } digest || m.Digest == digest)
                && (_reference.Tag is not { } tag || m.Annotations?.GetValueOrDefault(RefName) == tag)
            ),
        ];
        if (found is [{ } only])
        {
            return only;
        }

        string[] tags =
        [
            .. index
                .Manifests.Select(m => Redact.Text(m.Annotations?.GetValueOrDefault(RefName) ?? m.Digest.ToString()))
                .Take(20),
        ];
        string there = tags.Length == 0 ? "it is empty" : "there is " + string.Join(", ", tags);
        throw new SysctrException(
            ErrorKind.NotFound,
            found.Length == 0
                ? $"{Doing}: no such image in index.json; {there}"
                : $"{Doing}: {found.Length} images in index.json could be meant; {there}",
            _reference.Transport == ImageTransport.OciLayout ? "write oci:DIRECTORY:TAG" : "write oci-archive:FILE:TAG"
        );
    }
}
