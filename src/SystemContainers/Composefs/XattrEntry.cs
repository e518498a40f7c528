// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Composefs;

/// <summary>A name and a value, however many inodes have them.</summary>
sealed class XattrEntry
{
    /// <summary>EROFS_XATTR_FILTER_SEED.</summary>
    private const uint FilterSeed = 0x25bbe08f;

    public XattrEntry(byte[] name, byte[] value)
    {
        Name = name;
        Value = value;
        (Index, int prefix) = Prefix(name);
        SuffixStart = prefix;
        FilterBit = 1u << (int)(XxHash32.Of(Suffix, FilterSeed + Index) & 31);
    }

    public byte[] Name { get; }

    public byte[] Value { get; }

    /// <summary>What stands for the beginning of the name: EROFS_XATTR_INDEX_*.</summary>
    public byte Index { get; }

    /// <summary>The rest of the name.</summary>
    public ReadOnlySpan<byte> Suffix => Name.AsSpan(SuffixStart);

    /// <summary>Its bit in the filter of an inode that has it.</summary>
    public uint FilterBit { get; }

    /// <summary>Inodes that have it.</summary>
    public int Uses { get; set; }

    /// <summary>Bytes from the start of the shared table; -1 where it stands with its one inode.</summary>
    public long SharedOffset { get; set; } = -1;

    /// <summary>Bytes in the image, wherever it stands.</summary>
    public int Size => (int)ErofsFormat.RoundUp(ErofsFormat.XattrEntrySize + Suffix.Length + Value.Length, 4);

    private int SuffixStart { get; }

    // The order in which mkcomposefs tries them; the two of access control lists count as prefixes too.
    private static (byte Index, int Length) Prefix(ReadOnlySpan<byte> name) =>
        name.StartsWith("user."u8) ? ((byte)1, 5)
        : name.StartsWith("system.posix_acl_access"u8) ? ((byte)2, 23)
        : name.StartsWith("system.posix_acl_default"u8) ? ((byte)3, 24)
        : name.StartsWith("trusted."u8) ? ((byte)4, 8)
        : name.StartsWith("security."u8) ? ((byte)6, 9)
        : ((byte)0, 0);
}
