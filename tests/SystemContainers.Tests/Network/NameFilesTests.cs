// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Network;
using SystemContainers.Settings;
using Xunit;

namespace SystemContainers.Tests.Network;

/// <summary>/etc/hosts and /etc/resolv.conf of a container.</summary>
public sealed class NameFilesTests
{
    private static readonly NameFiles.HostFiles s_host = new(
        "127.0.0.1 localhost\n10.0.0.9 box\n",
        "search example.com\nnameserver 127.0.0.53\noptions edns0\n",
        "nameserver 9.9.9.9\n",
        AwaitsResolved: false,
        "box"
    );

    private static readonly NameFiles.HostFiles s_bare = new(null, null, null, AwaitsResolved: false, "box");

    [Fact]
    public void A_host_without_files_has_containers_that_know_localhost()
    {
        Assert.Equal("127.0.0.1\tlocalhost\n::1\tlocalhost\n", NameFiles.Hosts(s_bare, null, null));
        Assert.Equal("", NameFiles.Resolv(s_bare, null, null));
        Assert.Equal(
            "nameserver 127.0.0.53\noptions edns0 trust-ad\n",
            NameFiles.Resolv(s_bare with { AwaitsResolved = true }, null, null)
        );
    }

    [Fact]
    public void On_a_network_it_has_its_address_the_host_s_and_what_was_added_before_the_host_s_own()
    {
        NetworkRequest request = Request(
            "--network=web --add-host=db;store:10.9.9.9 --add-host=up:host-gateway --hostname=shop"
        );

        Assert.Equal(
            "10.9.9.9\tdb store\n10.89.0.1\tup\n127.0.0.1\tlocalhost\n::1\tlocalhost\n10.89.0.5\tshop web1\n10.89.0.1\thost.containers.internal\n127.0.0.1 localhost\n10.0.0.9 box\n",
            NameFiles.Hosts(s_host, request, Record([]))
        );
    }

    [Theory]
    [InlineData("--network=web", "", "search example.com\nnameserver 9.9.9.9\noptions edns0\n")]
    [InlineData("--network=web", "10.89.0.1", "search dns.podman example.com\nnameserver 10.89.0.1\noptions edns0\n")]
    [InlineData(
        "--network=web --dns=1.1.1.1 --dns-search=. --dns-option=ndots:2",
        "10.89.0.1",
        "nameserver 10.89.0.1\noptions ndots:2\n"
    )]
    [InlineData("--dns=1.1.1.1 --dns-search=a --dns-search=b", "", "search a b\nnameserver 1.1.1.1\noptions edns0\n")]
    [InlineData("--add-host=a:1.2.3.4", "", "search example.com\nnameserver 127.0.0.53\noptions edns0\n")]
    [InlineData("--network=none", "", "search example.com\noptions edns0\n")]
    public void Servers_are_those_that_can_be_reached_from_there(string words, string networkServer, string expected)
    {
        NetworkRequest request = Request(words);

        Assert.Equal(
            expected,
            NameFiles.Resolv(
                s_host,
                request,
                request.Mode == NetworkMode.Bridge ? Record(networkServer.Length == 0 ? [] : [networkServer]) : null
            )
        );
    }

    [Fact]
    public void Pasta_asks_the_host_s_loopback_for_a_container()
    {
        NetworkRequest request = new()
        {
            Mode = NetworkMode.Pasta,
            Name = "c",
            HostName = "c",
        };

        Assert.Contains(
            $"nameserver {NameFiles.PastaServer}\n",
            NameFiles.Resolv(s_host with { ResolvedServers = null }, request, null),
            StringComparison.Ordinal
        );
        Assert.Contains("nameserver 9.9.9.9\n", NameFiles.Resolv(s_host, request, null), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/run/sysctr/web/hosts", true)]
    [InlineData("/run/user/1000/sysctr/web/resolv.conf", true)]
    [InlineData("/run/sysctr/web/config.json", false)]
    [InlineData("/etc/hosts", false)]
    [InlineData("/srv/web/hosts", false)]
    [InlineData(null, false)]
    public void The_files_of_a_start_are_known_by_their_place(string? path, bool isOne) =>
        Assert.Equal(isOne, NameFiles.IsPath(path));

    private static NetworkRequest Request(string words) =>
        NetworkRequest.For(Settings(words).Spec, "web1", isUsers: false);

    private static ContainerSettings Settings(string words) =>
        new(
            words
                .Split(' ')
                .Select(w => w[2..].Split('=', 2))
                .GroupBy(w => w[0], w => w[1], StringComparer.Ordinal)
                .ToDictionary(g => g.Key, g => (IReadOnlyList<string>)[.. g], StringComparer.Ordinal)
        );

    private static NetworkRecord Record(string[] servers) =>
        new(
            "web1",
            "/run/netns/sysctr-web1",
            new NetavarkInput(
                "sysctr-web1",
                "web1",
                [],
                new Dictionary<string, NetavarkAttachment> { ["sysctr-web"] = new("eth0", ["10.89.0.5"], null, []) },
                new Dictionary<string, NetworkDefinition>
                {
                    ["sysctr-web"] = new()
                    {
                        Name = "sysctr-web",
                        Subnets = [new() { Subnet = "10.89.0.0/24", Gateway = "10.89.0.1" }],
                    },
                }
            ),
            new Dictionary<string, NetavarkStatus>
            {
                ["sysctr-web"] = new()
                {
                    DnsServerIps = servers,
                    DnsSearchDomains = servers.Length == 0 ? [] : ["dns.podman"],
                },
            }
        );
}
