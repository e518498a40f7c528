// SPDX-License-Identifier: Apache-2.0

using System.Numerics;

namespace SystemContainers.Bundle.RuntimeSpec;

/// <summary>Linux capabilities by name (capabilities(7); numbers from the kernel's
/// include/uapi/linux/capability.h).</summary>
static class Capabilities
{
    /// <summary>What podman and docker give to a container unless asked otherwise (containers.conf(5),
    /// default_capabilities).</summary>
    public static IReadOnlyList<string> ContainerDefaults { get; } =
    [
        "CAP_CHOWN",
        "CAP_DAC_OVERRIDE",
        "CAP_FOWNER",
        "CAP_FSETID",
        "CAP_KILL",
        "CAP_NET_BIND_SERVICE",
        "CAP_SETFCAP",
        "CAP_SETGID",
        "CAP_SETPCAP",
        "CAP_SETUID",
        "CAP_SYS_CHROOT",
    ];

    // In the order of their numbers.
    private static readonly string[] s_names =
    [
        "CAP_CHOWN",
        "CAP_DAC_OVERRIDE",
        "CAP_DAC_READ_SEARCH",
        "CAP_FOWNER",
        "CAP_FSETID",
        "CAP_KILL",
        "CAP_SETGID",
        "CAP_SETUID",
        "CAP_SETPCAP",
        "CAP_LINUX_IMMUTABLE",
        "CAP_NET_BIND_SERVICE",
        "CAP_NET_BROADCAST",
        "CAP_NET_ADMIN",
        "CAP_NET_RAW",
        "CAP_IPC_LOCK",
        "CAP_IPC_OWNER",
        "CAP_SYS_MODULE",
        "CAP_SYS_RAWIO",
        "CAP_SYS_CHROOT",
        "CAP_SYS_PTRACE",
        "CAP_SYS_PACCT",
        "CAP_SYS_ADMIN",
        "CAP_SYS_BOOT",
        "CAP_SYS_NICE",
        "CAP_SYS_RESOURCE",
        "CAP_SYS_TIME",
        "CAP_SYS_TTY_CONFIG",
        "CAP_MKNOD",
        "CAP_LEASE",
        "CAP_AUDIT_WRITE",
        "CAP_AUDIT_CONTROL",
        "CAP_SETFCAP",
        "CAP_MAC_OVERRIDE",
        "CAP_MAC_ADMIN",
        "CAP_SYSLOG",
        "CAP_WAKE_ALARM",
        "CAP_BLOCK_SUSPEND",
        "CAP_AUDIT_READ",
        "CAP_PERFMON",
        "CAP_BPF",
        "CAP_CHECKPOINT_RESTORE",
    ];

    /// <summary>
    /// The names of a mask's bits, lowest first. A bit that has no name here (a newer kernel's) is left out: no OCI
    /// runtime would take a number.
    /// </summary>
    public static IReadOnlyList<string> FromMask(ulong mask)
    {
        List<string> names = new(BitOperations.PopCount(mask));
        for (int bit = 0; bit < s_names.Length; bit++)
        {
            if ((mask >> bit & 1) != 0)
            {
                names.Add(s_names[bit]);
            }
        }

        return names;
    }
}
