// SPDX-License-Identifier: Apache-2.0

using System.Security.Cryptography;
using System.Text;

namespace SystemContainers.TestBed;

/// <summary>
/// Directories that are dear to make, kept under a key of all that went into them. A directory is made beside its place
/// and renamed, so a cut build leaves nothing that looks whole; two that want the same wait for each other.
/// </summary>
public static class Cache
{
    /// <summary>The directory that <paramref name="build"/> filled, now or earlier; nobody may change it.</summary>
    /// <param name="name">What it is, for people.</param>
    /// <param name="inputs">Everything that decides the content: versions, lists, <see cref="HashOf"/> of
    /// sources.</param>
    /// <param name="build">Fills the empty directory that it is given.</param>
    public static async Task<string> GetAsync(string name, IEnumerable<string> inputs, Func<string, Task> build)
    {
        string key = Hash(string.Join('\n', inputs))[..16];
        string place = Path.Combine(Workspace.CacheRoot, $"{name}-{key}");
        if (Directory.Exists(place))
        {
            return place;
        }

        using FileLock held = await FileLock.TakeAsync(Path.Combine(Workspace.CacheRoot, "locks", $"{name}-{key}"));
        if (Directory.Exists(place))
        {
            return place;
        }

        await Console.Error.WriteLineAsync($"making {name} (kept in {place})");
        string staging = place + ".partial";
        await DeleteAsync(staging);
        Directory.CreateDirectory(staging);
        await build(staging);
        Directory.Move(staging, place);
        return place;
    }

    /// <summary>A hash over the names and contents of all files of a folder; 64 hex digits.</summary>
    public static string HashOf(string folder)
    {
        StringBuilder all = new();
        foreach (
            string file in Directory
                .EnumerateFiles(folder, "*", SearchOption.AllDirectories)
                .Order(StringComparer.Ordinal)
        )
        {
            if (new FileInfo(file).LinkTarget is { } target)
            {
                // What it leads to may be elsewhere, or nowhere before the image has its base.
                all.Append(Path.GetRelativePath(folder, file)).Append(" -> ").AppendLine(target);
                continue;
            }

            all.Append(Path.GetRelativePath(folder, file))
                .Append(' ')
                .Append(File.GetUnixFileMode(file))
                .Append(' ')
                .AppendLine(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file))));
        }

        return Hash(all.ToString());
    }

    /// <summary>Removes a tree that root owns, whatever modes it has, and never across a mount.</summary>
    public static Task DeleteAsync(string tree) => Command.MustAsync("rm", "-rf", "--one-file-system", tree);

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
