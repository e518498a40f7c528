// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Linux.Files;

namespace SystemContainers.Chunked;

/// <summary>An entry of an archive with the bytes of its headers, and as Go's archive/tar understands them: a name with
/// its final slash, a mode with all its bits.</summary>
sealed record RawEntry
{
    /// <summary>All headers, as they stand in the archive, the padding of the entry before in front.</summary>
    public required byte[] Headers { get; init; }

    /// <summary>What the table of contents calls its type.</summary>
    public required string Type { get; init; }

    public required string Name { get; init; }

    public required string LinkName { get; init; }

    public required long Mode { get; init; }

    public required long Uid { get; init; }

    public required long Gid { get; init; }

    /// <summary>Bytes of content.</summary>
    public required long Size { get; init; }

    public required DateTime Mtime { get; init; }

    /// <summary>Beyond what <see cref="Mtime"/> can hold.</summary>
    public required int MtimeNanoseconds { get; init; }

    public required long DeviceMajor { get; init; }

    public required long DeviceMinor { get; init; }

    public required IReadOnlyList<FileXattr> Xattrs { get; init; }
}
