// SPDX-License-Identifier: Apache-2.0

using System.Buffers.Binary;
using SystemContainers.Errors;
using SystemContainers.Store.Records;

namespace SystemContainers.Composefs;

/// <summary>The bytes of an image whose layout stands.</summary>
sealed class ImageWriter(
    List<ImageInode> inodes,
    XattrTable xattrs,
    ImageLayout layout,
    Func<LayerEntry, byte[]> readContent,
    ImageOutput output
)
{
    /// <summary>The version of the header, and of composefs itself: 1 marks directories of whiteouts in two
    /// ways.</summary>
    private const uint Version = 1;

    /// <summary>The next block of data that nobody has.</summary>
    private long _nextBlock = layout.DataStart / ErofsFormat.BlockSize;

    public void Write()
    {
        WriteHeader();
        WriteSuperblock();
        foreach (ImageInode inode in inodes)
        {
            WriteInode(inode);
        }

        output.PadTo(layout.InodesEnd);
        foreach (XattrEntry entry in xattrs.Shared)
        {
            WriteXattr(entry);
        }

        output.PadTo(layout.DataStart);
        foreach (ImageInode inode in inodes)
        {
            WriteBlocks(inode);
        }

        if (output.Position != layout.Blocks * ErofsFormat.BlockSize)
        {
            throw new InvalidOperationException($"an image of {layout.Blocks} blocks has {output.Position} bytes");
        }

        output.Flush();
    }

    private void WriteHeader()
    {
        Span<byte> header = output.Take(ErofsFormat.HeaderSize);
        BinaryPrimitives.WriteUInt32LittleEndian(header, ErofsFormat.ComposefsMagic);
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], Version);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], xattrs.HasAccessLists ? 1u : 0);
        BinaryPrimitives.WriteUInt32LittleEndian(header[12..], Version);
        output.PadTo(ErofsFormat.SuperblockOffset);
    }

    private void WriteSuperblock()
    {
        Span<byte> block = output.Take(ErofsFormat.SuperblockSize);
        BinaryPrimitives.WriteUInt32LittleEndian(block, ErofsFormat.ErofsMagic);
        BinaryPrimitives.WriteUInt32LittleEndian(block[8..], ErofsFormat.CompatibleFeatures);
        block[12] = ErofsFormat.BlockBits;
        BinaryPrimitives.WriteUInt16LittleEndian(block[14..], (ushort)inodes[0].Nid);
        BinaryPrimitives.WriteInt64LittleEndian(block[16..], inodes.Count);
        BinaryPrimitives.WriteInt64LittleEndian(block[24..], layout.BuildSeconds);
        BinaryPrimitives.WriteInt32LittleEndian(block[32..], layout.BuildNanoseconds);
        BinaryPrimitives.WriteUInt32LittleEndian(block[36..], (uint)layout.Blocks);
        BinaryPrimitives.WriteUInt32LittleEndian(block[44..], (uint)(layout.InodesEnd / ErofsFormat.BlockSize));
    }

    private void WriteInode(ImageInode inode)
    {
        output.PadTo(inode.Position);
        int dataLayout =
            inode.HasObject ? ErofsFormat.ChunkBased
            : inode.Tail > 0 ? ErofsFormat.FlatInline
            : ErofsFormat.FlatPlain;
        int xattrWords =
            inode.XattrBytes == 0
                ? 0
                : ((inode.XattrBytes - ErofsFormat.XattrHeaderSize) / ErofsFormat.XattrEntrySize) + 1;
        long size =
            inode.Type == ErofsFormat.TypeDirectory
                ? ((long)inode.Blocks * ErofsFormat.BlockSize) + inode.Tail
                : inode.Size;

        // struct erofs_inode_compact or erofs_inode_extended: they begin alike but for the widths.
        Span<byte> head = output.Take(inode.HeadBytes - inode.XattrBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(head, (ushort)((dataLayout << 1) | (inode.IsCompact ? 0 : 1)));
        BinaryPrimitives.WriteUInt16LittleEndian(head[2..], (ushort)xattrWords);
        BinaryPrimitives.WriteUInt16LittleEndian(
            head[4..],
            (ushort)(inode.Type | (inode.Metadata.Mode & ErofsFormat.ModeMask))
        );
        BinaryPrimitives.WriteUInt32LittleEndian(head[16..], Union(inode));
        BinaryPrimitives.WriteInt32LittleEndian(head[20..], inode.Number);
        if (inode.IsCompact)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(head[6..], (ushort)inode.Links);
            BinaryPrimitives.WriteUInt32LittleEndian(head[8..], (uint)size);
            BinaryPrimitives.WriteUInt16LittleEndian(head[24..], (ushort)inode.Metadata.Uid);
            BinaryPrimitives.WriteUInt16LittleEndian(head[26..], (ushort)inode.Metadata.Gid);
        }
        else
        {
            BinaryPrimitives.WriteInt64LittleEndian(head[8..], size);
            BinaryPrimitives.WriteUInt32LittleEndian(head[24..], inode.Metadata.Uid);
            BinaryPrimitives.WriteUInt32LittleEndian(head[28..], inode.Metadata.Gid);
            BinaryPrimitives.WriteInt64LittleEndian(head[32..], inode.Metadata.MtimeSeconds);
            BinaryPrimitives.WriteInt32LittleEndian(head[40..], inode.Metadata.MtimeNanoseconds);
            BinaryPrimitives.WriteUInt32LittleEndian(head[44..], inode.Links);
        }

        WriteXattrs(inode);
        WriteTail(inode);
    }

    /// <summary>What the type of an inode needs: the first block, a device's number, or the size of chunks, which may
    /// stand over a block's lower half.</summary>
    private uint Union(ImageInode inode)
    {
        uint value = 0;
        if (inode.Blocks > 0)
        {
            value = (uint)_nextBlock;
            _nextBlock += inode.Blocks;
        }

        if (inode.HasObject)
        {
            value = (value & 0xffff0000) | (uint)(ImageLayout.Chunks(inode.Size).Bits - ErofsFormat.BlockBits);
        }

        if (inode.Type is ErofsFormat.TypeCharacterDevice or ErofsFormat.TypeBlockDevice && inode.Entry is { } device)
        {
            value = (device.DeviceMinor & 0xff) | (device.DeviceMajor << 8) | ((device.DeviceMinor & ~0xffu) << 12);
        }

        return value;
    }

    private void WriteXattrs(ImageInode inode)
    {
        if (inode.XattrBytes == 0)
        {
            return;
        }

        ReadOnlySpan<XattrEntry> all = xattrs.Of(inode);
        uint filter = uint.MaxValue;
        int shared = 0;
        foreach (XattrEntry entry in all)
        {
            filter &= ~entry.FilterBit;
            shared += entry.SharedOffset >= 0 ? 1 : 0;
        }

        shared = Math.Min(shared, ErofsFormat.MaxSharedXattrs);
        Span<byte> header = output.Take(ErofsFormat.XattrHeaderSize);
        BinaryPrimitives.WriteUInt32LittleEndian(header, filter);
        header[4] = (byte)shared;
        int done = 0;
        foreach (XattrEntry entry in all)
        {
            if (entry.SharedOffset >= 0 && done++ < shared)
            {
                long offset = (layout.InodesEnd % ErofsFormat.BlockSize) + entry.SharedOffset;
                BinaryPrimitives.WriteUInt32LittleEndian(output.Take(4), (uint)(offset / 4));
            }
        }

        done = 0;
        foreach (XattrEntry entry in all)
        {
            if (entry.SharedOffset < 0 || done++ >= shared)
            {
                WriteXattr(entry);
            }
        }
    }

    private void WriteXattr(XattrEntry entry)
    {
        Span<byte> bytes = output.Take(entry.Size);
        bytes[0] = (byte)entry.Suffix.Length;
        bytes[1] = entry.Index;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[2..], (ushort)entry.Value.Length);
        entry.Suffix.CopyTo(bytes[ErofsFormat.XattrEntrySize..]);
        entry.Value.CopyTo(bytes[(ErofsFormat.XattrEntrySize + entry.Suffix.Length)..]);
    }

    private void WriteTail(ImageInode inode)
    {
        if (inode.Tail == 0)
        {
            return;
        }

        switch (inode.Type)
        {
            case ErofsFormat.TypeDirectory:
                int first = 0;
                for (uint block = 0; block < inode.Blocks; block++)
                {
                    first += ImageLayout.EntriesOfBlock(inode.Entries, first, out _);
                }

                WriteEntries(inode.Entries.AsSpan(first), inode.Tail);
                break;
            case ErofsFormat.TypeSymlink:
                inode.Entry!.LinkName.CopyTo(output.Take(inode.Tail));
                break;
            case ErofsFormat.TypeRegular when inode.HasObject:
                output.Take(inode.Tail).Fill(0xff);
                break;
            case ErofsFormat.TypeRegular:
                Content(inode).CopyTo(output.Take(inode.Tail));
                break;
        }
    }

    private byte[] Content(ImageInode inode)
    {
        byte[] content = readContent(inode.Entry!);
        return content.Length == inode.Size
            ? content
            : throw new SysctrException(
                ErrorKind.Corrupt,
                $"writing the composefs image: {ImageErrors.PathOf(inode)}: its content has {content.Length} bytes and not {inode.Size}",
                "'sysctr fsck --repair' fetches it again"
            );
    }

    private void WriteBlocks(ImageInode inode)
    {
        if (inode.Blocks == 0)
        {
            return;
        }

        switch (inode.Type)
        {
            case ErofsFormat.TypeDirectory:
                int first = 0;
                for (uint block = 0; block < inode.Blocks; block++)
                {
                    int count = ImageLayout.EntriesOfBlock(inode.Entries, first, out _);
                    WriteEntries(inode.Entries.AsSpan(first, count), ErofsFormat.BlockSize);
                    first += count;
                }

                break;
            case ErofsFormat.TypeSymlink:
                inode.Entry!.LinkName.CopyTo(output.Take(ErofsFormat.BlockSize));
                break;
            default:
                output.Take(ErofsFormat.BlockSize).Fill(0xff);
                break;
        }
    }

    /// <summary>struct erofs_dirent for each, then the names.</summary>
    private void WriteEntries(ReadOnlySpan<DirectoryEntry> entries, int size)
    {
        Span<byte> block = output.Take(size);
        int name = entries.Length * ErofsFormat.DirentSize;
        for (int i = 0; i < entries.Length; i++)
        {
            Span<byte> dirent = block[(i * ErofsFormat.DirentSize)..];
            BinaryPrimitives.WriteInt64LittleEndian(dirent, entries[i].Inode.Nid);
            BinaryPrimitives.WriteUInt16LittleEndian(dirent[8..], (ushort)name);
            dirent[10] = ErofsFormat.DirentType(entries[i].Inode.Type);
            entries[i].Name.CopyTo(block[name..]);
            name += entries[i].Name.Length;
        }
    }
}
