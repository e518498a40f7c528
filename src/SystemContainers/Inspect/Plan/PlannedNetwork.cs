// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;
using SystemContainers.Inspect.Diff;
using SystemContainers.Network;
using SystemContainers.Networks;

namespace SystemContainers.Inspect.Plan;

/// <summary>What a plan does with a network by name.</summary>
/// <param name="Action">What is done.</param>
/// <param name="File">The file that declares it; of one that goes, the file that did; null where none does.</param>
/// <param name="Driver">bridge, macvlan or ipvlan.</param>
/// <param name="Subnets">Those that it then has, or has now where it goes. What no file names is what is free at the
/// moment.</param>
sealed record PlannedNetwork(
    string Name,
    PlannedNetworkAction Action,
    string? File,
    string Driver,
    IReadOnlyList<string> Subnets,
    IReadOnlyList<PlannedValue> Changes
)
{
    public static PlannedNetwork Of(NetworkChange change)
    {
        NetworkDefinition shown = (change.After ?? change.Before)!;
        PlannedNetworkAction action =
            change.Before is null ? PlannedNetworkAction.Create
            : change.After is null ? PlannedNetworkAction.Remove
            : change.IsAny ? PlannedNetworkAction.Change
            : PlannedNetworkAction.None;
        return new(
            change.Name,
            action,
            change.File,
            shown.Driver,
            [.. shown.Subnets.Select(s => s.Subnet)],
            action == PlannedNetworkAction.Change
                ? PlannedValue.Between(Values(change.Before!), Values(change.After!))
                : []
        );
    }

    /// <summary>In the words of a .network file.</summary>
    private static Dictionary<string, string> Values(NetworkDefinition network)
    {
        Dictionary<string, string> values = new(StringComparer.Ordinal)
        {
            ["Driver"] = network.Driver,
            ["Subnet"] = Joined(network.Subnets.Select(s => s.Subnet)),
            ["Gateway"] = Joined(network.Subnets.Select(s => s.Gateway).OfType<string>()),
            ["IPRange"] = Joined(
                network.Subnets.Select(s => s.LeaseRange).OfType<LeaseRange>().Select(r => $"{r.StartIp}-{r.EndIp}")
            ),
            ["IPv6"] = Word(network.Ipv6Enabled),
            ["Internal"] = Word(network.Internal),
            ["DisableDNS"] = Word(!network.DnsEnabled),
            ["InterfaceName"] = network.NetworkInterface ?? "",
            ["Options"] = Joined(
                (network.Options ?? new Dictionary<string, string>())
                    .Select(o => $"{o.Key}={o.Value}")
                    .Order(StringComparer.Ordinal)
            ),
            ["Label"] = Joined(network.OwnLabels.Select(o => $"{o.Key}={o.Value}").Order(StringComparer.Ordinal)),
        };
        return new(values.Where(v => v.Value.Length > 0), StringComparer.Ordinal);
    }

    private static string Word(bool yes) => yes ? "true" : "false";

    private static string Joined(IEnumerable<string> words) => string.Join(' ', words);
}

/// <summary>What a plan does with a network.</summary>
enum PlannedNetworkAction
{
    /// <summary>Nothing: it is as it is declared.</summary>
    [JsonStringEnumMemberName("none")]
    None,

    /// <summary>It comes.</summary>
    [JsonStringEnumMemberName("create")]
    Create,

    /// <summary>It becomes another, for containers from their next start on.</summary>
    [JsonStringEnumMemberName("change")]
    Change,

    /// <summary>It goes.</summary>
    [JsonStringEnumMemberName("remove")]
    Remove,
}
