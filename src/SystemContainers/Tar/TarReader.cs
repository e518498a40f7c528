// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Linux.Files;

namespace SystemContainers.Tar;

/// <summary>
/// Reads a layer entry by entry, forward only: ustar, pax (local and global headers, xattrs as bytes), GNU long names
/// and all four sparse formats, v7. System.Formats.Tar is not faithful enough: it decodes names and attribute values as
/// text, takes wrong checksums, and has no sparse files.
/// </summary>
/// <remarks>
/// What Go's archive/tar takes at the end is taken here: a stream that ends between two entries, in the padding of the
/// last one, or after one end block of two. A layer's diffID has the last word on whether it is whole.
/// </remarks>
/// <param name="stream">Read to its end by <see cref="ReadToEnd"/>.</param>
/// <param name="maxBytes">How many bytes are read of it.</param>
sealed partial class TarReader(Stream stream, long maxBytes = TarLimits.MaxArchiveBytes)
{
    private const int BlockSize = 512;

    private readonly PaxRecords _global = new();
    private readonly byte[] _block = new byte[BlockSize];

    // What the stream's decorators (inflate, two digests) do for every Read is dear for 512 bytes and cheap for these.
    private readonly byte[] _buffer = new byte[64 * 1024];
    private int _bufferStart;
    private int _bufferEnd;

    /// <summary>Bytes of the current entry's data that are still in the stream, without padding.</summary>
    private long _remaining;

    private long _padding;
    private long _position;
    private long _contentPosition;
    private int _entries;
    private long _metadata;
    private long _globalBytes;
    private long _taken;
    private bool _ended;
    private SparseMap? _sparse;
    private long _sparseSize;
    private long _sparsePosition;
    private int _sparsePiece;

    /// <summary>
    /// Where the current entry's content begins in the stream, for those who read it there later; null where it is not
    /// in one piece (a sparse file).
    /// </summary>
    public long? ContentPosition => _sparse is null ? _contentPosition : null;

    /// <summary>The next entry; whatever is left of the content of the one before is skipped.</summary>
    /// <returns>Null at the end of the archive. The stream may go on with padding that is none of ours.</returns>
    /// <exception cref="Errors.SysctrException">Corrupt: it is no valid archive; Unsafe: it exceeds
    /// <see cref="TarLimits"/>.</exception>
    public TarEntry? ReadNext()
    {
        PaxRecords? local = null;
        byte[]? longName = null;
        byte[]? longLink = null;
        while (!_ended)
        {
            SkipContent();
            if (AtEnd())
            {
                _ended = true;
                if (local is not null || longName is not null || longLink is not null)
                {
                    TarErrors.Corrupt("it ends after a header that belongs to an entry", _position);
                }

                return null;
            }

            TarHeader header = new(_block);
            if (!header.ChecksumIsRight)
            {
                TarErrors.Corrupt("a header's checksum is wrong", _position - BlockSize);
            }

            switch ((char)header.TypeFlag)
            {
                case 'x':
                    local = new PaxRecords();
                    AddRecords(local, header);
                    break;
                case 'g':
                    AddGlobalRecords(header);
                    break;
                case 'L':
                    longName = LongName(header);
                    break;
                case 'K':
                    longLink = LongName(header);
                    break;
                default:
                    return Begin(header, local, longName, longLink);
            }
        }

        return null;
    }

    /// <summary>Reads on in the current entry's content, holes as zeros.</summary>
    /// <returns>How many bytes; 0 at its end.</returns>
    /// <exception cref="Errors.SysctrException">Corrupt: the archive ends first.</exception>
    public int ReadContent(Span<byte> buffer)
    {
        if (_sparse is not null)
        {
            return ReadSparse(buffer);
        }

        int wanted = (int)Math.Min(buffer.Length, _remaining);
        return wanted == 0 ? 0 : ReadData(buffer[..wanted]);
    }

    /// <summary>Reads to the end of the stream, past the archive's own end: only then has the stream verified
    /// itself.</summary>
    public void ReadToEnd()
    {
        // What follows the end blocks is padding.
        for (int read = -1; read != 0; Count(read))
        {
            read = stream.Read(_buffer);
        }
    }

    /// <summary>Whether the archive ends here: with the stream, or with two blocks of zeros, the second of which may be
    /// missing.</summary>
    private bool AtEnd()
    {
        if (!ReadBlock())
        {
            return true;
        }

        if (!IsZero(_block))
        {
            return false;
        }

        if (ReadBlock() && !IsZero(_block))
        {
            // What is behind it would be lost without a word.
            TarErrors.Corrupt("an end block is followed by something else", _position - BlockSize);
        }

        return true;
    }

    private TarEntry Begin(TarHeader header, PaxRecords? local, byte[]? longName, byte[]? longLink)
    {
        if (++_entries > TarLimits.MaxEntries)
        {
            TarErrors.Unsafe($"it has more than {TarLimits.MaxEntries} entries", _position);
        }

        TarEntry entry = new TarEntryBuilder(header, local, _global, longName, longLink, _position).Build(
            out long dataSize
        );
        CountMetadata(entry);
        _remaining = dataSize;
        _padding = TarHeader.Padding(dataSize);
        BeginSparse(header, local, entry, out long size);
        _contentPosition = _position;
        return size == entry.Size ? entry : entry with { Size = size };
    }

