// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Tar;

/// <summary>A view of one 512-byte header block (POSIX ustar; GNU's variant where it differs).</summary>
readonly ref struct TarHeader(ReadOnlySpan<byte> block)
{
    /// <summary>Bytes of a block: an archive consists of such.</summary>
    public const int BlockSize = 512;

    /// <summary>What the key of a pax record begins with that is an extended attribute.</summary>
    public const string XattrPrefix = "SCHILY.xattr.";

    private readonly ReadOnlySpan<byte> _block = block;

    /// <summary>The zeros behind content of a length, up to the next block.</summary>
    public static int Padding(long length) => (int)((BlockSize - (length % BlockSize)) % BlockSize);

    public ReadOnlySpan<byte> Name => Text(0, 100);

    public ReadOnlySpan<byte> Mode => _block.Slice(100, 8);

    public ReadOnlySpan<byte> Uid => _block.Slice(108, 8);

    public ReadOnlySpan<byte> Gid => _block.Slice(116, 8);

    public ReadOnlySpan<byte> Size => _block.Slice(124, 12);

    public ReadOnlySpan<byte> Mtime => _block.Slice(136, 12);

    public byte TypeFlag => _block[156];

    public ReadOnlySpan<byte> LinkName => Text(157, 100);

    public ReadOnlySpan<byte> DeviceMajor => _block.Slice(329, 8);

    public ReadOnlySpan<byte> DeviceMinor => _block.Slice(337, 8);

    /// <summary>What stands before <see cref="Name"/> with a slash between; GNU has other things in its
    /// place.</summary>
    public ReadOnlySpan<byte> Prefix => !IsUstar ? [] : Text(345, IsStar ? 131 : 155);

    /// <summary>Four pieces of a GNU sparse map, 12 bytes offset and 12 bytes length each.</summary>
    public ReadOnlySpan<byte> GnuSparse => _block.Slice(386, 4 * 24);

    public bool GnuIsExtended => _block[482] != 0;

    public ReadOnlySpan<byte> GnuRealSize => _block.Slice(483, 12);

    public bool HasDeviceNumbers => _block.Slice(257, 5).SequenceEqual("ustar"u8);

    public bool IsGnu => _block.Slice(257, 8).SequenceEqual("ustar  \0"u8);

    private bool IsUstar => _block.Slice(257, 6).SequenceEqual("ustar\0"u8);

    /// <summary>Schilling's star: times follow a shorter prefix.</summary>
    private bool IsStar => _block.Slice(508, 4).SequenceEqual("tar\0"u8);

    /// <summary>The sum of all bytes, the checksum's own field taken as spaces; old tars summed signed bytes.</summary>
    public bool ChecksumIsRight
    {
        get
        {
            if (!TarNumber.TryParse(_block.Slice(148, 8), out long stated))
            {
                return false;
            }

            long unsigned = 0;
            long signed = 0;
            for (int i = 0; i < _block.Length; i++)
            {
                byte value = i is >= 148 and < 156 ? (byte)' ' : _block[i];
                unsigned += value;
                signed += (sbyte)value;
            }

            return stated == unsigned || stated == signed;
        }
    }

    private ReadOnlySpan<byte> Text(int start, int length)
    {
        ReadOnlySpan<byte> field = _block.Slice(start, length);
        int end = field.IndexOf((byte)0);
        return end < 0 ? field : field[..end];
    }
}
