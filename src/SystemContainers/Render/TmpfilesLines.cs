using System.Text;

namespace SystemContainers.Render;

/// <summary>Lines of tmpfiles.d(5), for containers whose image has no tmpfiles of its own.</summary>
static class TmpfilesLines
{
    /// <summary>A directory that only its owner enters, for a bind mount that an image's config.json names.</summary>
    public static string PrivateDirectory(string path, uint uid, uint gid) => $"d {Quote(path)} 0700 {uid} {gid} - -\n";

    /// <summary>The directory of a volume, with the owner, mode and first content that the image has there.</summary>
    /// <param name="volume">The volume.</param>
    /// <param name="rootfs">Absolute path of the deployment's tree.</param>
    public static string Volume(Volume volume, string rootfs)
    {
        string owner = volume.Seed is { } seed ? $"0{Convert.ToString(seed.Mode, 8)} {seed.Uid} {seed.Gid}" : "0755 0 0";
        // C copies where nothing is yet and never again; its own owner and mode come with the copy, so d only states them for later.
        string copy = volume.HasContent ? $"C {Quote(volume.Source)} - - - - {Quote(rootfs + volume.Destination)}\n" : "";
        return $"{copy}d {Quote(volume.Source)} {owner} - -\n";
    }

    /// <summary>A path as one field: specifiers are switched off, blanks and quotes are C-escaped.</summary>
    private static string Quote(string path)
    {
        StringBuilder result = new("\"");
        foreach (char c in path)
        {
            result.Append(c switch
            {
                '%' => "%%",
                '"' or '\\' => $"\\{c}",
                _ => c.ToString(),
            });
        }

        string quoted = result.Append('"').ToString();
        return path.AsSpan().IndexOfAny(" \t\"\\'") >= 0 ? quoted : quoted[1..^1];
    }
}
