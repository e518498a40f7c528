using SystemContainers.Errors;

namespace SystemContainers.Run;

/// <summary>Where in its unit's cgroup a payload goes.</summary>
static class UnitCgroup
{
    /// <summary>The path for <c>linux.cgroupsPath</c>: <c>payload</c> in the cgroup of the unit that this process belongs to.</summary>
    /// <param name="own">/proc/self/cgroup, with the line <c>0::/system.slice/NAME.service[/supervisor]</c> (cgroups(7)).</param>
    /// <exception cref="SysctrException">Host: there is no unified hierarchy.</exception>
    public static string Payload(string own)
    {
        string? path = own.Split('\n').FirstOrDefault(l => l.StartsWith("0::", StringComparison.Ordinal))?["0::".Length..];
        if (path is null)
        {
            throw new SysctrException(
                ErrorKind.Host, "finding the unit's cgroup: /proc/self/cgroup has no line '0::'",
                "boot with systemd.unified_cgroup_hierarchy=1");
        }

        const string Supervisor = "/supervisor";
        return (path.EndsWith(Supervisor, StringComparison.Ordinal) ? path[..^Supervisor.Length] : path.TrimEnd('/')) + "/payload";
    }
}
