using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Native;
using SystemContainers.Oci;
using SystemContainers.Pull.Http;
using SystemContainers.Reference;

namespace SystemContainers.Pull.Sources;

/// <summary>An image in a directory (OCI image-spec, image-layout.md): index.json, and blobs by digest.</summary>
/// <remarks>File names are made of digests, which are well-formed, and of nothing else that the layout says.</remarks>
sealed class LayoutSource : IImageSource
{
    private const int OpenNonBlocking = 0x800;
    private const string RefName = "org.opencontainers.image.ref.name";

    private readonly ImageReference _reference;

    public LayoutSource(ImageReference reference) => _reference = reference;

    public async Task<RawManifest> GetRootAsync(CancellationToken cancellationToken)
    {
        ImageIndex index = await IndexAsync(cancellationToken);
        if (_reference.Digest is { } digest && !index.Manifests.Any(m => m.Digest == digest) && File.Exists(BlobPath(digest)))
        {
            // The index has moved on to a newer image; the one that is asked for is still here.
            return await ReadManifestAsync(digest, null, cancellationToken);
        }

        Descriptor root = Choose(index);
        return await GetManifestAsync(root, cancellationToken);
    }

    public Task<RawManifest> GetManifestAsync(Descriptor manifest, CancellationToken cancellationToken) =>
        ReadManifestAsync(manifest.Digest, manifest.MediaType, cancellationToken);

    private async Task<RawManifest> ReadManifestAsync(Digest digest, string? mediaType, CancellationToken cancellationToken)
    {
        await using Stream stream = Open(BlobPath(digest), "manifest " + digest);
        byte[] bytes = await Body.ReadAtMostAsync(stream, OciLimits.MaxManifestBytes + 1, cancellationToken);
        return bytes.Length > OciLimits.MaxManifestBytes
            ? throw new SysctrException(
                ErrorKind.Unsafe, $"{Doing}: the manifest {digest} is larger than {OciLimits.MaxManifestBytes} bytes")
            : new RawManifest(mediaType, bytes, digest);
    }

    public Task<Stream> OpenBlobAsync(Descriptor blob, CancellationToken cancellationToken) =>
        Task.FromResult<Stream>(Open(BlobPath(blob.Digest), "blob " + blob.Digest));

    public void Dispose()
    {
    }

    private string Doing => $"reading {_reference}";

    private string BlobPath(Digest blob) => Path.Combine(_reference.LayoutPath, "blobs", blob.Algorithm, blob.Hex);

    private async Task<ImageIndex> IndexAsync(CancellationToken cancellationToken)
    {
        await using Stream stream = Open(Path.Combine(_reference.LayoutPath, "index.json"), "index.json");
        byte[] bytes = await Body.ReadAtMostAsync(stream, OciLimits.MaxManifestBytes + 1, cancellationToken);
        if (bytes.Length > OciLimits.MaxManifestBytes)
        {
            throw new SysctrException(
                ErrorKind.Unsafe, $"{Doing}: index.json is larger than {OciLimits.MaxManifestBytes} bytes");
        }

        try
        {
            return JsonSerializer.Deserialize(bytes, OciJson.Default.ImageIndex) is { } index && !index.Manifests.Contains(null!)
                ? index
                : throw new JsonException("null");
        }
        catch (JsonException e)
        {
            throw new SysctrException(ErrorKind.Corrupt, $"{Doing}: index.json is malformed: {Redact.Text(e.Message)}", inner: e);
        }
    }

    private Descriptor Choose(ImageIndex index)
    {
        Descriptor[] found =
        [
            .. index.Manifests.Where(m =>
                (_reference.Digest is not { } digest || m.Digest == digest) &&
                (_reference.Tag is not { } tag || m.Annotations?.GetValueOrDefault(RefName) == tag)),
        ];
        if (found is [{ } only])
        {
            return only;
        }

        string[] tags = [.. index.Manifests.Select(m => Redact.Text(m.Annotations?.GetValueOrDefault(RefName) ?? m.Digest.ToString())).Take(20)];
        string there = tags.Length == 0 ? "it is empty" : "there is " + string.Join(", ", tags);
        throw new SysctrException(
            ErrorKind.NotFound,
            found.Length == 0
                ? $"{Doing}: no such image in index.json; {there}"
                : $"{Doing}: {found.Length} images in index.json could be meant; {there}",
            "write oci:DIRECTORY:TAG");
    }

    private FileStream Open(string path, string what)
    {
        // Not blocking: a FIFO in a hostile layout would else keep us waiting for ever. A link is followed; what is behind
        // it must have the right digest, and index.json is not shown.
        SafeFileHandle handle = Libc.open(path, Linux.OpenFlags.ReadOnly | Linux.OpenFlags.CloseOnExec | OpenNonBlocking, 0);
        if (handle.IsInvalid)
        {
            LinuxException e = LinuxException.Last("open", path);
            handle.Dispose();
            throw new SysctrException(
                e.Errno is Errno.ENOENT or Errno.ENOTDIR ? ErrorKind.NotFound : ErrorKind.Storage,
                $"{Doing}: {what}: {e.Message}",
                e.Errno == Errno.ENOENT && !Directory.Exists(_reference.LayoutPath) ? "the directory does not exist" : null,
                e);
        }

        try
        {
            FileStream stream = new(handle, FileAccess.Read, bufferSize: 0, isAsync: false);
            return stream.CanSeek && !Directory.Exists(path)
                ? stream
                : throw new SysctrException(ErrorKind.Unsafe, $"{Doing}: {what} is no regular file");
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }
}
