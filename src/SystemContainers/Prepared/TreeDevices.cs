// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Bundle;
using SystemContainers.Settings;
using SystemContainers.Templates;

namespace SystemContainers.Prepared;

/// <summary>Device nodes that a runtime makes in the tree itself, which it can't in one that is mounted
/// (config-linux.md of the runtime-spec, Default Devices and Devices).</summary>
static class TreeDevices
{
    /// <summary>Whether there are some: images of the first years have no mount of /dev.</summary>
    /// <param name="config">What the runtime gets.</param>
    public static bool AreMade(RuntimeConfigFile config) =>
        config
            .Devices.Concat(config.Annotation(StartAnnotations.Devices).Select(d => DeviceSetting.Parse(d).Destination))
            .Prepend("/dev/null")
            .Any(node => !config.Mounts.Any(m => HostPath.IsBelow(node, m.Destination)));
}
