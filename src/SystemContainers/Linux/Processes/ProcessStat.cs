// SPDX-License-Identifier: Apache-2.0

using System.Globalization;

namespace SystemContainers.Linux.Processes;

/// <summary>What <c>/proc/PID/stat</c> says of a process, as far as we ask: proc_pid_stat(5).</summary>
/// <param name="Parent">Its parent, field 4.</param>
/// <param name="IsExiting">Whether it is going, or waits to be reaped; its locks may be others' already. Of the flags,
/// field 9.</param>
/// <param name="Start">When it started, in clock ticks since boot, field 22: ids are used again, pairs of both are
/// not.</param>
sealed record ProcessStat(int Parent, bool IsExiting, string Start)
{
    // PF_EXITING of the kernel's flags of a process.
    private const uint Exiting = 4;

    /// <summary>Of a process; null where there is none of that id.</summary>
    public static ProcessStat? Find(int process)
    {
        try
        {
            // The second field is the program's name, which may hold anything but ends with the last parenthesis.
            string stat = File.ReadAllText($"/proc/{process}/stat");
            string[] fromThird = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return new ProcessStat(
                int.Parse(fromThird[1], CultureInfo.InvariantCulture),
                (uint.Parse(fromThird[6], CultureInfo.InvariantCulture) & Exiting) != 0,
                fromThird[19]
            );
        }
        catch (IOException)
        {
            return null;
        }
    }
}
