// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;

namespace SystemContainers.Runtime;

/// <summary>Where in its unit's cgroup a payload goes, and the runtime.</summary>
static class UnitCgroup
{
    private const string Supervisor = "/supervisor";

    /// <summary>Where systemd runs commands before and after the main one of a unit with DelegateSubgroup=.</summary>
    private const string Control = "/.control";

    /// <summary>
    /// Leaves the unit's own cgroup for one below it, as DelegateSubgroup= does from systemd 254 on. runc enables
    /// controllers for the payload's; with a process beside it (runc itself) the kernel makes the unit's cgroup a
    /// threaded one, and systemd can start no other process in it (cgroups(7), "no internal processes").
    /// </summary>
    /// <param name="own">/proc/self/cgroup. Where systemd has put us below already there is nothing to do: the kernel
    /// takes some milliseconds for a process that goes to where it is (an RCU grace period).</param>
    public static void EnterSupervisor(string own)
    {
        string unit = Unit(own);
        if (PathOf(own) == unit + Supervisor)
        {
            return;
        }

        string group = $"/sys/fs/cgroup{unit}{Supervisor}";
        Directory.CreateDirectory(group);
#pragma warning disable RS0030 // No file, but the kernel's interface.
        File.WriteAllText(Path.Join(group, "cgroup.procs"), "0");
#pragma warning restore RS0030
    }

    /// <summary>The path for <c>linux.cgroupsPath</c>: <c>payload</c> in the cgroup of the unit that this process
    /// belongs to.</summary>
    /// <param name="own">/proc/self/cgroup, with the line <c>0::/system.slice/NAME.service[/supervisor|/.control]</c>
    /// (cgroups(7)).</param>
    /// <exception cref="SysctrException">Host: there is no unified hierarchy.</exception>
    public static string Payload(string own) => Unit(own) + "/payload";

    /// <summary>The path of a process in the unified hierarchy; null where it is in none.</summary>
    /// <param name="file">/proc/PID/cgroup.</param>
    public static string? PathOf(string file) =>
        file.Split('\n').FirstOrDefault(l => l.StartsWith("0::", StringComparison.Ordinal))?["0::".Length..];

    /// <summary>The path of a process in the unified hierarchy, as the host sees it; null where it is in none, or
    /// gone.</summary>
    public static string? OfProcess(int process)
    {
        try
        {
            return PathOf(File.ReadAllText($"/proc/{process}/cgroup"));
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>The service of a path in the unified hierarchy, with what is above it, whatever the payload has made
    /// below; the path itself where there is none.</summary>
    public static string ServiceOf(string path)
    {
        const string Suffix = ".service";
        int end = path.IndexOf(Suffix + "/", StringComparison.Ordinal);
        return end < 0 ? path : path[..(end + Suffix.Length)];
    }

    /// <summary>The path of the unit that this process belongs to.</summary>
    /// <param name="own">/proc/self/cgroup.</param>
    /// <exception cref="SysctrException">Host: there is no unified hierarchy.</exception>
    public static string Unit(string own)
    {
        string path =
            PathOf(own)
            ?? throw new SysctrException(
                ErrorKind.Host,
                "finding the unit's cgroup: /proc/self/cgroup has no line '0::'",
                "boot with systemd.unified_cgroup_hierarchy=1"
            );
        foreach (string below in (string[])[Supervisor, Control])
        {
            if (path.EndsWith(below, StringComparison.Ordinal))
            {
                return path[..^below.Length];
            }
        }

        return path.TrimEnd('/');
    }
}
