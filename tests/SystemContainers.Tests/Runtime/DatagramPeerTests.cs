// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Runtime.UserNetworks;
using Xunit;

namespace SystemContainers.Tests.Runtime;

/// <summary>An answer goes to who has asked, from the address that was asked.</summary>
public sealed class DatagramPeerTests
{
    // cmsghdr: length, level, type; in_pktinfo: index, local address, address in the datagram.
    private const string Ipv4 = "1C00000000000000 00000000 08000000 02000000 C0000202 C00002FF";

    // The same with in6_pktinfo: an address, and an index.
    private const string Ipv6 = "2400000000000000 29000000 32000000 FE800000000000000000000000000001 02000000";

    [Theory]
    [InlineData(
        "0200 14B4 C0000201 0000000000000000",
        Ipv4,
        "1C00000000000000 00000000 08000000 00000000 C0000202",
        32
    )]
    [InlineData(
        "0A00 14B4 00000000 FE800000000000000000000000000009 02000000",
        Ipv6,
        "2400000000000000 29000000 32000000 FE800000000000000000000000000001 00000000",
        40
    )]
    [InlineData("0200 14B4 C0000201 0000000000000000", "", "", 0)]
    public void What_was_read_is_written(string name, string control, string answer, int answerLength)
    {
        byte[] from = Bytes(name);
        byte[] padded = new byte[DatagramPeer.NameBytes];
        from.CopyTo(padded, 0);

        DatagramPeer peer = DatagramPeer.Read(3, padded, from.Length, Bytes(control));
        byte[] to = new byte[DatagramPeer.NameBytes];
        byte[] beside = new byte[DatagramPeer.ControlBytes];
        int length = peer.Write(to, beside);

        Assert.Equal(padded, to);
        Assert.Equal(from.Length, peer.NameLength);
        Assert.Equal(answerLength, length);
        Assert.Equal(Bytes(answer), beside[..Bytes(answer).Length]);
        Assert.Equal(peer, DatagramPeer.Read(3, padded, from.Length, Bytes(control)));
        Assert.NotEqual(peer, DatagramPeer.Read(4, padded, from.Length, Bytes(control)));
    }

    private static byte[] Bytes(string hex) => Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
}
