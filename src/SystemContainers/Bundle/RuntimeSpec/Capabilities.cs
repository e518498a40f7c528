// SPDX-License-Identifier: Apache-2.0

using System.Numerics;
using SystemContainers.Linux;

namespace SystemContainers.Bundle.RuntimeSpec;

/// <summary>Sets of Linux capabilities, by name.</summary>
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

    /// <summary>
    /// The names of a mask's bits, lowest first. A bit that has no name here (a newer kernel's) is left out: no OCI
    /// runtime would take a number.
    /// </summary>
    public static IReadOnlyList<string> FromMask(ulong mask)
    {
        List<string> names = new(BitOperations.PopCount(mask));
        for (int bit = 0; bit < CapabilityNames.All.Count; bit++)
        {
            if ((mask >> bit & 1) != 0)
            {
                names.Add(CapabilityNames.All[bit]);
            }
        }

        return names;
    }
}
