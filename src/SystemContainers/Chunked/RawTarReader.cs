// SPDX-License-Identifier: Apache-2.0

using System.Buffers;
using System.Text;
using System.Text.Unicode;
using SystemContainers.Linux.Files;
using SystemContainers.Tar;

namespace SystemContainers.Chunked;

/// <summary>
/// Reads an archive with all its bytes: those of its headers, content, padding, and what follows its end. It takes only
/// what has one meaning for everybody: for the rest, sparse files, global headers, names that are not UTF-8 or stand
/// there twice, there is no table of contents that podman would take.
/// </summary>
/// <param name="stream">At its beginning; stays the caller's.</param>
sealed class RawTarReader(Stream stream)
{
    private const int BlockSize = TarHeader.BlockSize;
    private const string XattrPrefix = TarHeader.XattrPrefix;

    /// <summary>0001 to 9999, for that is what a date in JSON can be.</summary>
    private const long FirstSecond = -62135596800;

    private const long LastSecond = 253402300799;

    private readonly ArrayBufferWriter<byte> _headers = new();
    private readonly byte[] _block = new byte[BlockSize];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private long _content;
    private long _plain;
    private int _padding;
    private int _entries;

    /// <summary>Why there can be no table of contents; null as long as there can.</summary>
    public string? Unfit { get; private set; }

    /// <summary>What of the archive was read behind its last entry; set once <see cref="ReadNext"/> gave
    /// null.</summary>
    public byte[] End { get; private set; } = [];

    /// <summary>The next entry, whose content is to be read whole before the one behind it.</summary>
    /// <returns>Null behind the last one, or where the archive is <see cref="Unfit"/>.</returns>
    public RawEntry? ReadNext()
    {
        if (_content != 0)
        {
            throw new InvalidOperationException("the content of the entry before was not read");
        }

        PaxRecords? pax = null;
        byte[]? longName = null;
        byte[]? longLink = null;
        bool isFirst = true;
        if (Take(_padding) < _padding)
        {
            return Refuse("it is cut");
        }

        _padding = 0;
        while (true)
        {
            if (_headers.WrittenCount > ChunkedLimits.MaxEntryHeaderBytes)
            {
                return Refuse("the headers of an entry are too large");
            }

            int read = Take(BlockSize);
            if (read < BlockSize || !_block.AsSpan().ContainsAnyExcept((byte)0))
            {
                return isFirst && read is 0 or BlockSize ? Finish(read) : Refuse("it is cut");
            }

            TarHeader header = new(_block);
            if (!header.ChecksumIsRight || !TarNumber.TryParse(header.Size, out long size) || size < 0)
            {
                return Refuse("a header is broken");
            }

            isFirst = false;
            switch ((char)header.TypeFlag)
            {
                case 'x' or 'L' or 'K' when size > TarLimits.MaxHeaderBytes:
                    return Refuse("a header is too large");
                case 'x' when pax is not null:
                case 'L' when longName is not null:
                case 'K' when longLink is not null:
                    // Some take the last one, some all of them together.
                    return Refuse("an entry has two headers of a kind");
                case 'x':
                    pax = new PaxRecords();
                    if (!pax.TryAdd(TakeData(size)))
                    {
                        return Refuse("a pax header is malformed");
                    }

                    break;
                case 'L':
                    longName = UpToZero(TakeData(size));
                    break;
                case 'K':
                    longLink = UpToZero(TakeData(size));
                    break;
                default:
                    return Entry(header, pax ?? new PaxRecords(), longName, longLink, size);
            }
        }
    }

    /// <summary>Reads on in the content of the entry.</summary>
    /// <returns>0 at its end, or where the archive is cut, which makes it <see cref="Unfit"/>.</returns>
    public int ReadContent(Span<byte> buffer)
    {
        if (_content == 0)
        {
            return 0;
        }

        int read = stream.Read(buffer[..(int)Math.Min(buffer.Length, _content)]);
        _content -= read;
        if (read == 0)
        {
            _content = 0;
            Refuse("it is cut");
        }

        return read;
    }

