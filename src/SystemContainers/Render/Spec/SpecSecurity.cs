// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Bundle;
using SystemContainers.Bundle.RuntimeSpec;
using SystemContainers.Errors;
using SystemContainers.Settings;

namespace SystemContainers.Render.Spec;

/// <summary>What keeps a payload from the host in a config.json that we write: paths, system calls, security
/// modules.</summary>
static class SpecSecurity
{
    // Kernel interfaces that leak the host or let a container act on it (the same set as podman's and docker's).
    private static readonly string[] s_maskedPaths =
    [
        "/proc/acpi",
        "/proc/asound",
        "/proc/interrupts",
        "/proc/kcore",
        "/proc/keys",
        "/proc/latency_stats",
        "/proc/sched_debug",
        "/proc/scsi",
        "/proc/timer_list",
        "/proc/timer_stats",
        "/sys/dev/block",
        "/sys/devices/virtual/powercap",
        "/sys/firmware",
        "/sys/fs/selinux",
    ];

    private static readonly string[] s_readonlyPaths =
    [
        "/proc/bus",
        "/proc/fs",
        "/proc/irq",
        "/proc/sys",
        "/proc/sysrq-trigger",
    ];

    /// <summary>Paths that the payload does not see.</summary>
    public static IReadOnlyList<string> Masked(SpecSettings settings) =>
        [.. settings.Privileged ? [] : Unmasked(s_maskedPaths, settings.Security), .. settings.Security.Mask];

    /// <summary>Paths that it can't write to.</summary>
    public static IReadOnlyList<string> ReadOnly(SpecSettings settings) =>
        [.. settings.Privileged ? [] : Unmasked(s_readonlyPaths, settings.Security)];

    /// <summary>The filter of its system calls; null for none.</summary>
    /// <exception cref="SysctrException">NotFound, Storage, Host: the profile that it is made of can't be
    /// used.</exception>
    public static SeccompConfig? Seccomp(
        SpecSettings settings,
        HostFacts host,
        IReadOnlyCollection<string> capabilities
    ) =>
        settings.Security.Unconfined || (settings.Privileged && settings.Security.Seccomp is null)
            ? null
            : SeccompFilter.For(
                settings.Security.Seccomp is { } path ? host with { SeccompProfile = host.ReadSeccomp(path) } : host,
                capabilities
            );

    /// <summary>The AppArmor profile; null for none.</summary>
    /// <exception cref="SysctrException">Host: the host has none of that name.</exception>
    public static string? AppArmor(SecuritySetting security, HostFacts host) =>
        security.AppArmor is { } name
        && AppArmorProfiles.Fault("making config.json", name, host.HasAppArmor, host.HasAppArmorProfile(name))
            is { } fault
            ? throw fault
            : security.AppArmor;

    /// <summary>What is said of labels: where there is no SELinux nothing of it, as podman has it.</summary>
    /// <returns>What has no effect, in words for the user.</returns>
    /// <exception cref="SysctrException">Host: there is SELinux, and we set no labels.</exception>
    public static IReadOnlyList<string> Labels(SecuritySetting security, HostFacts host) =>
        security.Labels.Count == 0 ? []
        : host.HasSelinux
            ? throw new SysctrException(
                ErrorKind.Host,
                $"labelling the container: sysctr sets no SELinux labels, so --security-opt label={security.Labels[0]} can't be carried out",
                "leave it out; label=disable is what there is"
            )
        :
        [
            $"--security-opt label={string.Join(", label=", security.Labels)} changes nothing: this host has no SELinux",
        ];

    private static IEnumerable<string> Unmasked(string[] paths, SecuritySetting security) =>
        paths.Where(p => !security.IsUnmasked(p));
}
