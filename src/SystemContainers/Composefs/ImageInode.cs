// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Linux.Files;
using SystemContainers.Store.Records;
using SystemContainers.Tar;

namespace SystemContainers.Composefs;

/// <summary>An inode of the image: what the tree says of it, and then where it stands.</summary>
/// <param name="type">Its type as st_mode has it.</param>
/// <param name="metadata">Owner, mode, times, attributes.</param>
/// <param name="entry">Null for a directory, and for what only the image has.</param>
/// <param name="parent">The directory of its first name; null for the root, which is its own.</param>
sealed class ImageInode(int type, FileMetadata metadata, LayerEntry? entry, ImageInode? parent)
{
    /// <summary>The type: that of the tree, but for a whiteout, which is a regular file here.</summary>
    public int Type => type;

    public FileMetadata Metadata => metadata;

    public LayerEntry? Entry => entry;

    public ImageInode Parent => parent ?? this;

    public bool IsRoot => parent is null;

    /// <summary>Whether the tree has an overlay's whiteout here, a character device 0:0.</summary>
    public bool IsWhiteout => entry?.Type == TarEntryType.CharacterDevice && type == ErofsFormat.TypeRegular;

    /// <summary>What st_size says of anything but a directory.</summary>
    public long Size =>
        entry?.Type switch
        {
            TarEntryType.Regular => entry.Size,
            TarEntryType.Symlink => entry.LinkName.Length,
            _ => 0,
        };

    /// <summary>Whether it is a regular file whose content is an object.</summary>
    public bool HasObject => entry is { Type: TarEntryType.Regular, Size: > ComposefsImage.MaxInlineContent };

    /// <summary>Names of a directory in the order of their bytes, with <c>.</c> and <c>..</c>.</summary>
    public DirectoryEntry[] Entries { get; set; } = [];

    /// <summary>Whether a directory holds a whiteout of the tree's.</summary>
    public bool HoldsWhiteouts { get; set; }

    /// <summary>Names; of a directory two and one for each directory in it.</summary>
    public uint Links { get; set; } = 1;

    /// <summary>Its place in the order of the inodes; -1 before it has one.</summary>
    public int Number { get; set; } = -1;

    /// <summary>Attributes but for those that say where content is, in the order of their names.</summary>
    public XattrEntry[] Xattrs { get; set; } = [];

    /// <summary>Where it begins, in bytes from the start of the image.</summary>
    public long Position { get; set; }

    /// <summary>Whether 32 bytes are enough for it.</summary>
    public bool IsCompact { get; set; }

    /// <summary>Bytes of attributes between the inode and its tail.</summary>
    public int XattrBytes { get; set; }

    /// <summary>Blocks of its own.</summary>
    public uint Blocks { get; set; }

    /// <summary>Bytes of data that stand right behind it.</summary>
    public int Tail { get; set; }

    /// <summary>By what directories name it.</summary>
    public long Nid => Position / ErofsFormat.SlotSize;

    public int HeadBytes => (IsCompact ? ErofsFormat.CompactInodeSize : ErofsFormat.ExtendedInodeSize) + XattrBytes;
}
