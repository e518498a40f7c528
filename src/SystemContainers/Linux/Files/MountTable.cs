// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Linux.Native;

namespace SystemContainers.Linux.Files;

/// <summary>What is mounted in this process's namespace, <c>/proc/self/mountinfo</c> (proc(5)).</summary>
static class MountTable
{
    private const int IdField = 0;
    private const int DeviceField = 2;
    private const int RootField = 3;
    private const int MountPointField = 4;

    /// <summary>All that is mounted, in the order in which it was.</summary>
    public static IReadOnlyList<MountEntry> Read() => [.. File.ReadLines("/proc/self/mountinfo").Select(Parse)];

    private static MountEntry Parse(string line)
    {
        string[] fields = line.Split(' ');

        // Optional fields end at a hyphen; type and source follow.
        int hyphen = Array.IndexOf(fields, "-", MountPointField + 1);
        return new MountEntry(
            int.Parse(fields[IdField], System.Globalization.CultureInfo.InvariantCulture),
            fields[DeviceField],
            Unescape(fields[RootField]),
            Unescape(fields[MountPointField]),
            Unescape(fields[hyphen + 2])
        );
    }

    /// <summary>Whether something is mounted on a directory or below it.</summary>
    /// <param name="directory">An absolute path.</param>
    public static bool HasBelow(string directory)
    {
        string real = RealPath.Of(directory);
        return MountPoints().Any(point => point == real || point.StartsWith(real + "/", StringComparison.Ordinal));
    }

    /// <summary>Where something is mounted, as absolute paths.</summary>
    public static IEnumerable<string> MountPoints() =>
        File.ReadLines("/proc/self/mountinfo").Select(line => Unescape(line.Split(' ')[MountPointField]));

    /// <summary>Takes mounts away, the last first, for one may lie over another; what is in use stays for whoever uses
    /// it (umount(2), MNT_DETACH).</summary>
    /// <exception cref="LinuxException">One can't be.</exception>
    public static void Detach(Func<string, bool> which)
    {
        foreach (string point in MountPoints().Where(which).ToArray().Reverse())
        {
            if (Libc.umount2(point, Libc.MNT_DETACH) != 0)
            {
                throw LinuxException.Last("umount", point);
            }
        }
    }

    /// <summary>Spaces, tabs, line ends and backslashes stand there as octal numbers.</summary>
    internal static string Unescape(string field) =>
        field
            .Replace("\\040", " ", StringComparison.Ordinal)
            .Replace("\\011", "\t", StringComparison.Ordinal)
            .Replace("\\012", "\n", StringComparison.Ordinal)
            .Replace("\\134", "\\", StringComparison.Ordinal);
}
