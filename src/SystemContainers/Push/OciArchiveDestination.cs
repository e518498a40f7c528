// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Oci;
using SystemContainers.Pull;

namespace SystemContainers.Push;

/// <summary>An OCI layout in a tar archive, of one image or several; what they share is in it once.</summary>
sealed class OciArchiveDestination : IImageDestination
{
    private readonly ArchiveWriter _archive;
    private readonly string? _name;
    private readonly LayoutIndex _index = LayoutIndex.New();
    private readonly HashSet<Digest> _there = [];

    /// <param name="archive">Disposed of with this.</param>
    /// <param name="name">What the image is called in it; null for nothing.</param>
    public OciArchiveDestination(ArchiveWriter archive, string? name)
    {
        _archive = archive;
        _name = name;
        foreach (string directory in (string[])["blobs", "blobs/sha256"])
        {
            archive.AddDirectory(directory);
        }
    }

    /// <inheritdoc/>
    public int ParallelBlobs => 1;

    /// <inheritdoc/>
    public bool KeepsManifests => true;

    /// <inheritdoc/>
    public Task<bool> HasBlobAsync(Descriptor blob, CancellationToken cancellation) =>
        Task.FromResult(_there.Contains(blob.Digest));

    /// <inheritdoc/>
    public async Task PutBlobAsync(
        Descriptor blob,
        Func<CancellationToken, Task<Stream>> open,
        CancellationToken cancellation
    )
    {
        await _archive.AddAsync($"blobs/{blob.Digest.Algorithm}/{blob.Digest.Hex}", blob.Size, open, cancellation);
        _there.Add(blob.Digest);
    }

    /// <inheritdoc/>
    public Task PutManifestAsync(ManifestDocument manifest, CancellationToken cancellation) =>
        _there.Contains(manifest.Digest)
            ? Task.CompletedTask
            : PutBlobAsync(
                new Descriptor(manifest.MediaType, manifest.Digest, manifest.Bytes.Length),
                _ => Task.FromResult<Stream>(new MemoryStream(manifest.Bytes, writable: false)),
                cancellation
            );

    /// <inheritdoc/>
    public Task CommitAsync(ManifestDocument root, CancellationToken cancellation)
    {
        _index.Set(root, _name);
        return CompleteAsync(cancellation);
    }

    /// <summary>A destination for one of several images; its commit leaves the archive open.</summary>
    /// <param name="name">What the image is called in it.</param>
    public IImageDestination ForImage(string name) => new OneOfSeveral(this, name);

    /// <summary>Ends the archive and gives it its name.</summary>
    public async Task CompleteAsync(CancellationToken cancellation)
    {
        await _archive.AddAsync("oci-layout", LayoutIndex.Marker, cancellation);
        await _archive.AddAsync("index.json", _index.ToBytes(), cancellation);
        _archive.Commit();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _archive.DisposeAsync();

    private sealed class OneOfSeveral(OciArchiveDestination all, string name) : IImageDestination
    {
        public int ParallelBlobs => all.ParallelBlobs;

        public bool KeepsManifests => true;

        public Task<bool> HasBlobAsync(Descriptor blob, CancellationToken cancellation) =>
            all.HasBlobAsync(blob, cancellation);

        public Task PutBlobAsync(
            Descriptor blob,
            Func<CancellationToken, Task<Stream>> open,
            CancellationToken cancellation
        ) => all.PutBlobAsync(blob, open, cancellation);

        public Task PutManifestAsync(ManifestDocument manifest, CancellationToken cancellation) =>
            all.PutManifestAsync(manifest, cancellation);

        public Task CommitAsync(ManifestDocument root, CancellationToken cancellation)
        {
            all._index.Set(root, name);
            return Task.CompletedTask;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
