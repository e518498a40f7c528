// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Linux.Files;

namespace SystemContainers.Tar;

/// <summary>One entry's metadata. Names are bytes as the archive has them: nothing is cleaned, joined or decoded
/// here.</summary>
sealed record TarEntry
{
    public required TarEntryType Type { get; init; }

    /// <summary>The path, without a final slash; may be absolute or hold <c>..</c>: the consumer decides.</summary>
    public required byte[] Name { get; init; }

    /// <summary>Target of a hard or symbolic link; empty for others.</summary>
    public required byte[] LinkName { get; init; }

    /// <summary>Permission bits with setuid, setgid, sticky: 0 to 07777.</summary>
    public required int Mode { get; init; }

    /// <summary>Owner.</summary>
    public required uint Uid { get; init; }

    /// <summary>Group.</summary>
    public required uint Gid { get; init; }

    /// <summary>Bytes of content as unpacked (holes counted); 0 for anything but a regular file.</summary>
    public required long Size { get; init; }

    /// <summary>Modification time, seconds since 1970.</summary>
    public required long MtimeSeconds { get; init; }

    /// <summary>Nanoseconds on top, 0 to 999 999 999.</summary>
    public required int MtimeNanoseconds { get; init; }

    /// <summary>Major number of a device.</summary>
    public required uint DeviceMajor { get; init; }

    /// <summary>Minor number of a device.</summary>
    public required uint DeviceMinor { get; init; }

    /// <summary>Extended attributes in ordinal order of their names, from SCHILY.xattr records.</summary>
    public required IReadOnlyList<FileXattr> Xattrs { get; init; }
}
