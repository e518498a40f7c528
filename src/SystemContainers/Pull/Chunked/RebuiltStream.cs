// SPDX-License-Identifier: Apache-2.0

using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Chunked;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Oci;
using SystemContainers.Pull.Sources;
using SystemContainers.Pull.Streams;
using ZstdSharp;

namespace SystemContainers.Pull.Chunked;

/// <summary>
/// A layer's plain tar, put together: headers and padding from its tar-split, contents from files that are here and
/// from ranges of the blob. Each chunk is held against its sum, and a read returns 0 only when all of it was the
/// diffID: that alone proves the layer, as it does one that came whole.
/// </summary>
sealed class RebuiltStream : ForwardOnlyStream
{
    /// <summary>A chunk up to this size is held against its sum before a byte of it is given.</summary>
    private const int WholeBytes = ContentSplitter.MaxBytes;

    /// <summary>What was found and is not what it was costs a request each, one behind the other: with more of them the
    /// whole is sooner there.</summary>
    private const int MaxUnplanned = 32;

    private readonly Toc _toc;
    private readonly TarSplitReader _tarSplit;
    private readonly IFoundContents _found;
    private readonly RangesStream _ranges;
    private readonly Func<BlobRange, Stream?> _open;
    private readonly Digest _diffId;
    private readonly string _doing;
    private readonly IncrementalHash _hash;
    private readonly Decompressor _zstd = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly IAsyncEnumerator<ReadOnlyMemory<byte>> _pieces;
    private ReadOnlyMemory<byte> _piece;
    private byte[] _packed = [];
    private byte[] _content = [];
    private bool _verified;
    private int _unplanned;

    /// <param name="tarSplit">All but contents; disposed of with this.</param>
    /// <param name="found">What is here; disposed of with this.</param>
    /// <param name="ranges">Of the blob, with all that was not found; disposed of with this.</param>
    /// <param name="open">Opens another range, for what was found and is not what it was.</param>
    /// <param name="diffId">What has to come out.</param>
    /// <param name="doing">"fetching layer X of Y", for messages.</param>
    public RebuiltStream(
        Toc toc,
        TarSplitReader tarSplit,
        IFoundContents found,
        RangesStream ranges,
        Func<BlobRange, Stream?> open,
        Digest diffId,
        string doing
    )
    {
        _toc = toc;
        _tarSplit = tarSplit;
        _found = found;
        _ranges = ranges;
        _open = open;
        _diffId = diffId;
        _doing = doing;
        _hash = IncrementalHash.CreateHash(diffId.HashName);
        _pieces = PiecesAsync(_stop.Token).GetAsyncEnumerator(CancellationToken.None);
    }

    /// <summary>Whether what came was not what the table of contents says, or that led to another archive: then it says
    /// nothing that is worth to be kept.</summary>
    public bool IsTableDoubtful { get; private set; }

    /// <exception cref="SysctrException">Corrupt: it can't be put together, a chunk is not what its sum says, or the
    /// whole not its diffID; Unreachable.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty || _verified)
        {
            return 0;
        }

        await using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(
            static stop => ((CancellationTokenSource)stop!).Cancel(),
            _stop
        );
        while (_piece.IsEmpty)
        {
            if (!await MoveAsync())
            {
                Verify();
                return 0;
            }
        }

