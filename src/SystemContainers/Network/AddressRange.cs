// SPDX-License-Identifier: Apache-2.0

using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace SystemContainers.Network;

/// <summary>Computes with addresses.</summary>
static class AddressRange
{
    /// <summary>Where networks are made that name no subnet: podman's pool (containers.conf(5), default_subnet_pools)
    /// without its first, which is podman's own network.</summary>
    private static readonly (IPAddress Base, int Count) s_pool = (IPAddress.Parse("10.89.0.0"), (255 - 89 + 1) * 256);

    /// <summary>The address at a place of a subnet, counted from its base.</summary>
    public static IPAddress At(IPNetwork network, UInt128 offset) =>
        Of(Number(network.BaseAddress) + offset, network.BaseAddress.AddressFamily);

    /// <summary>The subnet of a length that an address is in.</summary>
    public static IPNetwork Around(IPAddress address, int length)
    {
        int bits = address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
        UInt128 mask = length == bits ? UInt128.Zero : (UInt128.One << (bits - length)) - 1;
        return new IPNetwork(Of(Number(address) & ~mask, address.AddressFamily), length);
    }

    public static UInt128 Number(IPAddress address)
    {
        byte[] bytes = address.GetAddressBytes();
        return bytes.Length == 4
            ? BinaryPrimitives.ReadUInt32BigEndian(bytes)
            : BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    /// <summary>The last address of a subnet.</summary>
    public static UInt128 Last(IPNetwork network)
    {
        int bits = network.BaseAddress.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
        return Number(network.BaseAddress) + ((UInt128.One << (bits - network.PrefixLength)) - 1);
    }

    public static IPAddress Of(UInt128 number, AddressFamily family)
    {
        byte[] bytes = new byte[family == AddressFamily.InterNetwork ? 4 : 16];
        if (bytes.Length == 4)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes, (uint)number);
        }
        else
        {
            BinaryPrimitives.WriteUInt128BigEndian(bytes, number);
        }

        return new IPAddress(bytes);
    }

    /// <summary>Whether two subnets have addresses in common.</summary>
    public static bool Overlap(IPNetwork one, IPNetwork other) =>
        one.BaseAddress.AddressFamily == other.BaseAddress.AddressFamily
        && (one.Contains(other.BaseAddress) || other.Contains(one.BaseAddress));

    /// <summary>A subnet that nobody uses: the next /24 of the pool, or a /64 of a random unique local prefix (RFC
    /// 4193); null where all are taken.</summary>
    public static IPNetwork? Free(IReadOnlyCollection<IPNetwork> used, bool six)
    {
        if (six)
        {
            byte[] prefix = new byte[16];
            Random.Shared.NextBytes(prefix.AsSpan(1, 7));
            prefix[0] = 0xfd;
            return new IPNetwork(new IPAddress(prefix), 64);
        }

        IEnumerable<IPNetwork> pool = Enumerable
            .Range(0, s_pool.Count)
            .Select(n => new IPNetwork(Of(Number(s_pool.Base) + ((UInt128)n << 8), AddressFamily.InterNetwork), 24));
        return pool.Cast<IPNetwork?>().FirstOrDefault(p => !used.Any(u => Overlap(u, p!.Value)));
    }
}
