// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using SystemContainers.Errors;

namespace SystemContainers.Network;

/// <summary>Gives the addresses of a network; netavark leaves that to its caller.</summary>
static class AddressPool
{
    /// <summary>An address of each subnet of a network.</summary>
    /// <param name="network">Whole.</param>
    /// <param name="asked">What was asked for; the other subnets give one that is free.</param>
    /// <param name="taken">What others have there, by address.</param>
    /// <param name="container">Where the search begins: a container is given what it had, as long as nobody else is
    /// there.</param>
    /// <exception cref="SysctrException">Conflict: an address is another container's; Usage: it is in no subnet; Host:
    /// none is left.</exception>
    public static IReadOnlyList<string> Take(
        NetworkDefinition network,
        IReadOnlyList<string> asked,
        IReadOnlyDictionary<string, string> taken,
        string container
    )
    {
        string doing = $"giving {container} an address of the network {network.Name}";
        List<string> given = [];
        foreach (NetworkSubnet subnet in network.Subnets)
        {
            given.Add(
                asked.Select(IPAddress.Parse).FirstOrDefault(subnet.Network.Contains) is { } wanted
                    ? Checked(wanted.ToString(), subnet)
                    : Free(subnet)
            );
        }

        return asked.FirstOrDefault(a => !network.Subnets.Any(s => s.Network.Contains(IPAddress.Parse(a)))) is { } lost
            ? throw new SysctrException(
                ErrorKind.Usage,
                $"{doing}: {lost} is in none of its subnets: {string.Join(", ", network.Subnets.Select(s => s.Subnet))}",
                "choose an address of them"
            )
            : given;

        string Checked(string address, NetworkSubnet subnet) =>
            address == subnet.Gateway
                ? throw new SysctrException(
                    ErrorKind.Conflict,
                    $"{doing}: {address} is its gateway",
                    "choose another address"
                )
            : taken.TryGetValue(address, out string? owner)
                ? throw new SysctrException(
                    ErrorKind.Conflict,
                    $"{doing}: {owner} has {address}",
                    $"stop {owner}, or choose another address"
                )
            : address;

        string Free(NetworkSubnet subnet)
        {
            // Base and broadcast address are nobody's; IPv6 has no broadcast, and loses nothing by it.
            UInt128 first = subnet.LeaseRange?.StartIp is { } start
                ? AddressRange.Number(IPAddress.Parse(start))
                : AddressRange.Number(subnet.Network.BaseAddress) + 1;
            UInt128 last = subnet.LeaseRange?.EndIp is { } end
                ? AddressRange.Number(IPAddress.Parse(end))
                : AddressRange.Last(subnet.Network) - 1;
            if (last < first)
            {
                throw None(subnet);
            }

            UInt128 size = last - first + 1;
            UInt128 begin =
                BitConverter.ToUInt64(SHA256.HashData(Encoding.UTF8.GetBytes($"{network.Name}/{container}"))) % size;
            for (UInt128 tried = 0; tried < size && tried <= (UInt128)(taken.Count + 1); tried++)
            {
                string address = AddressRange.Of(first + ((begin + tried) % size), subnet.Family).ToString();
                if (address != subnet.Gateway && !taken.ContainsKey(address))
                {
                    return address;
                }
            }

            throw None(subnet);
        }

        SysctrException None(NetworkSubnet subnet) =>
            new(
                ErrorKind.Host,
                $"{doing}: all addresses of {subnet.Subnet} are given",
                "make a network with a larger subnet"
            );
    }

    /// <summary>
    /// The hardware address that goes with network addresses: always the same for the same. Neighbours keep what they
    /// know of an address for up to a minute: one that came back with another device would not be reached for as long,
    /// for nobody tells them.
    /// </summary>
    /// <param name="addresses">A container's on one network.</param>
    /// <returns>A locally administered unicast address (IEEE 802, 8.2.2); with IPv4's four bytes, so that it is nobody
    /// else's there.</returns>
    public static string HardwareAddress(IReadOnlyList<string> addresses)
    {
        IPAddress[] parsed = [.. addresses.Select(IPAddress.Parse)];
        byte[] last = parsed.FirstOrDefault(a => a.AddressFamily == AddressFamily.InterNetwork) is { } four
            ? [0, .. four.GetAddressBytes()]
            : SHA256.HashData(parsed[0].GetAddressBytes())[..5];
        return string.Join(':', ((byte[])[0x0a, .. last]).Select(b => b.ToString("x2", CultureInfo.InvariantCulture)));
    }
}
