using SystemContainers.Linux.Users;

namespace SystemContainers.Render;

/// <summary>Lines of tmpfiles.d(5), for containers whose image has no tmpfiles of its own.</summary>
static class TmpfilesLines
{
    /// <summary>The absolute paths of the directories that an image's own lines make, in ordinal order.</summary>
    /// <param name="lines">A rendered tmpfiles.d(5) file; lines that we can't read are left to systemd-tmpfiles.</param>
    public static IReadOnlyList<string> Directories(string lines) => Paths(lines, "dDvqQ");

    /// <summary>The same for what they make that is no directory: files, pipes, devices.</summary>
    public static IReadOnlyList<string> Files(string lines) => Paths(lines, "fFpcb");

    /// <param name="lines">As above.</param>
    /// <param name="types">The letters of the lines that count.</param>
    private static string[] Paths(string lines, string types)
    {
        SortedSet<string> paths = new(StringComparer.Ordinal);
        foreach (string line in lines.Split('\n'))
        {
            // Modifiers such as ! stand behind the letter.
            string[] fields = line.Split([' ', '\t'], 3, StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length < 2 || !types.Contains(fields[0][0], StringComparison.Ordinal))
            {
                continue;
            }

            string path = fields[1].Trim('"').Replace("%%", "\0", StringComparison.Ordinal);
            if (path.StartsWith('/') && !path.Contains('%', StringComparison.Ordinal) && !HostPath.LeadsUpwards(path))
            {
                paths.Add(HostPath.WithoutVarRun(HostPath.Absolute(path.Replace('\0', '%'))));
            }
        }

        return [.. paths];
    }

    /// <summary>A directory that only its owner enters, for a bind mount that an image's config.json names.</summary>
    public static string PrivateDirectory(string path, uint uid, uint gid) => $"d {Quote(path)} 0700 {uid} {gid} - -\n";

    /// <summary>The directory of a volume, with the owner, mode and first content that the image has there.</summary>
    /// <param name="volume">The volume.</param>
    /// <param name="rootfs">Absolute path of the deployment's tree.</param>
    /// <param name="ids">The container's ids as the host has them; null where they are the same.</param>
    public static string Volume(Volume volume, string rootfs, IdMap? ids = null)
    {
        if (volume is { HasContent: true, Seed: { } source })
        {
            // The source is the resolved path: systemd-tmpfiles would follow the image's links on the host. C copies, with owners and modes, where nothing is yet. A second line for the same path would be ignored.
            return $"C {Quote(volume.Source)} - - - - {Percent(rootfs + source.Path)}\n";
        }

        uint uid = volume.Seed?.Uid ?? 0;
        uint gid = volume.Seed?.Gid ?? 0;
        string mode = volume.Seed is { } seed ? Convert.ToString(seed.Mode, 8) : "755";
        return $"d {Quote(volume.Source)} 0{mode} {ids?.UidOutside(uid) ?? uid} {ids?.GidOutside(gid) ?? gid} - -\n";
    }

    // The last field is the rest of the line as it stands: no quotes there.
    private static string Percent(string path) => path.Replace("%", "%%", StringComparison.Ordinal);

    /// <summary>A path as one field: specifiers are switched off, blanks and quotes are C-escaped.</summary>
    private static string Quote(string path)
    {
        string text = Percent(path);
        return text.AsSpan().IndexOfAny(" \t\"\\'") < 0
            ? text
            : '"' + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + '"';
    }
}
