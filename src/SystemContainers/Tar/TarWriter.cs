// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text;
using SystemContainers.Linux.Files;

namespace SystemContainers.Tar;

/// <summary>
/// Writes an archive: ustar headers (POSIX pax), and a pax header before an entry where ustar can't hold something.
/// Field for field as Go's archive/tar does, with which most layers were made, and always the same bytes for the same
/// entries, so that a layer that is written again most often has the digest that it had.
/// </summary>
/// <param name="target">Stays the caller's.</param>
/// <param name="bareRoot">Whether a directory <c>.</c> has no slash behind it: umoci leaves it out, others write
/// it.</param>
sealed class TarWriter(Stream target, bool bareRoot = false)
{
    private const int BlockSize = 512;
    private const int NameBytes = 100;
    private const int PrefixBytes = 155;

    /// <summary>What an octal field of eight bytes can hold, and one of twelve.</summary>
    private const long LargestId = 0x1FFFFF;

    private const long LargestSize = 0x1FFFFFFFF;

    private long _left;
    private int _padding;

    /// <summary>Writes an entry's header; <see cref="TarEntry.Size"/> bytes of content have to follow for a regular
    /// file.</summary>
    public void WriteHeader(TarEntry entry)
    {
        if (_left > 0)
        {
            throw new InvalidOperationException("the content of the entry before is not whole");
        }

        bool isBare = bareRoot && entry.Name is [(byte)'.'];
        byte[] name =
            entry.Type == TarEntryType.Directory && !isBare && entry.Name is not [.., (byte)'/']
                ? [.. entry.Name, (byte)'/']
                : entry.Name;
        SortedDictionary<string, byte[]> records = Records(entry, name, out int split);
        if (records.Count > 0)
        {
            byte[] data = [.. records.SelectMany(r => Record(r.Key, r.Value))];
            byte[] header = new byte[BlockSize];
            PaxName(name).CopyTo(header, 0);
            Octal(header.AsSpan(100, 8), 0);
            Octal(header.AsSpan(108, 8), 0);
            Octal(header.AsSpan(116, 8), 0);
            Octal(header.AsSpan(124, 12), data.Length);
            Octal(header.AsSpan(136, 12), 0);
            header[156] = (byte)'x';
            Seal(header);
            target.Write(header);
            target.Write(data);
            target.Write(new byte[TarHeader.Padding(data.Length)]);
        }

        WriteMain(entry, name, split, isPax: records.Count > 0);
        _left = entry.Type == TarEntryType.Regular ? entry.Size : 0;
        _padding = TarHeader.Padding(_left);
    }

    /// <summary>Writes a piece of the content of the entry whose header was last.</summary>
    public void WriteContent(ReadOnlySpan<byte> piece)
    {
        if (piece.Length > _left)
        {
            throw new InvalidOperationException("the content is longer than its header says");
        }

        target.Write(piece);
        _left -= piece.Length;
        if (_left == 0)
        {
            target.Write(new byte[_padding]);
            _padding = 0;
        }
    }

    /// <summary>Writes the end of the archive.</summary>
    public void Finish()
    {
        if (_left > 0)
        {
            throw new InvalidOperationException("the content of the last entry is not whole");
        }

        target.Write(new byte[2 * BlockSize]);
    }

    /// <summary>What ustar can't hold.</summary>
    /// <param name="name">As it is written.</param>
    /// <param name="split">How many bytes of the name go into ustar's prefix; 0 for none.</param>
    private static SortedDictionary<string, byte[]> Records(TarEntry entry, byte[] name, out int split)
    {
        SortedDictionary<string, byte[]> records = new(StringComparer.Ordinal);
        foreach (FileXattr xattr in entry.Xattrs)
        {
            records[TarHeader.XattrPrefix + Encoding.Latin1.GetString(xattr.Name)] = xattr.Value;
        }

        split = 0;
        if (!IsAscii(name) || (name.Length > NameBytes && (split = Split(name)) == 0))
        {
            records["path"] = name;
        }

        if (!IsAscii(entry.LinkName) || entry.LinkName.Length > NameBytes)
        {
            records["linkpath"] = entry.LinkName;
        }

        Add("uid", entry.Uid, LargestId);
        Add("gid", entry.Gid, LargestId);
        Add("size", entry.Type == TarEntryType.Regular ? entry.Size : 0, LargestSize);
        if (entry.MtimeNanoseconds != 0 || entry.MtimeSeconds is < 0 or > LargestSize)
        {
            records["mtime"] = Encoding.ASCII.GetBytes(Time(entry.MtimeSeconds, entry.MtimeNanoseconds));
        }

        // Once there is a pax header nothing is cut.
        if (records.Count > 0 && name.Length > NameBytes)
        {
            records["path"] = name;
        }

        return records;

        void Add(string key, long value, long largest)
        {
            if (value > largest)
            {
                records[key] = Encoding.ASCII.GetBytes(value.ToString(CultureInfo.InvariantCulture));
            }
        }
    }

