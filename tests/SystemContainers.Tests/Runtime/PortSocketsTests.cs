// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Network;
using SystemContainers.Runtime.UserNetworks;
using SystemContainers.Settings;
using Xunit;

namespace SystemContainers.Tests.Runtime;

/// <summary>What systemd is asked for where a user's container publishes ports on a network by name.</summary>
public sealed class PortSocketsTests
{
    [Theory]
    [InlineData("8080:80", 0, "8080")]
    [InlineData("8080-8082:80-82", 2, "8082")]
    [InlineData("127.0.0.1:8080:80", 0, "127.0.0.1:8080")]
    [InlineData("[::1]:8080:80", 0, "[::1]:8080")]
    public void It_listens_where_the_port_says(string port, int offset, string listens) =>
        Assert.Equal(listens, PortSockets.Listen(PublishedPort.Parse(port), offset));

    [Theory]
    [InlineData("10.77.0.2", "10.77.0.2:80")]
    [InlineData("fd77::2", "[fd77::2]:80")]
    public void What_comes_goes_to_the_container_s_address_in_its_own_network(string address, string to)
    {
        NetworkRecord record = new(
            "web",
            "/run/user/1000/sysctr/.networks/netns/sysctr-web",
            new NetavarkInput(
                "sysctr-web",
                "web",
                [],
                new Dictionary<string, NetavarkAttachment> { ["sysctr-shop"] = new("eth0", [address], null, null) },
                new Dictionary<string, NetworkDefinition>()
            )
        );

        IReadOnlyList<string> command = PortSockets.Command(record, 80, 77);

        Assert.Equal(to, command[^1]);
        Assert.Contains("--user=/proc/77/ns/user", command);
        Assert.Contains("--net=/proc/77/root/run/user/1000/sysctr/.networks/netns/sysctr-web", command);
    }
}