    private RawEntry? Entry(TarHeader header, PaxRecords pax, byte[]? longName, byte[]? longLink, long size)
    {
        if ((longName is not null && pax.Has("path")) || (longLink is not null && pax.Has("linkpath")))
        {
            return Refuse("an entry has two names, of which some take the one and some the other");
        }

        byte[] name =
            pax.Find("path")
            ?? longName
            ?? (header.Prefix.IsEmpty ? header.Name.ToArray() : [.. header.Prefix, (byte)'/', .. header.Name]);
        byte[] link = pax.Find("linkpath") ?? longLink ?? header.LinkName.ToArray();
        string? type = (char)header.TypeFlag switch
        {
            '0' => "reg",
            '\0' => name is [.., (byte)'/'] ? "dir" : "reg",
            '1' => "hardlink",
            '2' => "symlink",
            '3' => "char",
            '4' => "block",
            '5' => "dir",
            '6' => "fifo",
            _ => null,
        };
        if (pax.Find("size") is { } text && !TarNumber.TryParseDecimal(text, out size))
        {
            return Refuse("a size is no number");
        }

        long uid = 0,
            gid = 0,
            mode = 0,
            major = 0,
            minor = 0,
            seconds = 0;
        int nanoseconds = 0;
        bool areNumbers =
            TarNumber.TryParse(header.Mode, out mode)
            && Number(pax, "uid", header.Uid, out uid)
            && Number(pax, "gid", header.Gid, out gid)
            && (
                pax.Find("mtime") is { } time
                    ? TarNumber.TryParseTime(time, out seconds, out nanoseconds)
                    : TarNumber.TryParse(header.Mtime, out seconds)
            )
            && (
                !header.HasDeviceNumbers
                || (
                    TarNumber.TryParse(header.DeviceMajor, out major)
                    && TarNumber.TryParse(header.DeviceMinor, out minor)
                )
            );
        bool isPlain =
            type is not null
            && areNumbers
            && HasOneFormat(_block)
            && (type == "reg" || size == 0)
            && size >= 0
            && uid is >= 0 and <= uint.MaxValue
            && gid is >= 0 and <= uint.MaxValue
            && mode >= 0
            && major >= 0
            && minor >= 0
            && seconds is >= FirstSecond and <= LastSecond
            && pax.SparseNumbers.Count == 0
            && pax.All.All(r =>
                r.Value.Length > 0
                && IsKnown(r.Key)
                && (!r.Key.StartsWith(XattrPrefix, StringComparison.Ordinal) || IsAscii(r.Key))
            );
        if (
            !isPlain
            || !IsText(name)
            || !IsText(link)
            || name.Length > TarLimits.MaxNameBytes
            || link.Length > TarLimits.MaxNameBytes
        )
        {
            return Refuse("an entry of it is none that a table of contents can describe");
        }

        if (size > TarLimits.MaxArchiveBytes - _plain)
        {
            return Refuse("it is larger than a layer may be");
        }

        string shown = Encoding.UTF8.GetString(name);
        if (!_names.Add(Cleaned(shown)) || ++_entries > TarLimits.MaxEntries)
        {
            return Refuse("a name stands in it twice, or it has too many");
        }

        _plain += size;
        _content = size;
        _padding = TarHeader.Padding(size);
        byte[] headers = _headers.WrittenSpan.ToArray();
        _headers.ResetWrittenCount();
        return new RawEntry
        {
            Headers = headers,
            Type = type!,
            Name = shown,
            LinkName = Encoding.UTF8.GetString(link),
            Mode = mode,
            Uid = uid,
            Gid = gid,
            Size = size,
            Mtime = DateTime.UnixEpoch.AddTicks(seconds * TimeSpan.TicksPerSecond),
            MtimeNanoseconds = nanoseconds,
            DeviceMajor = major,
            DeviceMinor = minor,
            Xattrs =
            [
                .. pax
                    .All.Where(r => r.Key.StartsWith(XattrPrefix, StringComparison.Ordinal))
                    .Select(r => new FileXattr(Encoding.ASCII.GetBytes(r.Key[XattrPrefix.Length..]), r.Value)),
            ],
        };
    }

