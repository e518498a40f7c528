// SPDX-License-Identifier: Apache-2.0

using SystemContainers.SystemdText;

namespace SystemContainers.Units;

/// <summary>
/// A unit without default dependencies (systemd.unit(5)), which nothing puts behind sysinit.target, or a user's
/// basic.target, and so nothing behind the recovery of what the last boot has left interrupted.
/// </summary>
static class EarlyUnit
{
    /// <summary>The line that puts a unit behind the recovery: in packaging/systemd, and in a user's manager by the
    /// same name.</summary>
    public const string AfterRecovery = "After=sysctr-recover.service";

    /// <summary>
    /// What the recovery itself waits for: the file systems, and whatever they wait for. A unit that goes before one of
    /// these can't come after it; systemd would break the circle by leaving one of them out.
    /// </summary>
    private static readonly string[] s_earlier =
    [
        "local-fs.target",
        "local-fs-pre.target",
        "systemd-remount-fs.service",
        "systemd-fsck",
        "systemd-udev",
        "systemd-journald",
        "cryptsetup",
        "systemd-cryptsetup",
        "veritysetup",
        "systemd-veritysetup",
        "lvm2",
        "remote-fs-pre.target",
        "systemd-modules-load.service",
    ];

    /// <summary>Lines for [Unit]; none where the unit comes later anyway, or has to come before the recovery.</summary>
    /// <param name="unit">Any unit of the container.</param>
    public static IReadOnlyList<string> OrderLines(UnitText unit) =>
        UnitText.IsNo(unit.Find("Unit", "DefaultDependencies")) && !unit.Words("Unit", "Before").Any(IsEarlier)
            ? [AfterRecovery]
            : [];

    private static bool IsEarlier(string unit) =>
        Array.Exists(s_earlier, e => unit.StartsWith(e, StringComparison.Ordinal))
        || unit.EndsWith(".mount", StringComparison.Ordinal)
        || unit.EndsWith(".device", StringComparison.Ordinal);
}
