// SPDX-License-Identifier: Apache-2.0

using System.IO.Compression;
using System.Security.Cryptography;
using SystemContainers.Chunked;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Tar;
using ZstdSharp;

namespace SystemContainers.Push.Layers;

/// <summary>Compresses layers.</summary>
static class LayerWriter
{
    private const int ZstdLevel = 6;

    /// <summary>
    /// Writes a layer. As zstd:chunked where its archive can be; an archive with, say, a name twice is written as zstd,
    /// and podman fetches it whole.
    /// </summary>
    /// <param name="open">Opens the plain archive; called again where it was begun in vain. The stream is read to its
    /// end and disposed of.</param>
    /// <param name="target">An empty file, which gets the blob.</param>
    /// <param name="maxBytes">How large the archive may be.</param>
    /// <returns>What a manifest says of the blob.</returns>
    /// <exception cref="SysctrException">Unsafe: the archive is larger than any that is installed.</exception>
    public static async Task<Descriptor> WriteAsync(
        Func<CancellationToken, Task<Stream>> open,
        FileStream target,
        LayerFormat format,
        CancellationToken cancellation,
        long maxBytes = TarLimits.MaxArchiveBytes
    )
    {
        if (format == LayerFormat.ZstdChunked)
        {
            await using Stream plain = await open(cancellation);
            BufferedStream buffered = new(target, 128 << 10);

            // A thread of its own: it reads, cuts and compresses for as long as the layer lasts.
            ChunkedLayer? chunked = await Task.Factory.StartNew(
                () => ChunkedWriter.Write(plain, buffered, cancellation).Layer,
                cancellation,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default
            );
            await buffered.FlushAsync(cancellation);
            if (chunked is not null)
            {
                return Describe(MediaTypes.OciLayerZstd, target) with { Annotations = chunked.ToAnnotations() };
            }

            target.SetLength(0);
        }

        await using Stream archive = await open(cancellation);
        await using (
            Stream packed =
                format == LayerFormat.Gzip
                    ? new GZipStream(target, CompressionLevel.Optimal, leaveOpen: true)
                    : new CompressionStream(target, ZstdLevel, leaveOpen: true)
        )
        {
            byte[] buffer = new byte[128 << 10];
            long left = maxBytes;
            while (await archive.ReadAsync(buffer, cancellation) is > 0 and int read)
            {
                left -=
                    read <= left
                        ? read
                        : throw new SysctrException(
                            ErrorKind.Unsafe,
                            $"compressing a layer: unpacked it is larger than {maxBytes} bytes"
                        );
                await packed.WriteAsync(buffer.AsMemory(0, read), cancellation);
            }
        }

        return Describe(format == LayerFormat.Gzip ? MediaTypes.OciLayerGzip : MediaTypes.OciLayerZstd, target);
    }

    private static Descriptor Describe(string mediaType, FileStream blob)
    {
        blob.Position = 0;
        return new Descriptor(mediaType, Digest.FromSha256(SHA256.HashData(blob)), blob.Length);
    }
}