    /// <summary>Records that change nothing a table of contents has, or what is looked at here. Times of access and
    /// change would have to be in it.</summary>
    private static bool IsKnown(string key) =>
        key
            is "path"
                or "linkpath"
                or "size"
                or "uid"
                or "gid"
                or "mtime"
                or "uname"
                or "gname"
                or "comment"
                or "hdrcharset"
        || key.StartsWith(XattrPrefix, StringComparison.Ordinal)
        || (key.Contains('.', StringComparison.Ordinal) && !key.StartsWith("GNU.sparse.", StringComparison.Ordinal));

    /// <summary>ustar and pax, v7, and GNU's where no times of access and change stand in the place of a prefix. Not
    /// star's, which has them too.</summary>
    private static bool HasOneFormat(ReadOnlySpan<byte> block) =>
        block.Slice(257, 6).SequenceEqual("ustar\0"u8) ? !block[508..].SequenceEqual("tar\0"u8)
        : block.Slice(257, 8).SequenceEqual("ustar  \0"u8) ? !block.Slice(345, 24).ContainsAnyExcept((byte)0)
        : !block.Slice(257, 5).SequenceEqual("ustar"u8);

    private static bool Number(PaxRecords pax, string key, ReadOnlySpan<byte> field, out long value) =>
        pax.Find(key) is { } text ? TarNumber.TryParseDecimal(text, out value) : TarNumber.TryParse(field, out value);

    /// <summary>What follows the end, a piece at a time: zeros in whole blocks, or the archive is
    /// <see cref="Unfit"/>.</summary>
    /// <returns>The bytes in the buffer; 0 for no more.</returns>
    public int ReadPadding(Span<byte> buffer)
    {
        int read = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        _plain += read;
        if (_plain > TarLimits.MaxArchiveBytes)
        {
            Refuse("it is larger than a layer may be");
        }

        if (read % BlockSize != 0 || buffer[..read].ContainsAnyExcept((byte)0))
        {
            Refuse("what follows its end is no padding");
        }

        return read;
    }

    private RawEntry? Finish(int read)
    {
        if (read == BlockSize)
        {
            int second = Take(BlockSize);
            if (second is not (0 or BlockSize) || (second == BlockSize && _block.AsSpan().ContainsAnyExcept((byte)0)))
            {
                return Refuse("an end block is followed by something else");
            }
        }

        End = _headers.WrittenSpan.ToArray();
        _headers.ResetWrittenCount();
        return null;
    }

    private RawEntry? Refuse(string why)
    {
        Unfit = why;
        return null;
    }

    /// <summary>Reads up to a block to <see cref="_block"/>, and keeps it.</summary>
    private int Take(int count)
    {
        int read = stream.ReadAtLeast(_block.AsSpan(0, count), count, throwOnEndOfStream: false);
        _headers.Write(_block.AsSpan(0, read));
        return read;
    }

    private byte[] TakeData(long size)
    {
        byte[] data = new byte[size];
        int read = stream.ReadAtLeast(data, data.Length, throwOnEndOfStream: false);
        _headers.Write(data.AsSpan(0, read));
        Take(TarHeader.Padding(size));
        return data;
    }

    private static byte[] UpToZero(byte[] data) =>
        Array.IndexOf(data, (byte)0) is >= 0 and int end ? data[..end] : data;

    private static bool IsText(byte[] bytes) => Utf8.IsValid(bytes) && !bytes.Contains((byte)0);

    private static bool IsAscii(string text) => text.All(c => c is > '\0' and < '\x80');

    /// <summary>A path as Go's filepath.Clean makes it: by it tar-split tells whether a name stands there
    /// twice.</summary>
    private static string Cleaned(string name)
    {
        List<string> parts = [];
        bool isRooted = name.StartsWith('/');
        foreach (string part in name.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == "..")
            {
                if (parts.Count > 0 && parts[^1] != "..")
                {
                    parts.RemoveAt(parts.Count - 1);
                }
                else if (!isRooted)
                {
                    parts.Add(part);
                }
            }
            else if (part != ".")
            {
                parts.Add(part);
            }
        }

        return (isRooted ? "/" : "") + string.Join('/', parts);
    }
}
