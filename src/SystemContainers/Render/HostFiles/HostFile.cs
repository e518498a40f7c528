// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Linux.Files;
using SystemContainers.Oci;

namespace SystemContainers.Render.HostFiles;

/// <summary>A file, directory or link that the image wants on the host.</summary>
/// <param name="Source">Absolute path in the image, below /exports/hostfs.</param>
/// <param name="Target">Absolute path on the host, normalized: without <c>.</c>, <c>..</c> or empty parts.</param>
/// <param name="Kind">Regular, Directory (shared with whoever has it already) or Symlink.</param>
/// <param name="Mode">Permission bits, 0 to 07777.</param>
/// <param name="Uid">Owner.</param>
/// <param name="Gid">Group.</param>
/// <param name="Content">The rendered content; null where the image's own is wanted unchanged.</param>
/// <param name="LinkTarget">The text of a symbolic link; null for the others.</param>
sealed record HostFile(
    string Source,
    string Target,
    ImageFileKind Kind,
    int Mode,
    uint Uid,
    uint Gid,
    byte[]? Content,
    string? LinkTarget
)
{
    /// <summary>Extended attributes, in ordinal order of their names.</summary>
    public IReadOnlyList<FileXattr> Xattrs { get; init; } = [];

    /// <summary>The target of another host file that this one is a hard link to; null where it stands for
    /// itself.</summary>
    public string? LinkOf { get; init; }
}