    private void CountMetadata(TarEntry entry)
    {
        _metadata += TarLimits.EntryBytes + entry.Name.Length + entry.LinkName.Length;
        foreach (FileXattr xattr in entry.Xattrs)
        {
            _metadata += TarLimits.XattrBytes + xattr.Name.Length + xattr.Value.Length;
        }

        if (_metadata > TarLimits.MaxMetadataBytes)
        {
            TarErrors.Unsafe(
                $"its entries, names and attributes take more than {TarLimits.MaxMetadataBytes} bytes",
                _position
            );
        }
    }

    private void AddGlobalRecords(TarHeader header)
    {
        long start = _position;
        AddRecords(_global, header);
        _globalBytes += _position - start;
        if (_globalBytes > TarLimits.MaxGlobalBytes)
        {
            TarErrors.Unsafe($"its global headers exceed {TarLimits.MaxGlobalBytes} bytes", _position);
        }
    }

    private void AddRecords(PaxRecords records, TarHeader header)
    {
        if (!records.TryAdd(ReadHeaderData(header)))
        {
            TarErrors.Corrupt("a pax header is malformed", _position);
        }
    }

    private byte[] ReadHeaderData(TarHeader header)
    {
        if (!TarNumber.TryParse(header.Size, out long size) || size < 0)
        {
            TarErrors.Corrupt("a header's size is no number", _position);
        }

        if (size > TarLimits.MaxHeaderBytes)
        {
            TarErrors.Unsafe($"a header of {size} bytes is larger than {TarLimits.MaxHeaderBytes}", _position);
        }

        byte[] data = new byte[size];
        _remaining = size;
        _padding = TarHeader.Padding(size);
        for (int done = 0; done < data.Length;)
        {
            done += ReadData(data.AsSpan(done));
        }

        return data;
    }

    private int ReadData(Span<byte> buffer)
    {
        int read = ReadSome(buffer);
        if (read == 0)
        {
            TarErrors.Corrupt("it ends inside an entry", _position);
        }

        _position += read;
        _remaining -= read;
        return read;
    }

    private void SkipContent()
    {
        _sparse = null;
        SeekOverContent();
        Span<byte> waste = stackalloc byte[4096];
        while (_remaining > 0)
        {
            ReadData(waste[..(int)Math.Min(waste.Length, _remaining)]);
        }

        for (int read = 1; _padding > 0 && read > 0; _padding -= read)
        {
            read = ReadSome(waste[..(int)_padding]);
            _position += read;
        }

        _padding = 0;
    }

    /// <summary>Of a file that need not be read, such as the layers in an archive of images while it is only looked
    /// through.</summary>
    private void SeekOverContent()
    {
        long unread = _remaining - (_bufferEnd - _bufferStart);
        if (unread <= 0 || !stream.CanSeek)
        {
            return;
        }

        // A seek past the end succeeds; then the archive is cut, and reading on says so.
        long target = Math.Min(stream.Position + unread, stream.Length);
        long skipped = _bufferEnd - _bufferStart + target - stream.Position;
        stream.Position = target;
        _bufferStart = _bufferEnd;
        _position += skipped;
        _remaining -= skipped;
    }

    /// <summary>Reads through the buffer, or past it where more is wanted than it holds.</summary>
    private int ReadSome(Span<byte> target)
    {
        if (_bufferStart == _bufferEnd)
        {
            if (target.Length >= _buffer.Length)
            {
                return Count(stream.Read(target));
            }

            _bufferStart = 0;
            _bufferEnd = Count(stream.Read(_buffer));
        }

        int count = Math.Min(target.Length, _bufferEnd - _bufferStart);
        _buffer.AsSpan(_bufferStart, count).CopyTo(target);
        _bufferStart += count;
        return count;
    }

    private int Count(int read)
    {
        _taken += read;
        if (_taken > maxBytes)
        {
            TarErrors.Unsafe($"it is larger than {maxBytes} bytes", _position);
        }

        return read;
    }

    /// <returns>False where the stream ends exactly here.</returns>
    private bool ReadBlock()
    {
        int done = 0;
        while (done < BlockSize)
        {
            int read = ReadSome(_block.AsSpan(done));
            if (read == 0)
            {
                if (done > 0)
                {
                    TarErrors.Corrupt("it ends inside a header", _position);
                }

                return false;
            }

            done += read;
            _position += read;
        }

        return true;
    }

    private static bool IsZero(ReadOnlySpan<byte> block) => !block.ContainsAnyExcept((byte)0);

    /// <summary>A name that GNU tar put into an entry of its own; null where it is empty and thus says
    /// nothing.</summary>
    private byte[]? LongName(TarHeader header)
    {
        byte[] data = ReadHeaderData(header);
        int end = Array.IndexOf(data, (byte)0);
        return end == 0 || data.Length == 0 ? null
            : end < 0 ? data
            : data[..end];
    }

    private static string Describe(byte[] name) => Encoding.UTF8.GetString(name);
}
