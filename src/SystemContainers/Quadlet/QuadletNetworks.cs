// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Quadlet.Syntax;
using SystemContainers.Settings;

namespace SystemContainers.Quadlet;

/// <summary>
/// Where files meet networks: what <c>Network=</c>, <c>Pod=</c>, <c>.network</c> and <c>.pod</c> files mean for a container. Until there are networks, whatever is more than the
/// host's own is refused here.
/// </summary>
static class QuadletNetworks
{
    private const string NotYet = "is not supported yet";

    /// <summary>What holds for a container that names neither a network nor a pod; null for nothing.</summary>
    public static string? Usual => null;

    /// <summary>Takes a value of Network=.</summary>
    public static void Join(ContainerReader reader, QuadletValue network)
    {
        string name = network.Text.Split(':', 2)[0];
        if (Path.GetExtension(name) is ".network" or ".container")
        {
            reader.Fault(network.Place, $"Network=: a container on {name} {NotYet}", "Network=host is the host's own");
        }
        else if (network.Text != "host" || SettingOptions.Find("network") is not null)
        {
            reader.Add("network", network.Text, network.Place, "Network");
        }
    }

    /// <summary>Takes a value of Pod=.</summary>
    public static void Join(ContainerReader reader, QuadletValue pod, bool isDeclared)
    {
        string? fault = !pod.Text.EndsWith(".pod", StringComparison.Ordinal) ? $"Pod=: {pod.Text} is no .pod file"
            : !isDeclared ? $"Pod=: no file declares {pod.Text}"
            : $"Pod=: a container in {pod.Text} {NotYet}";
        reader.Fault(pod.Place, fault, "leave it out: the container is on the host's network then");
    }

    /// <summary>Takes a .network file.</summary>
    public static void Declare(NetworkFile network, QuadletFaults faults) => faults.Add(network.Unit.Place, $"a network of one's own {NotYet}", "Network=host is the host's own");

    /// <summary>Takes a .pod file.</summary>
    public static void Declare(PodFile pod, QuadletFaults faults) => faults.Add(pod.Unit.Place, $"a pod {NotYet}", "containers of one host reach each other on localhost with Network=host");

    /// <summary>The unit of a .network or .pod file, for dependencies on it.</summary>
    public static string UnitOf(QuadletUnit unit) => $"{unit.Stem}-{unit.Type}.service";
}
