// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using SystemContainers.Bundle;
using SystemContainers.Settings;
using SystemContainers.Templates;

namespace SystemContainers.Prepared;

/// <summary>Device nodes that a runtime makes in the tree itself, which it can't in one that is mounted (config-linux.md of the runtime-spec, Default Devices and Devices).</summary>
static class TreeDevices
{
    private const string Dev = "/dev";

    /// <summary>Whether there are some: images of the first years have no mount of /dev.</summary>
    /// <param name="config">What the runtime gets.</param>
    public static bool AreMade(RuntimeConfigFile config) => Nodes(config).Prepend(Dev + "/null").Any(node => !config.Mounts.Any(m => HostPath.IsBelow(node, m.Destination)));

    private static IEnumerable<string> Nodes(RuntimeConfigFile config)
    {
        JsonArray? listed = (JsonNode.Parse(config.Json) as JsonObject)?["linux"]?["devices"] as JsonArray;
        return (listed ?? []).Select(device => (string?)(device as JsonObject)?["path"]).OfType<string>().Concat(config.Annotation(StartAnnotations.Devices).Select(d => DeviceSetting.Parse(d).Destination));
    }
}
