// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Linux.Files;

namespace SystemContainers.Doctor.Facts;

/// <summary>The mount that a directory is on (proc_pid_mountinfo(5)).</summary>
/// <param name="Type">Its file system.</param>
/// <param name="Options">Of the mount and of the file system.</param>
sealed record MountFacts(string Point, string Type, IReadOnlyList<string> Options)
{
    private const string Table = "/proc/self/mountinfo";

    // A host with a thousand containers has some thousand mounts.
    private const int MaxTableBytes = 32 << 20;

    /// <summary>All mounts of this process's namespace, the newest last.</summary>
    public static IReadOnlyList<MountFacts> All() => Parse(BoundedFile.ReadText("/", Table, MaxTableBytes) ?? "");

    /// <summary>Reads the table; lines that are not of its form are left out.</summary>
    internal static IReadOnlyList<MountFacts> Parse(string table) =>
        [
            .. from line in table.Split('\n')
            let halves = line.Split(" - ", 2)
            where halves.Length == 2
            let mount = halves[0].Split(' ')
            let system = halves[1].Split(' ')
            where mount.Length >= 6 && system.Length >= 3
            select new MountFacts(
                MountTable.Unescape(mount[4]),
                system[0],
                [.. mount[5].Split(','), .. system[2].Split(',')]
            ),
        ];

    /// <summary>The mount of a directory; null where there is none, as without /proc.</summary>
    /// <param name="directory">Absolute, without links.</param>
    public static MountFacts? Of(IReadOnlyList<MountFacts> mounts, string directory) =>
        mounts
            .Where(m =>
                m.Point == "/" || directory == m.Point || directory.StartsWith(m.Point + "/", StringComparison.Ordinal)
            )
            .Select((m, i) => (Mount: m, Index: i))
            .OrderBy(m => m.Mount.Point.Length)
            .ThenBy(m => m.Index)
            .LastOrDefault()
            .Mount;
}
