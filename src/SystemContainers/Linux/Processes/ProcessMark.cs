// SPDX-License-Identifier: Apache-2.0

using System.Globalization;

namespace SystemContainers.Linux.Processes;

/// <summary>
/// Names what a process makes for a moment, so that others can tell a live process's from what a dead one has left: its
/// id and its start time (<see cref="ProcessStat"/>), for ids are used again.
/// </summary>
static class ProcessMark
{
    private static int s_count;

    /// <summary>This process, <c>PID-START</c>.</summary>
    public static string Own { get; } = $"{Environment.ProcessId}-{StartOf(Environment.ProcessId) ?? "0"}";

    /// <summary>A name that nothing else on this host gets, <c>sysctr-PID-START-COUNT</c>.</summary>
    public static string NewName() => $"sysctr-{Own}-{Interlocked.Increment(ref s_count)}";

    /// <summary>Whether a name is one of <see cref="NewName"/>, perhaps with more behind another hyphen.</summary>
    public static bool IsMark(string name) => Parse(name) is not null;

    /// <summary>As <see cref="IsMark"/>, of a process that has ended.</summary>
    public static bool IsOfDead(string name) =>
        Parse(name) is (int id, string start)
        && $"{id}-{start}" != Own
        &&
        // Where there is no /proc, everybody would look dead.
        StartOf(Environment.ProcessId) is not null
        && StartOf(id) != start;

    private static (int Id, string Start)? Parse(string name) =>
        name.Split('-') is ["sysctr", string id, string start, _, ..]
        && int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? (number, start)
            : null;

    private static string? StartOf(int processId) =>
        ProcessStat.Find(processId) is { IsExiting: false } process ? process.Start : null;
}
