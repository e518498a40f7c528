// SPDX-License-Identifier: Apache-2.0

using System.Globalization;

namespace SystemContainers.Bundle;

/// <summary>The table of proc_pid_limits(5):
/// <c>Max open files            1024                 524288               files</c>.</summary>
static class ResourceLimits
{
    // Columns, as the kernel prints them (fs/proc/base.c, proc_pid_limits).
    private const int NameEnd = 26;
    private const int HardStart = 47;
    private const int HardEnd = 68;

    private static readonly Dictionary<string, string> s_names = new(StringComparer.Ordinal)
    {
        ["Max cpu time"] = "RLIMIT_CPU",
        ["Max file size"] = "RLIMIT_FSIZE",
        ["Max data size"] = "RLIMIT_DATA",
        ["Max stack size"] = "RLIMIT_STACK",
        ["Max core file size"] = "RLIMIT_CORE",
        ["Max resident set"] = "RLIMIT_RSS",
        ["Max processes"] = "RLIMIT_NPROC",
        ["Max open files"] = "RLIMIT_NOFILE",
        ["Max locked memory"] = "RLIMIT_MEMLOCK",
        ["Max address space"] = "RLIMIT_AS",
        ["Max file locks"] = "RLIMIT_LOCKS",
        ["Max pending signals"] = "RLIMIT_SIGPENDING",
        ["Max msgqueue size"] = "RLIMIT_MSGQUEUE",
        ["Max nice priority"] = "RLIMIT_NICE",
        ["Max realtime priority"] = "RLIMIT_RTPRIO",
        ["Max realtime timeout"] = "RLIMIT_RTTIME",
    };

    /// <summary>The hard limits by their names in setrlimit(2); those without an end are left out, and so are lines
    /// that we can't read.</summary>
    public static IReadOnlyDictionary<string, ulong> Parse(IReadOnlyList<string> lines)
    {
        Dictionary<string, ulong> limits = new(StringComparer.Ordinal);
        foreach (string line in lines.Where(l => l.Length >= HardEnd))
        {
            if (
                s_names.TryGetValue(line[..NameEnd].TrimEnd(), out string? name)
                && ulong.TryParse(
                    line[HardStart..HardEnd].Trim(),
                    NumberStyles.None,
                    CultureInfo.InvariantCulture,
                    out ulong hard
                )
            )
            {
                limits[name] = hard;
            }
        }

        return limits;
    }
}
