// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Linux.Files;

/// <summary>Owner, mode, times and attributes of a file: what an archive entry says and an inode gets.</summary>
/// <param name="Mode">0 to 07777.</param>
/// <param name="Uid">Owner.</param>
/// <param name="Gid">Group.</param>
/// <param name="MtimeSeconds">Since 1970.</param>
/// <param name="MtimeNanoseconds">0 to 999 999 999.</param>
/// <param name="Xattrs">In ordinal order of their names.</param>
sealed record FileMetadata(
    int Mode,
    uint Uid,
    uint Gid,
    long MtimeSeconds,
    int MtimeNanoseconds,
    IReadOnlyList<FileXattr> Xattrs
);

/// <summary>An extended attribute; the name without its final zero.</summary>
sealed record FileXattr(byte[] Name, byte[] Value);
