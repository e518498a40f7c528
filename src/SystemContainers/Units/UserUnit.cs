// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Linux.Users;
using SystemContainers.Systemd;
using SystemContainers.SystemdText;

namespace SystemContainers.Units;

/// <summary>
/// What a template's service, written for the system's manager, needs in a user's (systemd.unit(5), systemd.exec(5)):
/// lines for its drop-in.
/// </summary>
static class UserUnit
{
    /// <summary>Targets of the system's manager that stand for "at boot"; a user's has one for it.</summary>
    private static readonly string[] s_bootTargets = ["multi-user.target", "graphical.target"];

    /// <summary>
    /// Settings that make a user's manager forbid setuid programs, or put the service into a user namespace of its own.
    /// newuidmap(1), which the runtime calls to map the container's ids, works in neither. The runtime restricts the
    /// payload itself.
    /// </summary>
    private static readonly string[] s_switches =
    [
        "NoNewPrivileges",
        "PrivateDevices",
        "PrivateTmp",
        "PrivateNetwork",
        "PrivateUsers",
        "ProtectSystem",
        "ProtectHome",
        "ProtectKernelTunables",
        "ProtectKernelModules",
        "ProtectKernelLogs",
        "ProtectControlGroups",
        "ProtectClock",
        "ProtectHostname",
        "MemoryDenyWriteExecute",
        "RestrictRealtime",
        "RestrictSUIDSGID",
        "RestrictNamespaces",
        "LockPersonality",
        "DynamicUser",
    ];

    /// <summary>The same, where empty is off; and users and groups, which only the system's manager can take
    /// on.</summary>
    private static readonly string[] s_lists =
    [
        "SystemCallFilter",
        "SystemCallArchitectures",
        "RestrictAddressFamilies",
        "ReadOnlyPaths",
        "ReadWritePaths",
        "InaccessiblePaths",
        "User",
        "Group",
        "CapabilityBoundingSet",
        "AmbientCapabilities",
    ];

    /// <summary>
    /// Lines for [Unit]. Sockets, timers and paths of a user's manager come before basic.target, which a service comes
    /// after; so those have to wait for our recovery themselves.
    /// </summary>
    /// <param name="fileName">The template's unit.</param>
    public static IReadOnlyList<string> OrderLines(string fileName) =>
        Path.GetExtension(fileName) is ".socket" or ".timer" or ".path" ? [EarlyUnit.AfterRecovery] : [];

    /// <param name="unit">The template's service.</param>
    public static IEnumerable<string> ServiceLines(UnitText unit) =>
        s_switches
            .Where(key => unit.Find("Service", key) is { } value && !UnitText.IsNo(value))
            .Select(key => key + "=no")
            .Concat(s_lists.Where(key => unit.Find("Service", key) is not null).Select(key => key + "="));

    /// <summary>Lines for [Service] that make the directories of the container's tmpfiles at each start, for nothing
    /// does so for a user at boot, and then give volumes to the payload's user.</summary>
    /// <param name="unit">The template's service.</param>
    /// <param name="tool">Absolute path of sysctr.</param>
    /// <param name="file">The tmpfiles.d(5) file; null for none.</param>
    /// <param name="own">Words behind <c>launch</c> that give the volumes; null where there are none to give.</param>
    /// <param name="network">The command that makes the container's network; null for none.</param>
    public static IEnumerable<string> StartPreLines(
        UnitText unit,
        string tool,
        string? file,
        string[]? own,
        string? network = null
    )
    {
        string[] commands =
        [
            .. file is null ? (string[])[] : [CommandLine.Of(tool, "launch", "tmpfiles", file)],
            .. own is null ? (string[])[] : [CommandLine.Of([tool, "launch", .. own])],
            .. network is null ? (string[])[] : [network],
        ];
        return commands.Length == 0
            ? []
            :
            [
                "ExecStartPre=",
                .. commands.Concat(unit.All("Service", "ExecStartPre")).Select(c => $"ExecStartPre={c}"),
            ];
    }

    /// <summary>Lines for [Install]: what the system's manager starts at boot, a user's starts with its default
    /// target.</summary>
    /// <param name="unit">The template's unit.</param>
    public static IReadOnlyList<string> InstallLines(UnitText unit)
    {
        List<string> lines = [];
        foreach (string key in (string[])["WantedBy", "RequiredBy"])
        {
            string[] wanted = [.. unit.Words("Install", key)];
            string[] here =
            [
                .. wanted
                    .Select(t => s_bootTargets.Contains(t, StringComparer.Ordinal) ? "default.target" : t)
                    .Distinct(StringComparer.Ordinal),
            ];
            if (!here.SequenceEqual(wanted, StringComparer.Ordinal))
            {
                lines.AddRange([key + "=", .. here.Select(t => $"{key}={t}")]);
            }
        }

        return lines;
    }

    /// <summary>The file that a container's tmpfiles become.</summary>
    public static string TmpfilesPath(HostUser user, string name) =>
        Path.Join(new HostPaths("/", user).TmpfilesDirectory, name + ".conf");
}
