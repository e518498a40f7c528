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

    CharacterDevice = (byte)'3',

    BlockDevice = (byte)'4',

    Directory = (byte)'5',

    Fifo = (byte)'6',
}
