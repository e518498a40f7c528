// SPDX-License-Identifier: Apache-2.0

using System.Net;
using System.Net.Sockets;
using System.Text.Json.Serialization;
using SystemContainers.Errors;

namespace SystemContainers.Network;

/// <summary>A subnet of a network (containers/common, libnetwork/types, <c>Subnet</c>).</summary>
sealed record NetworkSubnet
{
    /// <summary>How many bits there are behind a subnet's prefix at least, so that a bridge and a container have
    /// addresses.</summary>
    private const int SpareBits = 2;

    /// <summary><c>10.89.0.0/24</c>.</summary>
    public required string Subnet { get; init; }

    /// <summary>The host's address there; null to be the first, or none of an internal network without names.</summary>
    public string? Gateway { get; init; }

    /// <summary>Where addresses are given from; null for the whole subnet.</summary>
    public LeaseRange? LeaseRange { get; init; }

    /// <summary>As it is computed with.</summary>
    [JsonIgnore]
    public IPNetwork Network => IPNetwork.Parse(Subnet);

    /// <summary>IPv4 or IPv6.</summary>
    [JsonIgnore]
    public AddressFamily Family => Network.BaseAddress.AddressFamily;

    /// <summary>A subnet of which nothing else was said.</summary>
    public static NetworkSubnet Of(IPNetwork network) => new() { Subnet = network.ToString() };

    /// <summary>Subnets of which gateways and ranges are given in lists of their own, in the same order, as
    /// podman-network-create(1) and podman-systemd.unit(5) have it.</summary>
    /// <param name="subnets">One or more, or none for one that is free.</param>
    /// <param name="gateways">As many or fewer.</param>
    /// <param name="ranges"><c>FIRST-LAST</c>, or a subnet of it.</param>
    /// <exception cref="SysctrException">Usage: a gateway or range has no subnet, or is none.</exception>
    public static IReadOnlyList<NetworkSubnet> From(
        IReadOnlyList<string> subnets,
        IReadOnlyList<string> gateways,
        IReadOnlyList<string> ranges
    )
    {
        if (gateways.Count > subnets.Count || ranges.Count > subnets.Count)
        {
            throw new SysctrException(
                ErrorKind.Usage,
                "reading --gateway and --ip-range: each needs a --subnet",
                "name the subnet"
            );
        }

        return
        [
            .. subnets.Select(
                (s, at) =>
                    new NetworkSubnet
                    {
                        Subnet = s,
                        Gateway = gateways.ElementAtOrDefault(at),
                        LeaseRange = ranges.ElementAtOrDefault(at) is { } range ? Range(range) : null,
                    }
            ),
        ];
    }

    /// <summary>Checks it, and names its gateway.</summary>
    /// <exception cref="SysctrException">Usage: it is none.</exception>
    public NetworkSubnet Completed(string doing, bool isInternal)
    {
        if (!Mask(Subnet, SpareBits, out IPNetwork network))
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"{doing}: '{Subnet}' is no subnet",
                "write it as 10.89.0.0/24 or fd00::/64"
            );
        }

        if (Gateway is { } gateway && !(AddressText.Find(gateway) is { } at && network.Contains(at)))
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"{doing}: the gateway {gateway} is not in {network}",
                "choose one of its addresses"
            );
        }

        foreach (string end in ((string?[])[LeaseRange?.StartIp, LeaseRange?.EndIp]).OfType<string>())
        {
            if (!(AddressText.Find(end) is { } address && network.Contains(address)))
            {
                throw new SysctrException(
                    ErrorKind.Usage,
                    $"{doing}: {end} of the range is not in {network}",
                    "choose one of its addresses"
                );
            }
        }

        if (
            LeaseRange is { StartIp: { } first, EndIp: { } last }
            && AddressRange.Number(IPAddress.Parse(first)) > AddressRange.Number(IPAddress.Parse(last))
        )
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"{doing}: the range {first}-{last} ends before it begins",
                "write its lowest address first"
            );
        }

        return this with
        {
            Subnet = network.ToString(),
            Gateway = Gateway ?? (isInternal ? null : AddressRange.At(network, 1).ToString()),
        };
    }

    /// <summary>IPv4 or IPv6; null for what is no subnet.</summary>
    public static AddressFamily? FamilyOf(string subnet) =>
        Mask(subnet, SpareBits, out IPNetwork network) ? network.BaseAddress.AddressFamily : null;

    /// <summary>Where addresses are given from, as it is written.</summary>
    /// <exception cref="SysctrException">Usage: it is no range.</exception>
    public static LeaseRange Range(string text)
    {
        if (text.Split('-') is [var first, var last])
        {
            return new LeaseRange(first, last);
        }

        if (!Mask(text, spareBits: 0, out IPNetwork network))
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"reading --ip-range={text}: it is neither FIRST-LAST nor a subnet"
            );
        }

        // The base is nobody's, but where it is all that there is.
        UInt128 end = AddressRange.Last(network);
        bool isOne = end == AddressRange.Number(network.BaseAddress);
        return new LeaseRange(
            AddressRange.At(network, isOne ? 0u : 1u).ToString(),
            AddressRange.Of(end, network.BaseAddress.AddressFamily).ToString()
        );
    }

    /// <summary>Reads a subnet also where bits behind the prefix are set, as podman does.</summary>
    /// <param name="text">As it is written.</param>
    /// <param name="spareBits">How many bits there have to be behind the prefix.</param>
    private static bool Mask(string text, int spareBits, out IPNetwork network)
    {
        network = default;
        if (
            AddressText.FindPrefixed(text) is not var (address, length)
            || length < 1
            || length > address.GetAddressBytes().Length * 8 - spareBits
        )
        {
            return false;
        }

        network = AddressRange.Around(address, length);
        return true;
    }
}

/// <summary>Where addresses are given from (containers/common, libnetwork/types, <c>LeaseRange</c>); null: from the
/// subnet's end.</summary>
sealed record LeaseRange(string? StartIp = null, string? EndIp = null);
