// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Quadlet.Syntax;
using SystemContainers.Quadlet.Values;

namespace SystemContainers.Quadlet;

/// <param name="Unit">The file, with what systemd would make of its values on the command line of podman's unit for
/// it.</param>
sealed record NetworkFile(QuadletUnit Unit, string Name)
{
    public const string Section = "Network";

    private const string DeleteOnStop = "NetworkDeleteOnStop";

    /// <summary>Keys that are taken.</summary>
    public static IReadOnlyCollection<string> Known { get; } =
    [
        "DNS",
        "DisableDNS",
        "Driver",
        "Gateway",
        "IPAMDriver",
        "IPRange",
        "IPv6",
        "InterfaceName",
        "Internal",
        "Label",
        DeleteOnStop,
        "NetworkName",
        "Options",
        "ServiceName",
        "Subnet",
    ];

    /// <summary>Keys whose values are words, of which each is expanded by itself.</summary>
    private static readonly string[] s_words = ["Label", "Options"];

    private static readonly string[] s_lists = ["DNS", "Gateway", "IPRange", "Label", "Options", "Subnet"];

    /// <summary>Subnets, <c>10.0.0.0/24</c>.</summary>
    public IReadOnlyList<QuadletValue> Subnets => Unit.All(Section, "Subnet");

    /// <summary>Gateways, of the subnets in their order.</summary>
    public IReadOnlyList<QuadletValue> Gateways => Unit.All(Section, "Gateway");

    /// <summary>Ranges of the subnets from which addresses are given.</summary>
    public IReadOnlyList<QuadletValue> Ranges => Unit.All(Section, "IPRange");

    /// <summary>Servers that the network's own asks.</summary>
    public IReadOnlyList<QuadletValue> DnsServers => Unit.All(Section, "DNS");

    /// <summary>Where its name is said; null where it has the one of its file.</summary>
    public QuadletValue? SaidName => Unit.Last(Section, "NetworkName") is { Text.Length: > 0 } name ? name : null;

    /// <summary>What systemd makes of a word of it.</summary>
    public required QuadletExpansion Expansion { get; init; }

    /// <summary>Options of the driver: words <c>NAME=VALUE</c>.</summary>
    public IReadOnlyList<QuadletValue> Options => Unit.All(Section, "Options");

    /// <summary>bridge, macvlan, ipvlan; null for bridge.</summary>
    public QuadletValue? Driver => Unit.Last(Section, "Driver");

    /// <summary>host-local, dhcp, none; null for host-local.</summary>
    public QuadletValue? AddressDriver => Unit.Last(Section, "IPAMDriver");

    /// <summary>The bridge's name, or the interface that macvlan stands on.</summary>
    public QuadletValue? InterfaceName => Unit.Last(Section, "InterfaceName");

    /// <summary>Whether it has IPv6, too.</summary>
    public bool HasIpv6 { get; private init; }

    /// <summary>Whether it leads nowhere.</summary>
    public bool IsInternal { get; private init; }

    /// <summary>Whether names are looked up.</summary>
    public bool HasDns { get; private init; }

    public static NetworkFile Read(QuadletUnit unit, QuadletHost host, QuadletFaults faults)
    {
        QuadletExpansion expansion = new(unit, PodmanUnits.NameOf(unit)[..^".service".Length], host);
        unit = unit with
        {
            Lines = [.. unit.Lines.Select(l => Expanded(l, expansion, host, faults)).OfType<QuadletLine>()],
        };
        SectionKeys.Check(unit, Section, Known, s_lists, new Dictionary<string, string>(), faults);
        if (
            unit.All(Section, "Subnet").Count == 0
            && unit.All(Section, "Gateway").Concat(unit.All(Section, "IPRange")).FirstOrDefault() is { } alone
        )
        {
            faults.Add(alone.Place, "Gateway= and IPRange= go with Subnet=", "write Subnet=, too");
        }

        if (SectionKeys.Yes(unit, Section, DeleteOnStop, faults))
        {
            faults.Note(
                unit.Last(Section, DeleteOnStop)!.Place,
                $"{DeleteOnStop}=: a network is taken away by 'sysctr network remove', or by 'sysctr apply --prune' once no file declares it"
            );
        }

        if (unit.Last(Section, "ServiceName") is { Text.Length: > 0 } service)
        {
            faults.Note(
                service.Place,
                "ServiceName=: a network has no unit: it is made with the first container that starts on it"
            );
        }

        return new NetworkFile(
            unit,
            unit.Last(Section, "NetworkName") is { Text.Length: > 0 } name ? name.Text
                : unit.Instance is "" ? $"systemd-{unit.Prefix}-%i"
                : $"systemd-{unit.Stem.Replace('@', '-')}"
        )
        {
            Expansion = expansion,
            HasIpv6 = SectionKeys.Yes(unit, Section, "IPv6", faults),
            IsInternal = SectionKeys.Yes(unit, Section, "Internal", faults),
            HasDns = !SectionKeys.Yes(unit, Section, "DisableDNS", faults),
        };
    }

    /// <summary>A line as systemd would give it to podman; null where nothing can be said of it.</summary>
    private static QuadletLine? Expanded(
        QuadletLine line,
        QuadletExpansion expansion,
        QuadletHost host,
        QuadletFaults faults
    )
    {
        if (
            line.Section != Section
            || line.Value.Text.Length == 0
            || s_words.Contains(line.Key, StringComparer.Ordinal)
        )
        {
            return line;
        }

        try
        {
            ExpandedWord word = expansion.Expand(line.Value.Text);
            foreach (string variable in word.Unset)
            {
                faults.Note(
                    line.Value.Place,
                    host.LooksAtHost
                        ? $"{line.Key}=: no variable {variable} is set in [Service] or by systemd, so that there is nothing in its place"
                        : $"{line.Key}=: the variable {variable} is known on the host alone; the value was not checked"
                );
            }

            return word.Text.Length == 0 || (word.Unset.Count > 0 && !host.LooksAtHost)
                ? null
                : line with
                {
                    Value = line.Value with { Text = word.Text },
                };
        }
        catch (FormatException e)
        {
            faults.Add(line.Value.Place, $"{line.Key}=: {e.Message}");
            return null;
        }
    }
}
