// SPDX-License-Identifier: Apache-2.0

using System.Runtime.InteropServices;
using System.Security.Cryptography;
using SystemContainers.Chunked;

namespace SystemContainers.Store.Records;

/// <summary>
/// What the contents of a layer's files hash to, as its table of contents said it: for each entry of the index that has
/// an object, in its order, the chunks of the content. On disk: magic, count, the entries, and SHA-256 over all of
/// that. It is a hint: who reads an object by it hashes what he reads.
/// </summary>
static class LayerSums
{
    private static ReadOnlySpan<byte> Magic => "sysctr sums 1\n"u8;

    /// <param name="target">Stays the caller's.</param>
    /// <param name="files">Those that are not empty.</param>
    public static void Write(Stream target, IReadOnlyCollection<IReadOnlyList<TocChunk>> files)
    {
        using HashingStream hashing = new(target);
        using BinaryWriter writer = new(new BufferedStream(hashing, 64 << 10));
        writer.Write(Magic);
        writer.Write7BitEncodedInt(files.Count);
        Span<byte> sum = stackalloc byte[ContentSum.Size];
        foreach (IReadOnlyList<TocChunk> chunks in files)
        {
            writer.Write7BitEncodedInt(chunks.Count);
            foreach (TocChunk chunk in chunks)
            {
                // A hole has no sum: it is never looked for.
                writer.Write7BitEncodedInt64(chunk.IsZeros ? -chunk.Size : chunk.Size);
                if (!chunk.IsZeros)
                {
                    chunk.Sum.CopyTo(sum);
                    writer.Write(sum);
                }
            }
        }

        writer.Flush();
        target.Write(hashing.Hash());
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <returns>The entry's place among those that have objects, and a chunk of it; null where it is not that any
    /// more.</returns>
    public static IEnumerable<KnownChunk>? Read(byte[] bytes)
    {
        int end = bytes.Length - SHA256.HashSizeInBytes;
        return
            end >= Magic.Length
            && bytes.AsSpan().StartsWith(Magic)
            && SHA256.HashData(bytes.AsSpan(0, end)).AsSpan().SequenceEqual(bytes.AsSpan(end))
            ? ReadAll(new BinaryReader(new MemoryStream(bytes, Magic.Length, end - Magic.Length)))
            : null;
    }

    private static IEnumerable<KnownChunk> ReadAll(BinaryReader reader)
    {
        using (reader)
        {
            int files = reader.Read7BitEncodedInt();
            for (int file = 0; file < files; file++)
            {
                long offset = 0;
                for (int left = reader.Read7BitEncodedInt(); left > 0; left--)
                {
                    long size = reader.Read7BitEncodedInt64();
                    if (size > 0)
                    {
                        yield return new KnownChunk(
                            file,
                            offset,
                            size,
                            ContentSum.FromHash(reader.ReadBytes(ContentSum.Size))
                        );
                    }

                    offset += Math.Abs(size);
                }
            }
        }
    }
}

/// <summary>A chunk of a file of a layer.</summary>
/// <param name="File">Which of those that have objects.</param>
/// <param name="Size">In bytes.</param>
/// <param name="Sum">What it is said to hash to.</param>
[StructLayout(LayoutKind.Auto)]
readonly record struct KnownChunk(int File, long Offset, long Size, ContentSum Sum);
