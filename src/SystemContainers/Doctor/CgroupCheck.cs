// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using SystemContainers.Doctor.Facts;

namespace SystemContainers.Doctor;

/// <summary>Whether payloads can be kept in their unit's cgroup, and limits hold (cgroups(7),
/// systemd.resource-control(5)).</summary>
static class CgroupCheck
{
    private const string Name = "cgroups";

    // What MemoryMax=, TasksMax=, CPUQuota= and IOWeight= are carried out by.
    private static readonly string[] s_wanted = ["cpu", "io", "memory", "pids"];

    public static IReadOnlyList<DoctorFinding> Run(DoctorTarget target, string mount = "/sys/fs/cgroup")
    {
        if (!File.Exists(Path.Join(mount, "cgroup.controllers")))
        {
            bool hybrid = File.Exists(Path.Join(mount, "unified/cgroup.controllers"));
            return
            [
                DoctorFinding.Problem(
                    Name,
                    $"{(hybrid ? "versions 1 and 2 are mixed" : "version 1")}: payloads can't be kept in their units' cgroups",
                    "boot with systemd.unified_cgroup_hierarchy=1 on the kernel's command line"
                ),
            ];
        }

        string own = target.User is { } user
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"{mount}/user.slice/user-{user.Uid}.slice/user@{user.Uid}.service"
            )
            : mount;
        if (target.User is not null && !Directory.Exists(own))
        {
            return
            [
                DoctorFinding.Unknown(
                    Name,
                    $"version 2; the user's systemd, and what is delegated to it, is not there ({own})",
                    "log in, or 'loginctl enable-linger'"
                ),
            ];
        }

        string[] there = File.ReadAllText(Path.Join(own, "cgroup.controllers"))
            .Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        string[] missing = [.. s_wanted.Except(there, StringComparer.Ordinal)];
        string has = $"version 2, with {(there.Length == 0 ? "no controllers" : string.Join(", ", there))}";
        return
        [
            missing.Length == 0
                ? DoctorFinding.Ok(Name, has)
                : DoctorFinding.Warning(
                    Name,
                    $"{has}: limits that need {string.Join(", ", missing)} do not hold",
                    target.User is null
                        ? "look for cgroup_disable= and cgroup_no_v1= on the kernel's command line, and for controllers mounted as version 1"
                        : "as root: 'systemctl edit user@.service' with 'Delegate=cpu cpuset io memory pids' in [Service]"
                ),
        ];
    }
}
