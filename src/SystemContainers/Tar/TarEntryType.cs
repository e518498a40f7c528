// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Tar;

/// <summary>The kinds of entry that a layer may hold (POSIX pax, ustar "typeflag"); all others are refused.</summary>
enum TarEntryType : byte
{
    /// <summary>A regular file with content.</summary>
    Regular = (byte)'0',

    /// <summary>Another name for an entry before it; any size in its header is meaningless.</summary>
    HardLink = (byte)'1',

    /// <summary>A symbolic link.</summary>
    Symlink = (byte)'2',

    /// <summary>A character device.</summary>
    CharacterDevice = (byte)'3',

    /// <summary>A block device.</summary>
    BlockDevice = (byte)'4',

    /// <summary>A directory.</summary>
    Directory = (byte)'5',

    /// <summary>A FIFO.</summary>
    Fifo = (byte)'6',
}
