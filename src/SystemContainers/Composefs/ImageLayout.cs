// SPDX-License-Identifier: Apache-2.0

using System.Numerics;
using SystemContainers.Errors;

namespace SystemContainers.Composefs;

/// <summary>Where everything stands: superblock, inodes with their attributes and small data, the table of shared
/// attributes, blocks of data.</summary>
sealed class ImageLayout
{
    /// <summary>Gives each inode its place.</summary>
    /// <param name="inodes">In their order.</param>
    /// <param name="xattrs">Theirs.</param>
    /// <param name="maxBlocks">Blocks that the image may have.</param>
    /// <exception cref="SysctrException">Unsafe: it would have more.</exception>
    public ImageLayout(List<ImageInode> inodes, XattrTable xattrs, long maxBlocks)
    {
        (BuildSeconds, BuildNanoseconds) = inodes.Min(i => (i.Metadata.MtimeSeconds, i.Metadata.MtimeNanoseconds));
        long position = ErofsFormat.SuperblockOffset + ErofsFormat.SuperblockSize;
        long blocks = 0;
        foreach (ImageInode inode in inodes)
        {
            SetData(inode);
            inode.IsCompact = IsCompact(inode);
            inode.XattrBytes = XattrBytes(xattrs.Of(inode));
            position = ErofsFormat.RoundUp(position, ErofsFormat.SlotSize);
            position += inode.Type == ErofsFormat.TypeSymlink ? PadSymlink(inode, position) : PadTail(inode, position);
            inode.Position = position;
            position += inode.HeadBytes + inode.Tail;
            blocks += inode.Blocks;
        }

        InodesEnd = ErofsFormat.RoundUp(position, ErofsFormat.SlotSize);
        DataStart = ErofsFormat.RoundUp(InodesEnd + xattrs.SharedBytes, ErofsFormat.BlockSize);
        Blocks = (DataStart / ErofsFormat.BlockSize) + blocks;

        // An inode knows a shared attribute by its place in 32 bits of words.
        if (Blocks > maxBlocks || xattrs.SharedBytes + ErofsFormat.BlockSize > 4L * uint.MaxValue)
        {
            throw ImageErrors.Unsafe(
                "/",
                $"the image of {inodes.Count} inodes would have {Blocks} blocks of {ErofsFormat.BlockSize} bytes, and {maxBlocks} is the most"
            );
        }
    }

    /// <summary>The oldest time of all, which inodes of 32 bytes have.</summary>
    public long BuildSeconds { get; }

    public int BuildNanoseconds { get; }

    /// <summary>Where the shared attributes begin.</summary>
    public long InodesEnd { get; }

    /// <summary>Where the blocks of data begin.</summary>
    public long DataStart { get; }

    /// <summary>Blocks of the whole image.</summary>
    public long Blocks { get; }

    /// <summary>Chunks of a file whose content is elsewhere, and the power of two of their size: one chunk, as far as
    /// there is one so large.</summary>
    public static (int Bits, int Count) Chunks(long size)
    {
        int bits = Math.Clamp(
            BitOperations.Log2((ulong)(size - 1)) + 1,
            ErofsFormat.BlockBits,
            ErofsFormat.BlockBits + ErofsFormat.MaxChunkBlockBits
        );
        return (bits, (int)(((size - 1) >> bits) + 1));
    }

    /// <summary>The first entries of a directory from one on that share a block.</summary>
    public static int EntriesOfBlock(DirectoryEntry[] entries, int first, out int bytes)
    {
        bytes = 0;
        int next = first;
        for (; next < entries.Length && bytes + entries[next].Size <= ErofsFormat.BlockSize; next++)
        {
            bytes += entries[next].Size;
        }

        return next - first;
    }

    private static void SetData(ImageInode inode)
    {
        switch (inode.Type)
        {
            case ErofsFormat.TypeDirectory:
                SetDirectoryData(inode);
                break;
            case ErofsFormat.TypeSymlink:
                inode.Tail = (int)inode.Size;
                break;
            case ErofsFormat.TypeRegular when inode.Size > 0:
                inode.Tail = inode.HasObject
                    ? Chunks(inode.Size).Count * ErofsFormat.ChunkAddressSize
                    : (int)inode.Size;
                break;
        }
    }

    /// <summary>What is left of the last block stands with the inode where that is no more than half a block.</summary>
    private static void SetDirectoryData(ImageInode directory)
    {
        int bytes = 0;
        for (int next = 0; next < directory.Entries.Length;)
        {
            next += EntriesOfBlock(directory.Entries, next, out bytes);
            if (next < directory.Entries.Length)
            {
                directory.Blocks++;
            }
        }

        if (bytes > ErofsFormat.BlockSize / 2)
        {
            directory.Blocks++;
        }
        else
        {
            directory.Tail = bytes;
        }
    }

    private bool IsCompact(ImageInode inode)
    {
        long size =
            inode.Type == ErofsFormat.TypeDirectory
                ? ((long)inode.Blocks * ErofsFormat.BlockSize) + inode.Tail
                : inode.Size;
        return inode.Metadata.MtimeSeconds == BuildSeconds
            && inode.Metadata.MtimeNanoseconds == BuildNanoseconds
            && inode.Links <= ushort.MaxValue
            && inode.Metadata.Uid <= ushort.MaxValue
            && inode.Metadata.Gid <= ushort.MaxValue
            && size <= uint.MaxValue;
    }

    private static int XattrBytes(ReadOnlySpan<XattrEntry> entries)
    {
        int shared = 0;
        int bytes = 0;
        foreach (XattrEntry entry in entries)
        {
            if (entry.SharedOffset >= 0 && shared < ErofsFormat.MaxSharedXattrs)
            {
                shared++;
            }
            else
            {
                bytes += entry.Size;
            }
        }

        return entries.Length == 0 ? 0 : ErofsFormat.XattrHeaderSize + (shared * ErofsFormat.XattrEntrySize) + bytes;
    }

    /// <summary>A target stands in one block with all of its inode, or has a block of its own.</summary>
    private static long PadSymlink(ImageInode inode, long position)
    {
        long bytes = inode.HeadBytes + inode.Tail;
        if (bytes >= ErofsFormat.BlockSize)
        {
            inode.Blocks++;
            inode.Tail = 0;
        }

        bool crosses = position / ErofsFormat.BlockSize != (position + bytes - 1) / ErofsFormat.BlockSize;
        return crosses ? ErofsFormat.RoundUp(position, ErofsFormat.BlockSize) - position : 0;
    }

    /// <summary>Other data behind an inode is moved with it to where a block has room for all of that data.</summary>
    private static long PadTail(ImageInode inode, long position)
    {
        int left = ErofsFormat.BlockSize - (int)((position + inode.HeadBytes) % ErofsFormat.BlockSize);
        if (left >= inode.Tail)
        {
            return 0;
        }

        long pad = ErofsFormat.RoundUp(left, ErofsFormat.SlotSize);
        if (ErofsFormat.BlockSize - (int)((position + inode.HeadBytes + pad) % ErofsFormat.BlockSize) >= inode.Tail)
        {
            return pad;
        }

        // Only addresses of chunks, nearly a block of them.
        inode.Blocks++;
        inode.Tail = 0;
        return ErofsFormat.RoundUp(position, ErofsFormat.BlockSize) - position;
    }
}