    private void WriteMain(TarEntry entry, byte[] name, int split, bool isPax)
    {
        byte[] header = new byte[BlockSize];
        if (split > 0 && !isPax)
        {
            name.AsSpan(0, split).CopyTo(header.AsSpan(345));
            Put(header.AsSpan(0, NameBytes), name.AsSpan(split + 1));
        }
        else
        {
            Put(header.AsSpan(0, NameBytes), Ascii(name));
        }

        Octal(header.AsSpan(100, 8), entry.Mode);
        Octal(header.AsSpan(108, 8), entry.Uid <= LargestId ? entry.Uid : 0);
        Octal(header.AsSpan(116, 8), entry.Gid <= LargestId ? entry.Gid : 0);
        Octal(header.AsSpan(124, 12), entry.Type == TarEntryType.Regular && entry.Size <= LargestSize ? entry.Size : 0);
        Octal(header.AsSpan(136, 12), entry.MtimeSeconds is >= 0 and <= LargestSize ? entry.MtimeSeconds : 0);
        header[156] = (byte)entry.Type;
        Put(header.AsSpan(157, NameBytes), Ascii(entry.LinkName));
        Octal(header.AsSpan(329, 8), entry.DeviceMajor);
        Octal(header.AsSpan(337, 8), entry.DeviceMinor);
        Seal(header);
        target.Write(header);
    }

    /// <summary>Where a long name can be cut for ustar: at a slash, with at most 155 bytes before it and 100 behind; 0
    /// for nowhere.</summary>
    private static int Split(byte[] name)
    {
        if (name.Length > NameBytes + 1 + PrefixBytes)
        {
            return 0;
        }

        // The last slash that leaves room before it; a directory's own does not count.
        int end = Math.Min(name.Length - (name is [.., (byte)'/'] ? 1 : 0), PrefixBytes + 1);
        int slash = name.AsSpan(0, end).LastIndexOf((byte)'/');
        int rest = name.Length - slash - 1;
        return slash > 0 && rest is > 0 and <= NameBytes && slash <= PrefixBytes ? slash : 0;
    }

    /// <summary>The name of a pax header itself, which nobody reads.</summary>
    private static byte[] PaxName(byte[] entryName)
    {
        string name = Encoding.ASCII.GetString(Ascii(entryName));
        name = name.StartsWith("./", StringComparison.Ordinal) ? name[2..] : name;
        int slash = name.LastIndexOf('/');
        string full = $"{(slash < 0 ? "" : name[..(slash + 1)])}PaxHeaders.0/{name[(slash + 1)..]}";
        return Encoding.ASCII.GetBytes((full.Length > NameBytes ? full[..NameBytes] : full).TrimEnd('/'));
    }

    /// <summary><c>LENGTH KEY=VALUE\n</c>, whose length counts its own digits.</summary>
    private static byte[] Record(string key, byte[] value)
    {
        byte[] head = Encoding.Latin1.GetBytes(key);
        int rest = head.Length + value.Length + 3;
        int length = rest + Digits(rest);
        length = rest + Digits(length);
        return
        [
            .. Encoding.ASCII.GetBytes(length.ToString(CultureInfo.InvariantCulture)),
            (byte)' ',
            .. head,
            (byte)'=',
            .. value,
            (byte)'\n',
        ];
    }

    private static int Digits(int number) => number.ToString(CultureInfo.InvariantCulture).Length;

    /// <summary>Seconds with as many decimals as there are.</summary>
    private static string Time(long seconds, int nanoseconds)
    {
        if (nanoseconds == 0)
        {
            return seconds.ToString(CultureInfo.InvariantCulture);
        }

        // -1.75 is two seconds before, and a quarter on top.
        (string sign, long whole, int fraction) =
            seconds < 0 ? ("-", -(seconds + 1), 1_000_000_000 - nanoseconds) : ("", seconds, nanoseconds);
        return string.Create(CultureInfo.InvariantCulture, $"{sign}{whole}.{fraction:d9}").TrimEnd('0');
    }

    private static bool IsAscii(byte[] bytes) =>
        !bytes.AsSpan().ContainsAnyInRange((byte)0x80, (byte)0xff) && !bytes.Contains((byte)0);

    private static byte[] Ascii(byte[] bytes) => [.. bytes.Where(b => b is > 0 and < 0x80)];

    private static void Put(Span<byte> field, ReadOnlySpan<byte> text) =>
        text[..Math.Min(text.Length, field.Length)].CopyTo(field);

    private static void Octal(Span<byte> field, long value)
    {
        for (int i = field.Length - 2; i >= 0; i--)
        {
            field[i] = (byte)('0' + (value & 7));
            value >>= 3;
        }
    }

    private static void Seal(byte[] header)
    {
        "ustar\0"u8.CopyTo(header.AsSpan(257));
        "00"u8.CopyTo(header.AsSpan(263));
        header.AsSpan(148, 8).Fill((byte)' ');
        int sum = header.Sum(b => b);
        Octal(header.AsSpan(148, 7), sum);
        header[154] = 0;
        header[155] = (byte)' ';
    }
}
