// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Quadlet.Syntax;

namespace SystemContainers.Quadlet;

/// <summary>A .pod file: a network that containers share, with its ports and names.</summary>
/// <param name="Unit">The file.</param>
/// <param name="Name">The pod's.</param>
sealed record PodFile(QuadletUnit Unit, string Name)
{
    /// <summary>Its section.</summary>
    public const string Section = "Pod";

    /// <summary>Keys that are taken.</summary>
    public static IReadOnlyCollection<string> Known { get; } =
    [
        "AddHost", "DNS", "DNSOption", "DNSSearch", "ExitPolicy", "HostName", "IP", "IP6", "Label", "Network", "NetworkAlias", "PodName", "PublishPort", "ServiceName", "ShmSize", "StopTimeout", "Volume",
    ];

    private static readonly Dictionary<string, string> s_refused = new[] { "GIDMap", "RemapGid", "RemapUid", "RemapUidSize", "RemapUsers", "SubGIDMap", "SubUIDMap", "UIDMap", "UserNS" }
        .ToDictionary(k => k, _ => "sysctr gives a container no user namespace of its own", StringComparer.Ordinal);

    /// <summary>What it joins, as Network= of a container.</summary>
    public IReadOnlyList<QuadletValue> Networks => Unit.All(Section, "Network");

    /// <summary>As PublishPort= of a container.</summary>
    public IReadOnlyList<QuadletValue> Ports => Unit.All(Section, "PublishPort");

    /// <summary>Volumes that all of its containers have.</summary>
    public IReadOnlyList<QuadletValue> Volumes => Unit.All(Section, "Volume");

    /// <summary>Reads one.</summary>
    public static PodFile Read(QuadletUnit unit, QuadletFaults faults)
    {
        SectionKeys.Check(unit, Section, Known, s_refused, faults);
        return new PodFile(unit, unit.Last(Section, "PodName") is { Text.Length: > 0 } name ? name.Text : $"systemd-{unit.Stem}");
    }
}
