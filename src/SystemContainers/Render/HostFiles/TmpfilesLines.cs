// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Bundle;
using SystemContainers.Linux.Users;
using SystemContainers.SystemdText;
using SystemContainers.Templates;

namespace SystemContainers.Render.HostFiles;

/// <summary>Lines of tmpfiles.d(5): what rendered ones make, and ours for containers whose image has no tmpfiles of its
/// own.</summary>
static class TmpfilesLines
{
    /// <summary>The absolute paths of the directories that lines make, in ordinal order.</summary>
    /// <param name="lines">A tmpfiles.d(5) file; lines that systemd-tmpfiles would not take make nothing.</param>
    public static IReadOnlyList<string> Directories(string lines) => Paths(lines, "dDvqQ");

    /// <summary>The same for what they make that is no directory: files, pipes, devices.</summary>
    public static IReadOnlyList<string> Files(string lines) => Paths(lines, "fFpcb");

    /// <param name="lines">As above.</param>
    /// <param name="types">The letters of the lines that count.</param>
    private static string[] Paths(string lines, string types) =>
        [
            .. TmpfilesSyntax
                .Parse(lines)
                .Where(l =>
                    l.Error is null
                    && types.Contains(l.Type, StringComparison.Ordinal)
                    && !HostPath.LeadsUpwards(l.Path)
                )
                .Select(l => l.Path)
                .Distinct(StringComparer.Ordinal)
                .Order(StringComparer.Ordinal),
        ];

    /// <summary>A directory that only its owner enters, for a bind mount that an image's config.json names.</summary>
    public static string PrivateDirectory(string path, uint uid, uint gid) => Directory(path, "0700", uid, gid) + "\n";

    /// <summary>The directory of a volume, with the owner, mode and first content that the image has there.</summary>
    /// <param name="rootfs">Absolute path of the deployment's tree.</param>
    /// <param name="ids">The container's ids as the host has them; null where they are the same.</param>
    /// <param name="bare">The container's user and group of a volume where the image has nothing; null for its
    /// root.</param>
    public static string Volume(Volume volume, string rootfs, IdMap? ids = null, (uint Uid, uint Gid)? bare = null)
    {
        if (volume is { HasContent: true, Seed: { } source })
        {
            // The source is the resolved path: systemd-tmpfiles would follow the image's links on the host. C copies,
            // with owners and modes, where nothing is yet. A second line for the same path would be ignored.
            return new TmpfilesLine(0, 'C', "", volume.Source) { Argument = rootfs + source.Path } + "\n";
        }

        uint uid = volume.Seed?.Uid ?? bare?.Uid ?? 0;
        uint gid = volume.Seed?.Gid ?? bare?.Gid ?? 0;
        string mode = volume.Seed is { } seed ? Convert.ToString(seed.Mode, 8) : "755";
        return Directory(volume.Source, "0" + mode, ids?.UidOutside(uid) ?? uid, ids?.GidOutside(gid) ?? gid) + "\n";
    }

    private static TmpfilesLine Directory(string path, string mode, uint uid, uint gid) =>
        new(0, 'd', "", path)
        {
            Mode = mode,
            User = $"{uid}",
            Group = $"{gid}",
        };
}