        int count = Math.Min(buffer.Length, _piece.Length);
        _piece[..count].CopyTo(buffer);
        _piece = _piece[count..];
        return count;
    }

    public override async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _pieces.DisposeAsync();
        await _ranges.DisposeAsync();
        _tarSplit.Dispose();
        _found.Dispose();
        _zstd.Dispose();
        _hash.Dispose();
        _stop.Dispose();
        await base.DisposeAsync();
    }

    private async ValueTask<bool> MoveAsync()
    {
        try
        {
            if (!await _pieces.MoveNextAsync())
            {
                return false;
            }
        }
        catch (RangeRefusedException e)
        {
            throw Unfit(e.Message);
        }
        catch (Exception e) when (Decompression.IsFault(e))
        {
            throw Doubtful($"it can't be decompressed: {e.Message}");
        }

        _piece = _pieces.Current;
        _hash.AppendData(_piece.Span);
        return true;
    }

    private void Verify()
    {
        Digest actual = Digest.FromHash(_diffId.HashName, _hash.GetHashAndReset());
        _verified =
            actual == _diffId
                ? true
                : throw Doubtful($"put together it is {actual}, the image's configuration says {_diffId}");
    }

    private async IAsyncEnumerable<ReadOnlyMemory<byte>> PiecesAsync(
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        int files = 0;
        while (NextEntry() is { } entry)
        {
            cancellation.ThrowIfCancellationRequested();
            if (!entry.IsFile)
            {
                yield return entry.Bytes;
                continue;
            }

            if (
                files == _toc.Files.Count
                || _toc.Files[files] is not { } file
                || file.Size != entry.Size
                || (entry.Name is { } name && name != file.Name)
            )
            {
                throw Unfit("its tar-split and its table of contents have other files");
            }

            files++;
            foreach (TocChunk chunk in file.Chunks)
            {
                await foreach (
                    ReadOnlyMemory<byte> piece in chunk.IsZeros ? Zeros(chunk.Size) : ChunkAsync(chunk, cancellation)
                )
                {
                    yield return piece;
                }
            }
        }

        if (files != _toc.Files.Count)
        {
            throw Unfit("its table of contents has files that its tar-split has not");
        }
    }

    private TarSplitEntry? NextEntry()
    {
        try
        {
            return _tarSplit.ReadNext();
        }
        catch (SysctrException e)
        {
            throw Unfit(e.Message);
        }
    }

    private async IAsyncEnumerable<ReadOnlyMemory<byte>> Zeros(long size)
    {
        byte[] zeros = new byte[(int)Math.Min(size, 64 << 10)];
        for (long left = size; left > 0; left -= Math.Min(left, zeros.Length))
        {
            yield return zeros.AsMemory(0, (int)Math.Min(left, zeros.Length));
        }

        await Task.CompletedTask;
    }

    private async IAsyncEnumerable<ReadOnlyMemory<byte>> ChunkAsync(
        TocChunk chunk,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        bool isPlanned = !_found.Has(chunk.Sum);
        if (!isPlanned && Find(chunk) is var (file, offset))
        {
            if (chunk.Size <= WholeBytes)
            {
                yield return _content.AsMemory(0, (int)chunk.Size);
                yield break;
            }

            for (long done = 0; done < chunk.Size;)
            {
                int read = ReadFound(file, (int)Math.Min(128 << 10, chunk.Size - done), offset + done);
                done += read;
                yield return _content.AsMemory(0, read);
            }

            yield break;
        }

        // What was found, and is not what it was, was in no plan.
        if (!isPlanned && ++_unplanned > MaxUnplanned)
        {
            throw Unfit($"more than {MaxUnplanned} pieces of files are not any more what they were");
        }

        Stream source = isPlanned
            ? _ranges
            : _open(new BlobRange(chunk.Start, chunk.End))
                ?? throw new RangeRefusedException("the source has no pieces of blobs");
        try
        {
            if (isPlanned)
            {
                await _ranges.SkipToAsync(chunk.Start, cancellation);
            }

            if (chunk.Size <= WholeBytes && chunk.End - chunk.Start <= 2 * WholeBytes)
            {
                yield return await UnpackAsync(source, chunk, cancellation);
                yield break;
            }

            await foreach (ReadOnlyMemory<byte> piece in UnpackLargeAsync(source, chunk, cancellation))
            {
                yield return piece;
            }
        }
        finally
        {
            if (!isPlanned)
            {
                await source.DisposeAsync();
            }
        }
    }

    /// <summary>The first place where a content still is; one that fits is in <see cref="_content"/> then.</summary>
    private (SafeFileHandle File, long Offset)? Find(TocChunk chunk)
    {
        for (int place = 0; place < _found.Places(chunk.Sum); place++)
        {
            if (_found.Open(chunk.Sum, place) is var (file, offset) && IsThere(file, offset, chunk))
            {
                return (file, offset);
            }
        }

        return null;
    }

    private int ReadFound(SafeFileHandle file, int count, long offset)
    {
        try
        {
            return RandomAccess.Read(file, Content(128 << 10).AsSpan(0, count), offset) is > 0 and int read
                ? read
                : throw Unfit("a file of the store was cut while it was read");
        }
        catch (IOException e)
        {
            throw Unfit($"a file of the store can't be read: {e.Message}");
        }
    }

    /// <summary>Whether a content that was found is still what it was; one that fits is in <see cref="_content"/>
    /// then.</summary>
    private bool IsThere(SafeFileHandle file, long offset, TocChunk chunk)
    {
        try
        {
            using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            int size = (int)Math.Min(chunk.Size, WholeBytes);
            byte[] buffer = Content(size);
            for (long done = 0; done < chunk.Size;)
            {
                int wanted = (int)Math.Min(size, chunk.Size - done);
                if (FileBytes.Fill(file, buffer.AsSpan(0, wanted), offset + done) < wanted)
                {
                    return false;
                }

                hash.AppendData(buffer, 0, wanted);
                done += wanted;
            }

            return ContentSum.FromHash(hash.GetHashAndReset()) == chunk.Sum;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private async ValueTask<ReadOnlyMemory<byte>> UnpackAsync(
        Stream source,
        TocChunk chunk,
        CancellationToken cancellation
    )
    {
        int length = (int)(chunk.End - chunk.Start);
        if (_packed.Length < length)
        {
            _packed = new byte[length];
        }

        await source.ReadExactlyAsync(_packed.AsMemory(0, length), cancellation);
        int size = _zstd.Unwrap(_packed.AsSpan(0, length), Content((int)chunk.Size).AsSpan(0, (int)chunk.Size));
        return size == chunk.Size && ContentSum.Of(_content.AsSpan(0, size)) == chunk.Sum
            ? _content.AsMemory(0, size)
            : throw Wrong(chunk);
    }

    private async IAsyncEnumerable<ReadOnlyMemory<byte>> UnpackLargeAsync(
        Stream source,
        TocChunk chunk,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using PieceStream piece = new(source, chunk.End - chunk.Start);
        await using DecompressionStream plain = new(piece, bufferSize: 128 << 10, leaveOpen: true);
        byte[] buffer = Content(128 << 10);
        long size = 0;
        while (await plain.ReadAsync(buffer, cancellation) is > 0 and int read)
        {
            hash.AppendData(buffer, 0, read);
            size += read;
            if (size > chunk.Size)
            {
                throw Wrong(chunk);
            }

            yield return buffer.AsMemory(0, read);
        }

        if (size != chunk.Size || ContentSum.FromHash(hash.GetHashAndReset()) != chunk.Sum)
        {
            throw Wrong(chunk);
        }
    }

    private byte[] Content(int size)
    {
        if (_content.Length < size)
        {
            _content = new byte[size];
        }

        return _content;
    }

    private SysctrException Wrong(TocChunk chunk) =>
        Doubtful($"the bytes {chunk.Start} to {chunk.End - 1} unpacked are not {chunk.Sum}");

    private SysctrException Doubtful(string why)
    {
        IsTableDoubtful = true;
        return Unfit(why);
    }

    /// <summary>Without a hint: whoever reads this fetches the whole, whose digests tell the true reason.</summary>
    private SysctrException Unfit(string why) => new(ErrorKind.Corrupt, $"{_doing}: {why}");
}
