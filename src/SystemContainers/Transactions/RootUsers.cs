// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using SystemContainers.Linux.Files;
using SystemContainers.State;

namespace SystemContainers.Transactions;

/// <summary>
/// Who runs from a root file system of ours. A runtime makes the directory a mount of the container's own namespace,
/// and the kernel says there which directory that is, by its name of now (proc_pid_mountinfo(5), field 4), or of a tree
/// that was mounted the source that it was mounted with; so an instance is found whose unit is in no record.
/// </summary>
static class RootUsers
{
    private const int RootField = 3;

    /// <summary>What stands before the type and the source; the fields before it are not always as many.</summary>
    private const string Separator = " - ";

    /// <summary>Whether any process has a directory mounted, or something in it.</summary>
    /// <param name="directory">With a name that no other directory has.</param>
    public static bool Any(string directory) => Find("/" + Path.GetFileName(directory)) is not null;

    /// <summary>A process that runs from a deployment.</summary>
    /// <returns>Its id; null where there is none.</returns>
    public static int? Of(DeploymentDirectory deployment) =>
        Find($"/deployments/{deployment.Name}/{deployment.Number}/rootfs");

    /// <summary>Looks into each namespace once: a thousand containers have ten thousand processes.</summary>
    /// <param name="end">How the path ends, for where it begins depends on which of the host's file systems it is
    /// on.</param>
    private static int? Find(string end)
    {
        HashSet<string> seen = [];
        foreach (
            string process in Directory
                .EnumerateDirectories("/proc")
                .Where(d => char.IsAsciiDigit(Path.GetFileName(d)[0]))
        )
        {
            if (
                seen.Add(new FileInfo(process + "/ns/mnt").LinkTarget ?? process)
                && Roots(process)
                    .Any(r =>
                        r.EndsWith(end, StringComparison.Ordinal) || r.Contains(end + "/", StringComparison.Ordinal)
                    )
            )
            {
                return int.Parse(Path.GetFileName(process), CultureInfo.InvariantCulture);
            }
        }

        return null;
    }

    private static IEnumerable<string> Origins(string line)
    {
        yield return MountTable.Unescape(line.Split(' ')[RootField]);
        if (
            line.IndexOf(Separator, StringComparison.Ordinal) is > 0 and int at
            && line[(at + Separator.Length)..].Split(' ') is ["overlay", var source, ..]
        )
        {
            yield return MountTable.Unescape(source);
        }
    }

    private static string[] Roots(string process)
    {
        try
        {
            return [.. File.ReadLines(process + "/mountinfo").SelectMany(Origins)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has ended meanwhile.
            return [];
        }
    }
}
