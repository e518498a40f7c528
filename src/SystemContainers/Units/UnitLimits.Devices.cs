// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using SystemContainers.Bundle;
using SystemContainers.SystemdText;
using SystemContainers.Templates;

namespace SystemContainers.Units;

/// <content>Devices of which only a start knows the numbers.</content>
sealed partial class UnitLimits
{
    /// <summary>
    /// Numbers of devices that a specification describes are a start's to know. runc then holds the list in a control
    /// group of its own; with crun the nodes that are there are the list, for a payload that can make no others.
    /// </summary>
    private static void AllowDescribed(DeviceRules? devices, string name, JsonObject document, RuntimeKind runtime)
    {
        if (devices is null || devices.AllowsAll)
        {
            return;
        }

        if (
            runtime == RuntimeKind.Crun
            && (document["process"]?["capabilities"]?["bounding"] as JsonArray ?? []).FirstOrDefault(c =>
                c?.ToString() is "CAP_MKNOD" or "CAP_SYS_ADMIN"
            )
                is { } capability
        )
        {
            throw Unheld(
                $"with {capability} the payload could come by every device beside {name}, and open it",
                $"install it with '--runtime runc', which holds a list of its own, or leave {capability} or the device out"
            );
        }

        if (
            runtime == RuntimeKind.Crun
            && (document["mounts"] as JsonArray ?? []).FirstOrDefault(ShowsNodes) is { } shown
        )
        {
            throw Unheld(
                $"the payload could open every device that {shown["source"]} on {shown["destination"]} shows, beside {name}",
                "install it with '--runtime runc', which holds a list of its own, or leave the volume or the device out"
            );
        }

        devices.AllowAny();
    }

    /// <summary>Whether a mount shows devices of the host, as volumes of /dev do and those with <c>dev</c>, and the
    /// host's root, for <c>nodev</c> is not for what is mounted in it: what else we bind is <c>nodev</c>.</summary>
    private static bool ShowsNodes(JsonNode? mount) =>
        mount?["options"] is JsonArray options
        && options.Any(o => o?.ToString() is "bind" or "rbind")
        && HostPath.Absolute(mount["source"]?.ToString() ?? "")
            is var source
                and not ("/dev/shm" or "/dev/mqueue" or "/dev/hugepages" or "/dev/log")
        && !HostPath.IsBelow(source, "/dev/shm")
        && (
            options.All(o => o?.ToString() != "nodev") || (source == "/" && options.Any(o => o?.ToString() == "rbind"))
        );
}
