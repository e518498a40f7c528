// SPDX-License-Identifier: Apache-2.0

using System.Buffers.Binary;
using System.Security.Cryptography;
using SystemContainers.Oci;
using ZstdSharp;

namespace SystemContainers.Chunked;

/// <summary>
/// Writes a layer as zstd:chunked (container-libs, storage/pkg/chunked/compressor): zstd over tar, each chunk of
/// content a frame of its own, and behind it in frames that a decoder passes over the table of contents, the tar-split
/// and a footer. Who knows nothing of it unpacks it as any zstd.
/// </summary>
sealed class ChunkedWriter : IDisposable
{
    /// <summary>containers-storage asks klauspost's coder for 10 where nobody says, which packs about as this
    /// does.</summary>
    public const int DefaultLevel = 6;

    private const uint SkippableMagic = 0x184D2A50;
    private const string TooLarge = "its table of contents or its headers are larger than is read";

    private readonly Stream _target;
    private readonly Compressor _zstd;
    private readonly TarSplitWriter _tarSplit;
    private readonly TocWriter _toc;
    private readonly int _maxChunks;
    private readonly MemoryStream _headers = new();
    private byte[] _packed = [];
    private long _position;
    private int _chunks;

    private ChunkedWriter(Stream target, int level, int maxChunks)
    {
        _toc = new TocWriter(level);
        _maxChunks = maxChunks;
        _target = target;
        _zstd = new Compressor(level);
        _tarSplit = new TarSplitWriter(level);
    }

    /// <param name="tar">Read to its end; it stays the caller's.</param>
    /// <param name="target">Gets the blob.</param>
    /// <param name="cancellation">Honoured between files.</param>
    /// <param name="level">Of zstd.</param>
    /// <param name="maxChunks">Of how many chunks it may be.</param>
    /// <returns>What its descriptor has to say; or why the archive can't be written so: then what was written is a part
    /// of a blob, and the archive was not read to its end.</returns>
    public static (ChunkedLayer? Layer, string? Unfit) Write(
        Stream tar,
        Stream target,
        CancellationToken cancellation,
        int level = DefaultLevel,
        int maxChunks = ChunkedLimits.MaxChunks
    )
    {
        using ChunkedWriter writer = new(target, level, maxChunks);
        RawTarReader reader = new(tar);
        if (!writer.WriteContent(reader, cancellation))
        {
            return (null, reader.Unfit ?? TooLarge);
        }

        return writer.Finish() is { } layer ? (layer, null) : (null, TooLarge);
    }

    public void Dispose()
    {
        _zstd.Dispose();
        _tarSplit.Dispose();
        _toc.Dispose();
        _headers.Dispose();
    }

    private bool WriteContent(RawTarReader reader, CancellationToken cancellation)
    {
        byte[] buffer = new byte[128 << 10];
        while (reader.ReadNext() is { } entry)
        {
            cancellation.ThrowIfCancellationRequested();
            _tarSplit.AddBytes(entry.Headers);
            _headers.Write(entry.Headers);
            if (_headers.Length > ContentSplitter.MaxBytes)
            {
                FlushHeaders();
            }

            WriteFile(entry, reader, buffer, cancellation);
            if (IsTooLarge)
            {
                return false;
            }
        }

        _tarSplit.AddBytes(reader.End);
        _headers.Write(reader.End);
        for (int read = -1; reader.Unfit is null && read != 0;)
        {
            cancellation.ThrowIfCancellationRequested();
            read = reader.ReadPadding(buffer);
            _tarSplit.AddBytes(buffer.AsSpan(0, read));
            _headers.Write(buffer, 0, read);
            if (_headers.Length > ContentSplitter.MaxBytes)
            {
                FlushHeaders();
            }

            if (IsTooLarge)
            {
                return false;
            }
        }

        FlushHeaders();
        return reader.Unfit is null;
    }

