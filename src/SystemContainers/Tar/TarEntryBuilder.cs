// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Linux.Files;

namespace SystemContainers.Tar;

/// <summary>
/// Puts an entry together from its header and what overrides it: GNU long names, else local pax records, else global
/// ones, else the header itself; in that order as Go's archive/tar takes them, for most images are written and read by
/// it.
/// </summary>
readonly ref struct TarEntryBuilder(
    TarHeader header,
    PaxRecords? local,
    PaxRecords global,
    byte[]? longName,
    byte[]? longLink,
    long position
)
{
    private const string XattrPrefix = TarHeader.XattrPrefix;

    private readonly TarHeader _header = header;

    /// <param name="dataSize">Bytes that follow in the archive, without padding.</param>
    public TarEntry Build(out long dataSize)
    {
        byte[] name = Name();
        TarEntryType type = Type(name);
        byte[] link = type is TarEntryType.HardLink or TarEntryType.Symlink ? LinkName() : [];
        CheckName(name);
        CheckComponents(name);
        CheckName(link);
        if (link.Length == 0 && type is TarEntryType.HardLink or TarEntryType.Symlink)
        {
            TarErrors.Unsafe($"{Encoding.UTF8.GetString(name)}: a link without a target", position);
        }

        // Only regular files have data, whatever size the header of another claims.
        dataSize = type == TarEntryType.Regular ? Number("size", _header.Size) : 0;
        Mtime(out long seconds, out int nanoseconds);
        bool device = type is TarEntryType.CharacterDevice or TarEntryType.BlockDevice && _header.HasDeviceNumbers;
        return new TarEntry
        {
            Type = type,
            Name = TrimSlashes(name),
            LinkName = link,
            Mode = (int)(Number(null, _header.Mode) & 0xfff),
            Uid = Identifier("uid", _header.Uid),
            Gid = Identifier("gid", _header.Gid),
            Size = dataSize,
            MtimeSeconds = seconds,
            MtimeNanoseconds = nanoseconds,
            DeviceMajor = device ? Identifier(null, _header.DeviceMajor) : 0,
            DeviceMinor = device ? Identifier(null, _header.DeviceMinor) : 0,
            Xattrs = Xattrs(name),
        };
    }

    private byte[]? Record(string key) => local is not null && local.Has(key) ? local.Find(key) : global.Find(key);

    private byte[] Name()
    {
        // The name of a sparse file alone: of any other it has no meaning.
        byte[]? sparse = local is { IsSparse: true } && _header.TypeFlag != 'S' ? local.Find("GNU.sparse.name") : null;
        if ((sparse ?? longName ?? Record("path")) is { } name)
        {
            return name;
        }

        ReadOnlySpan<byte> prefix = _header.Prefix;
        return prefix.IsEmpty ? _header.Name.ToArray() : [.. prefix, (byte)'/', .. _header.Name];
    }

    private byte[] LinkName() => longLink ?? Record("linkpath") ?? _header.LinkName.ToArray();

    private TarEntryType Type(byte[] name)
    {
        switch ((char)_header.TypeFlag)
        {
            // Before ustar, which brought '0' and '5', a directory was a file with a slash at its end.
            case '\0':
                return name is [.., (byte)'/'] ? TarEntryType.Directory : TarEntryType.Regular;
            case '0' or '7' or 'S':
                return TarEntryType.Regular;
            case >= '1' and <= '6':
                return (TarEntryType)_header.TypeFlag;
            default:
                TarErrors.Corrupt(
                    $"{Encoding.UTF8.GetString(name)}: entries of type 0x{_header.TypeFlag:x2} are not known",
                    position
                );
                return default;
        }
    }

    private void CheckName(byte[] name)
    {
        if (name.Length > TarLimits.MaxNameBytes)
        {
            TarErrors.Unsafe($"a name of {name.Length} bytes is longer than {TarLimits.MaxNameBytes}", position);
        }

        if (Array.IndexOf(name, (byte)0) >= 0)
        {
            TarErrors.Corrupt("a name holds a zero byte", position);
        }
    }

    private void CheckComponents(ReadOnlySpan<byte> name)
    {
        while (name.Length > TarLimits.MaxComponentBytes)
        {
            int slash = name.IndexOf((byte)'/');
            if (slash < 0 || slash > TarLimits.MaxComponentBytes)
            {
                TarErrors.Unsafe($"a part of a name is longer than {TarLimits.MaxComponentBytes} bytes", position);
            }

            name = name[(slash + 1)..];
        }
    }

    private long Number(string? key, ReadOnlySpan<byte> field)
    {
        long value;
        bool right =
            key is not null && Record(key) is { } record
                ? TarNumber.TryParseDecimal(record, out value)
                : TarNumber.TryParse(field, out value);
        if (!right || value < 0)
        {
            TarErrors.Corrupt(
                $"{Encoding.UTF8.GetString(Name())}: its {key ?? "header"} holds no valid number",
                position
            );
        }

        return value;
    }

    private uint Identifier(string? key, ReadOnlySpan<byte> field)
    {
        long value = Number(key, field);

        // The all-ones identifier means "leave as it is" to chown(2).
        if (value >= uint.MaxValue)
        {
            TarErrors.Corrupt(
                $"{Encoding.UTF8.GetString(Name())}: {key ?? "a device number"} {value} is out of range",
                position
            );
        }

        return (uint)value;
    }

    private void Mtime(out long seconds, out int nanoseconds)
    {
        nanoseconds = 0;
        bool right = Record("mtime") is { } record
            ? TarNumber.TryParseTime(record, out seconds, out nanoseconds)
            : TarNumber.TryParse(_header.Mtime, out seconds);
        if (!right)
        {
            TarErrors.Corrupt($"{Encoding.UTF8.GetString(Name())}: its mtime is no number", position);
        }
    }

    private List<FileXattr> Xattrs(byte[] name)
    {
        SortedDictionary<string, byte[]>? found = null;
        foreach (PaxRecords records in local is null ? [global] : (ReadOnlySpan<PaxRecords>)[global, local])
        {
            foreach ((string key, byte[] value) in records.All)
            {
                if (key.StartsWith(XattrPrefix, StringComparison.Ordinal) && key.Length > XattrPrefix.Length)
                {
                    found ??= new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
                    found[key[XattrPrefix.Length..]] = value;
                }
            }
        }

        if (found is not null)
        {
            CheckXattrs(name, found);
        }

        return found is null ? [] : [.. found.Select(x => new FileXattr(Encoding.Latin1.GetBytes(x.Key), x.Value))];
    }

    /// <summary>Said by name here: what the file system says later is "no space left".</summary>
    private void CheckXattrs(byte[] name, SortedDictionary<string, byte[]> xattrs)
    {
        string file = Encoding.UTF8.GetString(name);
        if (xattrs.Count > TarLimits.MaxXattrs)
        {
            TarErrors.Unsafe(
                $"{file}: it has {xattrs.Count} extended attributes, more than {TarLimits.MaxXattrs}",
                position
            );
        }

        if (xattrs.Keys.FirstOrDefault(k => k.Length > TarLimits.MaxXattrNameBytes) is { } longName)
        {
            TarErrors.Unsafe(
                $"{file}: the name of an extended attribute has {longName.Length} bytes, more than {TarLimits.MaxXattrNameBytes}",
                position
            );
        }

        int total = xattrs.Sum(x => x.Key.Length + x.Value.Length);
        if (total > TarLimits.MaxXattrTotalBytes)
        {
            TarErrors.Unsafe(
                $"{file}: its extended attributes have {total} bytes, more than {TarLimits.MaxXattrTotalBytes}",
                position
            );
        }
    }

    private static byte[] TrimSlashes(byte[] name)
    {
        int end = name.Length;
        while (end > 1 && name[end - 1] == '/')
        {
            end--;
        }

        return end == name.Length ? name : name[..end];
    }
}
