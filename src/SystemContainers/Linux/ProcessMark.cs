using System.Globalization;

namespace SystemContainers.Linux;

/// <summary>
/// Names what a process makes for a moment, so that others can tell a live process's from what a dead one has left: its id and
/// its start time in clock ticks since boot (proc_pid_stat(5), field 22; the flags are field 9), for ids are used again.
/// </summary>
static class ProcessMark
{
    /// <summary>Of the kernel's flags of a process: it is going, or waits to be reaped; its locks may be others' already.</summary>
    private const uint Exiting = 4;

    private static int s_count;

    /// <summary>This process, <c>PID-START</c>.</summary>
    public static string Own { get; } = $"{Environment.ProcessId}-{StartOf(Environment.ProcessId) ?? "0"}";

    /// <summary>A name that nothing else on this host gets, <c>sysctr-PID-START-COUNT</c>.</summary>
    public static string NewName() => $"sysctr-{Own}-{Interlocked.Increment(ref s_count)}";

    /// <summary>Whether a name is one of <see cref="NewName"/>, perhaps with more behind another hyphen.</summary>
    public static bool IsMark(string name) => Parse(name) is not null;

    /// <summary>As <see cref="IsMark"/>, of a process that has ended.</summary>
    public static bool IsOfDead(string name) =>
        Parse(name) is (int id, string start) &&
        $"{id}-{start}" != Own &&

        // Where there is no /proc, everybody would look dead.
        StartOf(Environment.ProcessId) is not null && StartOf(id) != start;

    private static (int Id, string Start)? Parse(string name) =>
        name.Split('-') is ["sysctr", string id, string start, _, ..] && int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? (number, start)
            : null;

    private static string? StartOf(int processId)
    {
        try
        {
            // The second field is the program's name, which may hold anything but ends with the last parenthesis.
            string stat = File.ReadAllText($"/proc/{processId}/stat");
            string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return (uint.Parse(fields[6], CultureInfo.InvariantCulture) & Exiting) == 0 ? fields[19] : null;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
