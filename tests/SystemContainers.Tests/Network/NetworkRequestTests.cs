// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using System.Text.Json.Nodes;
using SystemContainers.Errors;
using SystemContainers.Network;
using SystemContainers.Settings;
using Xunit;

namespace SystemContainers.Tests.Network;

/// <summary>What settings ask of the network, and what netavark and pasta are given.</summary>
public sealed class NetworkRequestTests
{
    [Fact]
    public void It_is_read_from_config_json_as_it_was_written()
    {
        NetworkRequest request = Of(
            "--network=web:ip=10.1.2.3,alias=a --network=db --publish=[::1]:8080-8081:80-81/udp --network-alias=b --dns=1.1.1.1"
        );
        JsonObject document = new()
        {
            ["annotations"] = new JsonObject { [NetworkRequest.Annotation] = request.ToJson() },
        };

        NetworkRequest read = NetworkRequest.Find(document)!;

        Assert.Equal(request.ToJson(), read.ToJson());
        Assert.Equal(["eth0", "eth1"], read.Networks.Select(n => n.Interface));
        Assert.Equal(["a", "b"], read.Networks[0].Aliases);
        Assert.Equal(["b"], read.Networks[1].Aliases);
        Assert.Equal(new PublishedPort("::1", 8080, 80, 2, "udp"), Assert.Single(read.Ports));
        Assert.Equal("shop-1", read.HostName);
    }

    [Fact]
    public void What_is_for_users_is_refused_to_the_system()
    {
        SysctrException refused = Assert.Throws<SysctrException>(() => Of("--network=pasta"));

        Assert.Equal(ErrorKind.Usage, refused.Kind);
        Assert.StartsWith("reading --network=pasta: ", refused.Message, StringComparison.Ordinal);
        Assert.Contains("bridge", refused.Hint, StringComparison.Ordinal);
    }

    /// <summary>netavark makes it where the user's networks are.</summary>
    [Theory]
    [InlineData("--network=web", false)]
    [InlineData("--network=web --publish=8080:80", true)]
    public void A_user_has_networks_by_name(string words, bool sockets)
    {
        NetworkRequest request = Of(words, isUsers: true);

        Assert.Equal(
            (NetworkMode.Bridge, "web", sockets),
            (request.Mode, Assert.Single(request.Networks).Network, request.PublishesBySockets)
        );
    }

    /// <summary>Containers on a user's networks share its user namespace, and systemd passes no SCTP on.</summary>
    [Theory]
    [InlineData("--network=container:db --userns=keep-id", "--userns")]
    [InlineData("--network=web --publish=53:53/sctp", "53:53/sctp")]
    public void What_a_user_s_network_by_name_can_t_do_is_refused(string words, string named)
    {
        SysctrException refused = Assert.Throws<SysctrException>(() => Of(words, isUsers: true));

        Assert.Equal(ErrorKind.Usage, refused.Kind);
        Assert.Contains(named, refused.Message, StringComparison.Ordinal);
        Assert.NotNull(refused.Hint);
    }

    [Theory]
    [InlineData("--network=pasta:--mtu,1400", "--mtu,1400")]
    [InlineData("--network=bridge", "")]
    [InlineData("--publish=8080:80", "")]
    public void A_users_own_network_is_made_by_pasta(string words, string given)
    {
        NetworkRequest request = Of(words, isUsers: true);

        Assert.Equal((NetworkMode.Pasta, given), (request.Mode, string.Join(',', request.PastaWords)));
        Assert.False(request.NeedsNetavark);
    }

    /// <summary>netavark: src/network/types.rs; the same members that podman 4.3 and 5 write.</summary>
    [Fact]
    public void Netavark_is_given_what_podman_gives_it()
    {
        NetworkDefinition network = new NetworkDefinition
        {
            Name = "sysctr-web",
            DnsEnabled = true,
            Subnets = [new() { Subnet = "10.1.2.0/24" }],
            Created = DateTimeOffset.UnixEpoch,
        }.Completed([], []);
        NetavarkInput input = new(
            "sysctr-c",
            "c",
            [PublishedPort.Parse("127.0.0.1:8080:80")],
            new Dictionary<string, NetavarkAttachment>
            {
                ["sysctr-web"] = new("eth0", ["10.1.2.3"], null, ["c", "front"]),
            },
            new Dictionary<string, NetworkDefinition> { ["sysctr-web"] = network }
        );

        Assert.Equal(
            $$$$$"""
            {"container_id":"sysctr-c","container_name":"c","port_mappings":[{"host_ip":"127.0.0.1","host_port":8080,"container_port":80,"range":1,"protocol":"tcp"}],"networks":{"sysctr-web":{"interface_name":"eth0","static_ips":["10.1.2.3"],"aliases":["c","front"]}},"network_info":{"sysctr-web":{"name":"sysctr-web","id":"{{{{{network.Id}}}}}","driver":"bridge","network_interface":"sysctr0","created":"1970-01-01T00:00:00+00:00","subnets":[{"subnet":"10.1.2.0/24","gateway":"10.1.2.1"}],"ipv6_enabled":false,"internal":false,"dns_enabled":true,"ipam_options":{"driver":"host-local"}}}}
            """,
            JsonSerializer
                .Serialize(input, NetworkJson.Default.NetavarkInput)
                .Replace("\\u002B", "+", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void Pasta_is_called_as_podman_calls_it()
    {
        Assert.Equal(
            "--config-net --quiet --no-netns-quit -t 8080:80 -u 127.0.0.1/5300-5301:53-54 -T none -U none --no-map-gw --dns-forward 169.254.1.1 77",
            string.Join(
                ' ',
                Pasta.Words(
                    [PublishedPort.Parse("8080:80"), PublishedPort.Parse("127.0.0.1:5300-5301:53-54/udp")],
                    [],
                    "77"
                )
            )
        );
        Assert.Equal(
            "--config-net --quiet --no-netns-quit --mtu 1400 -t none -u none -T none -U none --dns-forward 169.254.1.1 77",
            string.Join(' ', Pasta.Words([], ["--mtu", "1400", "--map-gw"], "77"))
        );
        Assert.Throws<SysctrException>(() => Pasta.Words([PublishedPort.Parse("80:80/sctp")], [], "77"));
    }

    private static NetworkRequest Of(string words, bool isUsers = false) =>
        NetworkRequest.For(
            new ContainerSettings(
                words
                    .Split(' ')
                    .Select(w => w[2..].Split('=', 2))
                    .GroupBy(w => w[0], w => w[1], StringComparer.Ordinal)
                    .ToDictionary(g => g.Key, g => (IReadOnlyList<string>)[.. g], StringComparer.Ordinal)
            ).Spec,
            "shop_1",
            isUsers
        );
}
