namespace SystemContainers.Linux;

/// <summary>What is mounted in this process's namespace, <c>/proc/self/mountinfo</c> (proc(5)).</summary>
static class MountTable
{
    private const int MountPointField = 4;

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
