// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Composefs;

/// <summary>Numbers of the format on disk (Linux, fs/erofs/erofs_fs.h) and of the composefs header before it.</summary>
static class ErofsFormat
{
    public const int BlockBits = 12;
    public const int BlockSize = 1 << BlockBits;

    /// <summary>An inode's number (nid) counts slots of so many bytes from the start of the metadata.</summary>
    public const int SlotSize = 32;

    // What stands before the first inode: the composefs header, zeros up to the superblock, the superblock.
    public const int HeaderSize = 32;
    public const int SuperblockOffset = 1024;
    public const int SuperblockSize = 128;

    public const uint ComposefsMagic = 0xd078629a;
    public const uint ErofsMagic = 0xe0f5e1e2;

    /// <summary>Inodes of 32 bytes have their time from the superblock (1 &lt;&lt; 1), and attributes have a filter (1
    /// &lt;&lt; 2).</summary>
    public const uint CompatibleFeatures = 0b110;

    /// <summary>The superblock counts blocks in 32 bits.</summary>
    public const long MaxBlocks = uint.MaxValue;

    public const int CompactInodeSize = 32;
    public const int ExtendedInodeSize = 64;

    // Where an inode's data is: in blocks of its own, with a last part behind the inode, or by chunks.
    public const int FlatPlain = 0;
    public const int FlatInline = 2;
    public const int ChunkBased = 4;

    /// <summary>A chunk has at most 2 to the power of this many blocks.</summary>
    public const int MaxChunkBlockBits = 31;

    /// <summary>Chunks of one file: their addresses are to fit into a block (LCFS_MAX_NONINLINE_CHUNKS).</summary>
    public const int MaxChunks = BlockSize / ChunkAddressSize;

    public const int ChunkAddressSize = 4;

    /// <summary>The address of a chunk that is a hole.</summary>
    public const uint NullAddress = uint.MaxValue;

    public const int DirentSize = 12;
    public const int MaxNameLength = 255;
    public const int MaxSymlinkLength = 4095;

    public const int XattrHeaderSize = 12;
    public const int XattrEntrySize = 4;

    /// <summary>Attributes that an inode may have from the shared table; what is beyond stands with the
    /// inode.</summary>
    public const int MaxSharedXattrs = 128;

    // A device's number stands in 32 bits.
    public const uint MaxDeviceMajor = 0xfff;
    public const uint MaxDeviceMinor = 0xfffff;

    // What st_mode has beside the type, and the types (inode(7)).
    public const int ModeMask = 0xfff;
    public const int TypeFifo = 0x1000;
    public const int TypeCharacterDevice = 0x2000;
    public const int TypeDirectory = 0x4000;
    public const int TypeBlockDevice = 0x6000;
    public const int TypeRegular = 0x8000;
    public const int TypeSymlink = 0xa000;

    /// <summary>The type as a directory's entry has it.</summary>
    public static byte DirentType(int type) =>
        type switch
        {
            TypeRegular => 1,
            TypeDirectory => 2,
            TypeCharacterDevice => 3,
            TypeBlockDevice => 4,
            TypeFifo => 5,
            TypeSymlink => 7,
            _ => throw new InvalidOperationException($"no type of a file: {type:x}"),
        };

    /// <summary>The next multiple of a power of two.</summary>
    public static long RoundUp(long value, int unit) => (value + unit - 1) & ~(unit - 1L);
}
