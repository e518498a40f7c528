// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Oci;
using SystemContainers.Pull.Sources;

namespace SystemContainers.Tests.Pull.Chunked;

/// <summary>A blob in memory, of which any piece can be had.</summary>
sealed class BlobSource(byte[] blob) : IImageSource
{
    public List<(long Offset, long Length)> Ranges { get; } = [];

    public Task<RawManifest> GetRootAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<RawManifest> GetManifestAsync(Descriptor manifest, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task<Stream> OpenBlobAsync(Descriptor descriptor, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Stream OpenRange(Descriptor descriptor, long offset, long length)
    {
        lock (Ranges)
        {
            Ranges.Add((offset, length));
        }

        return new MemoryStream(blob, (int)offset, (int)length, writable: false);
    }

    public void Dispose() { }
}
