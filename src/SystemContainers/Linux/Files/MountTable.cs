// SPDX-License-Identifier: Apache-2.0

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
            int.Parse(fields[IdField], System.Globalization.CultureInfo.InvariantCulture), fields[DeviceField], Unescape(fields[RootField]),
            Unescape(fields[MountPointField]), Unescape(fields[hyphen + 2]));
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

    /// <summary>Spaces, tabs, line ends and backslashes stand there as octal numbers.</summary>
    internal static string Unescape(string field) => field
        .Replace("\\040", " ", StringComparison.Ordinal)
        .Replace("\\011", "\t", StringComparison.Ordinal)
        .Replace("\\012", "\n", StringComparison.Ordinal)
        .Replace("\\134", "\\", StringComparison.Ordinal);
}
