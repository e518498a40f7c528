// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Settings;
using Xunit;

namespace SystemContainers.Tests.Settings;

/// <summary>Ports as podman-run(1) publishes them.</summary>
public sealed class PublishedPortTests
{
    [Theory]
    [InlineData("80", "", 0, 80, 1, "tcp", "0:80/tcp")]
    [InlineData("8080:80", "", 8080, 80, 1, "tcp", "8080:80/tcp")]
    [InlineData("53:53/UDP", "", 53, 53, 1, "udp", "53:53/udp")]
    [InlineData("127.0.0.1:8080:80/tcp", "127.0.0.1", 8080, 80, 1, "tcp", "127.0.0.1:8080:80/tcp")]
    [InlineData("127.0.0.1::80", "127.0.0.1", 0, 80, 1, "tcp", "127.0.0.1:0:80/tcp")]
    [InlineData(":8080:80", "", 8080, 80, 1, "tcp", "8080:80/tcp")]
    [InlineData("[::1]:8080:80", "::1", 8080, 80, 1, "tcp", "[::1]:8080:80/tcp")]
    [InlineData("[fd00:0::1]::80/sctp", "fd00::1", 0, 80, 1, "sctp", "[fd00::1]:0:80/sctp")]
    [InlineData("9000-9002:80-82", "", 9000, 80, 3, "tcp", "9000-9002:80-82/tcp")]
    public void What_podman_takes_is_read(
        string text,
        string address,
        int host,
        int container,
        int range,
        string protocol,
        string shown
    )
    {
        PublishedPort port = PublishedPort.Parse(text);

        Assert.Equal(new PublishedPort(address, (ushort)host, (ushort)container, (ushort)range, protocol), port);
        Assert.Equal(shown, port.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("0:80")]
    [InlineData("80:0")]
    [InlineData("65536")]
    [InlineData("-80")]
    [InlineData("80/icmp")]
    [InlineData("80/tcp/udp")]
    [InlineData("80-90")]
    [InlineData("8000-8001:80-82")]
    [InlineData("8001-8000:81-80")]
    [InlineData("::1:8080:80")]
    [InlineData("[::1]8080:80")]
    [InlineData("[::1]:80")]
    [InlineData("host:8080:80")]
    [InlineData("1-2-3:4-5-6")]
    [InlineData("+80")]
    public void What_is_none_is_refused(string text) => Assert.Throws<FormatException>(() => PublishedPort.Parse(text));

    /// <summary>bind(2), as podman asks it at a start: a word for all addresses takes each of them.</summary>
    [Theory]
    [InlineData("80:80", "127.0.0.1:80:80", true, true)]
    [InlineData("80:80", "127.0.0.1:80:81", true, true)]
    [InlineData("0.0.0.0:80:80", "127.0.0.1:80:80", true, true)]
    [InlineData("80:80", "[::1]:80:80", true, true)]
    [InlineData("80:80", "[::]:80:80", true, true)]
    [InlineData("[::]:80:80", "[::1]:80:80", true, true)]
    [InlineData("80:80", "0.0.0.0:80:80", true, false)]
    [InlineData("80:80", "0.0.0.0:80:81", true, true)]
    [InlineData("80:80", "80:80", true, false)]
    [InlineData("0.0.0.0:80:80", "[::]:80:80", false, false)]
    [InlineData("0.0.0.0:80:80", "[::1]:80:80", false, false)]
    [InlineData("127.0.0.1:80:80", "127.0.0.2:80:81", false, false)]
    [InlineData("127.0.0.1:80:80", "[::1]:80:80", false, false)]
    [InlineData("80:80", "127.0.0.1:80:80/udp", false, false)]
    [InlineData("80:80", "127.0.0.1::80", false, false)]
    [InlineData("80-82:80-82", "127.0.0.1:82:82", true, true)]
    [InlineData("80-82:80-82", "81:81", true, false)]
    public void A_port_of_all_addresses_is_one_of_each(string one, string other, bool overlaps, bool contradicts)
    {
        (PublishedPort first, PublishedPort second) = (PublishedPort.Parse(one), PublishedPort.Parse(other));

        Assert.Equal((overlaps, overlaps), (first.Overlaps(second), second.Overlaps(first)));
        Assert.Equal((contradicts, contradicts), (first.Contradicts(second), second.Contradicts(first)));
    }

    [Fact]
    public void A_place_on_the_host_is_published_once()
    {
        Assert.Equal(PublishedPort.Key("8080:80"), PublishedPort.Key("8080:81/tcp"));
        Assert.NotEqual(PublishedPort.Key("8080:80"), PublishedPort.Key("8080:80/udp"));
        Assert.NotEqual(PublishedPort.Key("80"), PublishedPort.Key("81"));
    }
}
