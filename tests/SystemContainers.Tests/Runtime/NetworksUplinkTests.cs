// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Runtime.UserNetworks;
using Xunit;

namespace SystemContainers.Tests.Runtime;

/// <summary>When pasta has something to connect a user's networks with.</summary>
public sealed class NetworksUplinkTests
{
    private const string Head = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n";

    private const string Loopback =
        "00000000000000000000000000000001 80 00000000000000000000000000000000 00 00000000000000000000000000000000 00000000 00000002 00000000 80200001       lo\n"
        + "00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo\n"
        + "fe800000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0\n";

    /// <summary>An address of the link alone leads nowhere.</summary>
    [Theory]
    [InlineData(Head, Loopback, false)]
    [InlineData(Head, "", false)]
    [InlineData(Head + "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n", Loopback, true)]
    [InlineData(
        Head,
        Loopback
            + "00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth0\n",
        true
    )]
    [InlineData(Head + "docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n", Loopback, false)]
    [InlineData(Head + "br0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n", Loopback, true)]
    [InlineData(Head + "eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n", Loopback, true)]
    [InlineData(Head + "*\t000200C0\t00000000\t0200\t0\t0\t0\t00FFFFFF\t0\t0\t0\n", Loopback, false)]
    public void A_host_without_a_route_has_no_outside_yet(string four, string six, bool leads) =>
        Assert.Equal(leads, NetworksUplink.HasRoute(four, six, d => d is "docker0" or "br0"));
}