    /// <summary>Whether nobody would read what stands behind the archive, and so whether going on is in vain.</summary>
    private bool IsTooLarge =>
        _chunks > _maxChunks
        || _toc.Length > ChunkedLimits.MaxTocBytes
        || _toc.PackedLength > ChunkedLimits.MaxPackedBytes
        || _tarSplit.Length > ChunkedLimits.MaxTarSplitBytes
        || _tarSplit.PackedLength > ChunkedLimits.MaxPackedBytes;

    private void WriteFile(RawEntry entry, RawTarReader reader, byte[] buffer, CancellationToken cancellation)
    {
        List<TocChunk> chunks = [];
        ContentSum? digest = null;
        Crc64 crc = new();
        if (entry.Size > 0)
        {
            // A frame of its own for content alone, so that it can be had without what is before it.
            FlushHeaders();
            using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            ContentSplitter splitter = new(
                (chunk, isZeros) =>
                {
                    long start = _position;
                    if (++_chunks > _maxChunks)
                    {
                        return;
                    }

                    WriteFrame(chunk);
                    chunks.Add(new TocChunk(start, _position, chunk.Length, ContentSum.Of(chunk), isZeros));
                }
            );
            for (int read = reader.ReadContent(buffer); read > 0; read = reader.ReadContent(buffer))
            {
                cancellation.ThrowIfCancellationRequested();
                hash.AppendData(buffer, 0, read);
                crc.Append(buffer.AsSpan(0, read));
                splitter.Add(buffer.AsSpan(0, read));
                if (_chunks > _maxChunks)
                {
                    return;
                }
            }

            splitter.Finish();
            digest = ContentSum.FromHash(hash.GetHashAndReset());
        }

        if (reader.Unfit is null && _chunks <= _maxChunks)
        {
            _tarSplit.AddFile(entry.Name, entry.Size, crc.Value);
            _toc.Add(entry, digest, chunks);
        }
    }

    /// <returns>Null where nobody would read it.</returns>
    private ChunkedLayer? Finish()
    {
        byte[] tarSplit = _tarSplit.Finish();
        byte[] packed = _toc.Finish(Digest.Sha256(tarSplit));
        BlobPart tocPart = WriteSkippable(packed, _toc.Length);
        BlobPart tarSplitPart = WriteSkippable(tarSplit, _tarSplit.Length);
        byte[] footer = new byte[64];
        long[] numbers =
        [
            tocPart.Offset,
            tocPart.Length,
            tocPart.PlainLength,
            1,
            tarSplitPart.Offset,
            tarSplitPart.Length,
            tarSplitPart.PlainLength,
        ];
        for (int i = 0; i < numbers.Length; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(footer.AsSpan(8 * i), numbers[i]);
        }

        "GNUlInUx"u8.CopyTo(footer.AsSpan(56));
        WriteSkippable(footer, footer.Length);
        return
            ChunkedLayer.IsWithin(tocPart, _position, ChunkedLimits.MaxTocBytes)
            && ChunkedLayer.IsWithin(tarSplitPart, _position, ChunkedLimits.MaxTarSplitBytes)
            ? new ChunkedLayer(Digest.Sha256(packed), tocPart, tarSplitPart)
            : null;
    }

    private void FlushHeaders()
    {
        if (_headers.Length > 0)
        {
            WriteFrame(_headers.GetBuffer().AsSpan(0, (int)_headers.Length));
            _headers.SetLength(0);
        }
    }

    private void WriteFrame(ReadOnlySpan<byte> plain)
    {
        int most = Compressor.GetCompressBound(plain.Length);
        if (_packed.Length < most)
        {
            _packed = new byte[most];
        }

        Write(_packed.AsSpan(0, _zstd.Wrap(plain, _packed)));
    }

    private BlobPart WriteSkippable(byte[] data, long plainLength)
    {
        Span<byte> head = stackalloc byte[8];
        BinaryPrimitives.WriteUInt32LittleEndian(head, SkippableMagic);
        BinaryPrimitives.WriteInt32LittleEndian(head[4..], data.Length);
        Write(head);
        BlobPart part = new(_position, data.Length, plainLength);
        Write(data);
        return part;
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        _target.Write(bytes);
        _position += bytes.Length;
    }
}
