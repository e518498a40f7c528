// SPDX-License-Identifier: Apache-2.0

using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace SystemContainers.Pull.Http;

/// <summary>
/// What an address reaches, and whether a registry may lead us there. By the special-purpose address registries of IANA
/// (RFC 6890): of IPv6 only what is known to be global is. An IPv4 address inside an IPv6 one (NAT64, 6to4, Teredo ...)
/// counts as what it leads to.
/// </summary>
static class AddressRules
{
    // What RFC 6890 and its successors keep out of the internet, as network, prefix length, reach.
    private static readonly (uint Network, int Bits, NetworkReach Reach)[] s_special =
    [
        (0x00000000, 8, NetworkReach.Loopback), // 0.0.0.0 is this host
        (0x0A000000, 8, NetworkReach.Private),
        (0x64400000, 10, NetworkReach.Private), // 100.64/10: shared by a carrier; some clouds' metadata
        (0x7F000000, 8, NetworkReach.Loopback),
        (0xA9FE0000, 16, NetworkReach.LinkLocal), // 169.254/16
        (0xAC100000, 12, NetworkReach.Private),
        (0xC0000000, 24, NetworkReach.Private),
        (0xC0000200, 24, NetworkReach.Private), // documentation
        (0xC0586300, 24, NetworkReach.Private), // 6to4 relays, given up
        (0xC0A80000, 16, NetworkReach.Private),
        (0xC6120000, 15, NetworkReach.Private), // benchmarks
        (0xC6336400, 24, NetworkReach.Private),
        (0xCB007100, 24, NetworkReach.Private),
        (0xE0000000, 3, NetworkReach.LinkLocal), // multicast, reserved, broadcast
    ];

    public static NetworkReach Of(IPAddress address)
    {
        byte[] bytes = address.GetAddressBytes();
        return address.AddressFamily == AddressFamily.InterNetwork ? OfIPv4(bytes) : OfIPv6(bytes);
    }

    /// <summary>
    /// Whether a token server that a registry names may be connected to there: it gets the user's password. On the
    /// internet always, else only where the registry itself is; a registry of this host may name one of the network.
    /// </summary>
    /// <param name="there">Of the address that is to be connected to.</param>
    /// <param name="registry">Of the address at which the registry was reached.</param>
    public static bool MayLogIn(NetworkReach there, NetworkReach registry) =>
        there == NetworkReach.Global
        || there == registry
        || (there == NetworkReach.Private && registry == NetworkReach.Loopback);

    /// <summary>
    /// Whether a redirect may lead there. It carries no credentials, and storage inside a network is usual; but
    /// services of this host and of the wire answer to whoever calls from here.
    /// </summary>
    public static bool MayFollow(NetworkReach there, NetworkReach registry) =>
        there is NetworkReach.Global or NetworkReach.Private || there == registry || registry == NetworkReach.Loopback;

    private static NetworkReach OfIPv4(ReadOnlySpan<byte> bytes)
    {
        uint address = BinaryPrimitives.ReadUInt32BigEndian(bytes);
        foreach ((uint network, int bits, NetworkReach reach) in s_special)
        {
            if ((address ^ network) >> (32 - bits) == 0)
            {
                return reach;
            }
        }

        return NetworkReach.Global;
    }

    private static NetworkReach OfIPv6(ReadOnlySpan<byte> a)
    {
        uint first = BinaryPrimitives.ReadUInt32BigEndian(a);
        uint third = BinaryPrimitives.ReadUInt32BigEndian(a[8..]);
        if (first == 0 && BinaryPrimitives.ReadUInt32BigEndian(a[4..]) == 0)
        {
            return third switch
            {
                // "::" connects to this host; ::a.b.c.d is IPv4-compatible (RFC 4291), ::ffff:a.b.c.d is mapped,
                // ::ffff:0:a.b.c.d translated.
                0 when BinaryPrimitives.ReadUInt32BigEndian(a[12..]) is 0 or 1 => NetworkReach.Loopback,
                0x0000FFFF => OfIPv4(a[12..]),
                0 or 0xFFFF0000 => Inner(OfIPv4(a[12..])),
                _ => NetworkReach.Private,
            };
        }

        // RFC 6052 and 8215: 64:ff9b::/96 leads to what its last bytes say, 64:ff9b:1::/48 to what a network has made
        // of it.
        if (first == 0x0064FF9B)
        {
            return BinaryPrimitives.ReadUInt32BigEndian(a[4..]) == 0 && third == 0
                ? OfIPv4(a[12..])
                : Inner(OfIPv4(a[12..]));
        }

        // fe80::/10, ff00::/8; fec0::/10 and fc00::/7 are a site's.
        if (first >> 22 == 0x3FA || a[0] == 0xFF)
        {
            return NetworkReach.LinkLocal;
        }

        // 2000::/3 is all that was ever given to the internet; of it, 2001::/23 is for protocols, 2001:db8::/32 and
        // 3fff::/20 for documents.
        if (a[0] >> 5 != 1 || first >> 9 == 0x20010000 >> 9 || first == 0x20010DB8 || first >> 12 == 0x3FFF0000 >> 12)
        {
            return first == 0x20010000 ? Closest(Inner(OfIPv4(a[4..])), OfTeredoClient(a)) : NetworkReach.Private;
        }

        // 6to4 (RFC 3056): 2002:a.b.c.d::/48. ISATAP (RFC 5214): any prefix, then 0000:5efe:a.b.c.d or
        // 0200:5efe:a.b.c.d.
        return Closest(
            first >> 16 == 0x2002 ? OfIPv4(a[2..]) : NetworkReach.Global,
            (third & 0xFDFFFFFF) == 0x00005EFE ? OfIPv4(a[12..]) : NetworkReach.Global
        );
    }

    // RFC 4380: the client's address is there with all bits inverted.
    private static NetworkReach OfTeredoClient(ReadOnlySpan<byte> a)
    {
        Span<byte> client = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(client, ~BinaryPrimitives.ReadUInt32BigEndian(a[12..]));
        return OfIPv4(client);
    }

    private static NetworkReach Inner(NetworkReach reach) => Closest(reach, NetworkReach.Private);

    private static NetworkReach Closest(NetworkReach a, NetworkReach b) => a > b ? a : b;
}
