// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Network;
using SystemContainers.Quadlet;
using SystemContainers.Quadlet.Syntax;
using SystemContainers.Quadlet.Values;
using SystemContainers.Settings;
using Xunit;

namespace SystemContainers.Tests.Quadlet;

/// <summary>Networks of files, and containers on them, as podman-systemd.unit(5) has them.</summary>
public sealed class QuadletNetworkTests : IDisposable
{
    private readonly QuadletFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_network_is_what_its_file_says()
    {
        _folder.Write(
            "shop.network",
            "[Network]\nSubnet=10.77.0.0/24\nGateway=10.77.0.9\nIPRange=10.77.0.128/25\nDisableDNS=yes\nInternal=true\nInterfaceName=br-shop\nOptions=mtu=1400,isolate=true\nLabel=who=we"
        );

        NetworkDefinition network = Assert.Single(_folder.Read().Networks);

        Assert.Equal(
            ("systemd-shop", "bridge", "br-shop", true, false),
            (network.Name, network.Driver, network.NetworkInterface, network.Internal, network.DnsEnabled)
        );
        NetworkSubnet subnet = Assert.Single(network.Subnets);
        Assert.Equal(
            ("10.77.0.0/24", "10.77.0.9", new LeaseRange("10.77.0.129", "10.77.0.255")),
            (subnet.Subnet, subnet.Gateway, subnet.LeaseRange)
        );
        Assert.Equal(
            ["isolate=true", "mtu=1400"],
            network.Options!.Select(o => $"{o.Key}={o.Value}").Order(StringComparer.Ordinal)
        );
    }

    [Theory]
    [InlineData("Network=shop.network", "systemd-shop")]
    [InlineData("Network=shop.network:ip=10.77.0.5,alias=a", "systemd-shop:ip=10.77.0.5,alias=a")]
    [InlineData("Network=other", "other")]
    [InlineData("Network=host", "host")]
    [InlineData("Network=b.container", "container:b")]
    public void A_container_is_on_it_by_its_name(string key, string network)
    {
        _folder.Write("shop.network", "[Network]\n");
        _folder.Write("b.container", "[Container]\nImage=i");
        _folder.Write("a.container", "[Unit]\nRequires=shop.network\nAfter=shop.network\n[Container]\nImage=i\n" + key);

        QuadletSet set = _folder.Read();
        ContainerDeclaration container = set.Containers.Single(c => c.Name == "a");

        Assert.Empty(set.Faults.All);
        Assert.Equal([network], container.Request.Settings.All("network"));
        Assert.Equal(["systemd-shop"], container.Request.NewNetworks);
        Assert.DoesNotContain(
            container.Request.Declared!.Lines,
            l => l.Value.Contains("shop", StringComparison.Ordinal)
        );
    }

    /// <summary>They are words, quotes and escapes taken away.</summary>
    [Fact]
    public void Options_and_labels_are_words()
    {
        _folder.Write(
            "shop.network",
            "[Network]\nOptions=mtu=1400 isolate=true\nOptions=\"vrf=a b\" metric=7\nLabel=a=1 \"b=x y\"\nLabel=c"
        );

        NetworkDefinition network = Assert.Single(_folder.Read().Networks);

        Assert.Equal(
            ["isolate=true", "metric=7", "mtu=1400", "vrf=a b"],
            network.Options!.Select(o => $"{o.Key}={o.Value}").Order(StringComparer.Ordinal)
        );
        Assert.Equal(
            ["a=1", "b=x y", "c="],
            network.Labels!.Select(o => $"{o.Key}={o.Value}").Order(StringComparer.Ordinal)
        );
    }

    /// <summary>podman's names of containers are taken where its network is joined, for there the file names
    /// them.</summary>
    [Theory]
    [InlineData("Network=container:systemd-b", "b")]
    [InlineData("Network=container:b", "b")]
    [InlineData("Network=container:vpn", "c")]
    [InlineData("Network=container:c", "c")]
    [InlineData("Network=container:systemd-other", "other")]
    [InlineData("Network=container:systemd-d", "own")]
    [InlineData("Network=container:systemd-t_one", "t-one")]
    [InlineData("Network=container:own-app", "e")]
    [InlineData("Network=container:systemd-far", "faraway")]
    [InlineData("Network=container:nobody", "nobody")]
    [InlineData("PodmanArgs=--network container:systemd-b", "b")]
    [InlineData("PodmanArgs=--network=container:vpn", "c")]
    public void A_container_s_network_is_joined_by_podman_s_names(string key, string container)
    {
        _folder.Write("b.container", "[Container]\nImage=i");
        _folder.Write("c.container", "[Container]\nImage=i\nContainerName=vpn");
        _folder.Write("s.container", "[Container]\nImage=i\nServiceName=other");
        _folder.Write("d.container", "[Container]\nImage=i\n[X-Sysctr]\nName=own");
        _folder.Write("t@one.container", "[Container]\nImage=i");
        _folder.Write("e.container", "[Container]\nImage=i\nContainerName=own-app");
        _folder.Write("a.container", "[Container]\nImage=i\n" + key);

        QuadletSet set = _folder.Read(
            new QuadletHost { Applied = file => file == "far.container" ? "faraway.service" : null }
        );

        Assert.Empty(set.Faults.All);
        Assert.Equal(
            ["container:" + container],
            set.Containers.Single(c => c.Name == "a").Request.Settings.All("network")
        );
    }

    /// <summary>podman: extra options are not supported when joining another container's network.</summary>
    [Fact]
    public void A_network_that_is_joined_has_no_options()
    {
        _folder.Write("b.container", "[Container]\nImage=i");
        _folder.Write("a.container", "[Container]\nImage=i\nNetwork=b.container:alias=x");

        QuadletFault fault = Assert.Single(_folder.Read().Faults.All);

        Assert.Equal((_folder.Path + "/a.container", 3), (fault.Place.File, fault.Place.Line));
        Assert.Contains("leave :alias=x out", fault.Advice, StringComparison.Ordinal);
    }

    /// <summary>What is taken and changes nothing is told.</summary>
    [Theory]
    [InlineData("shop.network", "[Network]\nNetworkDeleteOnStop=yes", "sysctr network remove")]
    [InlineData("shop.network", "[Network]\nServiceName=net", "has no unit")]
    [InlineData("shop.network", "[Network]\nNetworkDeleteOnStop=no\nLabel=a=b", "")]
    [InlineData("i.image", "[Image]\nImage=reg.example.com/x\nRetry=3", "tries a fetch again by itself")]
    [InlineData("i.image", "[Image]\nImage=reg.example.com/x\nRetryDelay=1s", "tries a fetch again by itself")]
    [InlineData("i.image", "[Image]\nImage=reg.example.com/x\nServiceName=pull", "has no unit")]
    [InlineData("i.image", "[Image]\nImage=reg.example.com/x\nPolicy=always", "")]
    public void What_changes_nothing_is_told(string name, string text, string note)
    {
        QuadletFaults faults = new();
        QuadletSet.Read(
            [new QuadletUnit(name, name, QuadletText.Parse(name, text + "\n", faults))],
            new QuadletHost { LooksAtHost = false },
            faults
        );

        Assert.Empty(faults.All);
        Assert.Equal(note.Length > 0 ? 1 : 0, faults.Notes.Count);
        Assert.All(faults.Notes, n => Assert.Contains(note, n.Text, StringComparison.Ordinal));
    }

    [Fact]
    public void Nothing_said_is_a_network_of_its_own()
    {
        _folder.Write("a.container", "[Container]\nImage=i");

        Assert.Equal(["bridge"], Assert.Single(_folder.Read().Containers).Request.Usual.All("network"));
    }

    [Theory]
    [InlineData("Network=shop.network\nContainerName=db", "db")]
    [InlineData("Network=shop.network\nContainerName=%N-app", "a-app")]
    [InlineData("Network=shop.network\nContainerName=%N", "")]
    [InlineData("Network=shop.network\nPodmanArgs=--name=db", "db")]
    [InlineData("Network=host\nContainerName=db", "")]
    [InlineData("ContainerName=db", "")]
    public void Where_there_are_names_podman_s_is_one(string keys, string alias)
    {
        _folder.Write("shop.network", "[Network]\nNetworkName=shop");
        _folder.Write("a.container", "[Container]\nImage=i\n" + keys);

        Assert.Equal(
            alias,
            string.Join(' ', Assert.Single(_folder.Read().Containers).Request.Settings.All("network-alias"))
        );
    }

    /// <summary>podman's default network (container-libs, common/pkg/config/default.go) is what bridge means.</summary>
    [Theory]
    [InlineData("Network=podman", false, "Bridge")]
    [InlineData("Network=default", false, "Bridge")]
    [InlineData("Network=podman:ip=10.89.0.9", false, "Bridge")]
    [InlineData("PodmanArgs=--network=podman", false, "Bridge")]
    [InlineData("Network=podman", true, "Pasta")]
    public void Podman_is_the_default_network(string key, bool isUsers, string mode)
    {
        _folder.Write("a.container", "[Container]\nImage=i\n" + key);

        QuadletSet set = _folder.Read(new QuadletHost { IsUser = isUsers });

        Assert.Empty(set.Faults.All);
        ContainerSettings settings = Assert.Single(set.Containers).Request.Settings;
        Assert.Equal(mode, settings.Spec.Network.Mode(isUsers).ToString());
        Assert.Equal(isUsers ? [] : ["sysctr"], NetworkRequest.Names(settings, isUsers));
    }

    [Fact]
    public void A_network_called_podman_is_the_default_one()
    {
        _folder.Write("x.network", "[Network]\nNetworkName=podman\nSubnet=10.0.0.0/24");
        _folder.Write("a.container", "[Container]\nImage=i\nNetwork=x.network");

        QuadletSet set = _folder.Read();

        Assert.Empty(set.Faults.All);
        Assert.Empty(set.Networks);
        Assert.Equal(["sysctr"], NetworkRequest.Names(Assert.Single(set.Containers).Request.Settings, isUsers: false));
    }

    /// <summary>As <c>podman network create --dns</c>.</summary>
    [Fact]
    public void Its_own_server_asks_those_that_it_names()
    {
        _folder.Write("x.network", "[Network]\nDNS=192.0.2.1\nDNS=2001:db8::1,192.0.2.3");

        NetworkDefinition network = Assert.Single(_folder.Read().Networks);

        Assert.Contains(
            "\"network_dns_servers\":[\"192.0.2.1\",\"2001:db8::1\",\"192.0.2.3\"]",
            network.ToJson(),
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("dns_servers", new NetworkDefinition { Name = "n" }.ToJson(), StringComparison.Ordinal);
    }

    /// <summary>systemd expands them in podman's unit of the network.</summary>
    [Theory]
    [InlineData("ai.network", "NetworkName=%N", "ai-network")]
    [InlineData("ai.network", "NetworkName=%N\nServiceName=shared", "shared")]
    [InlineData("ai.network", "NetworkName=${WHO}-net", "we-net")]
    [InlineData("ai@two.network", "", "systemd-ai-two")]
    [InlineData("ai@two.network", "NetworkName=n-%i", "n-two")]
    public void Its_name_is_what_systemd_makes_of_it(string file, string keys, string name)
    {
        _folder.Write(file, "[Network]\nLabel=of=%p\n" + keys);
        _folder.Write("a.container", "[Container]\nImage=i\nNetwork=" + file);

        QuadletSet set = _folder.Read(
            new QuadletHost { Manager = () => new Dictionary<string, string> { ["WHO"] = "we" } }
        );

        Assert.Empty(set.Faults.All);
        Assert.Equal(name, Assert.Single(set.Networks).Name);
        Assert.Equal([name], Assert.Single(set.Containers).Request.Settings.All("network"));
    }

    /// <summary>podman's <c>network create --ignore</c> makes one of two that are called the same.</summary>
    [Theory]
    [InlineData("[Network]\nNetworkName=proxy\nSubnet=10.0.0.0/24\n", true)]
    [InlineData("[Network]\nNetworkName=proxy\nSubnet=10.0.1.0/24\n", false)]
    public void Two_files_of_one_network_say_the_same(string other, bool isSame)
    {
        _folder.Write("a.network", "[Network]\nNetworkName=proxy\nSubnet=10.0.0.0/24\n");
        _folder.Write("b.network", other);

        QuadletSet set = _folder.Read();

        Assert.Single(set.Networks);
        Assert.Equal(isSame ? 0 : 1, set.Faults.All.Count);
        Assert.All(set.Faults.All, f => Assert.Equal(new QuadletPlace(_folder.Path + "/b.network", 2), f.Place));
    }

    [Theory]
    [InlineData("Network=web", "web")]
    [InlineData("Network=web:alias=a", "web:alias=a")]
    [InlineData("Network=x.network", "systemd-x")]
    public void A_user_s_has_those_by_name(string key, string network)
    {
        _folder.Write("a.container", "[Container]\nImage=i\n" + key);
        _folder.Write("x.network", "[Network]\nSubnet=10.77.0.0/24\nInternal=yes");

        QuadletSet set = _folder.Read(new QuadletHost { IsUser = true });

        Assert.Empty(set.Faults.All);
        Assert.Equal([network], Assert.Single(set.Containers).Request.Settings.All("network"));
        Assert.Equal("systemd-x", Assert.Single(set.Networks).Name);
    }

    /// <summary>In the namespace of a user's networks is no device of the host.</summary>
    [Theory]
    [InlineData("Driver=macvlan\nOptions=parent=eth0", 2, "macvlan")]
    [InlineData("Options=mtu=1400\nOptions=mode=unmanaged", 3, "mode")]
    [InlineData("Options=vrf=red", 2, "vrf")]
    public void A_user_s_stands_on_no_device_of_the_host(string keys, int line, string left)
    {
        _folder.Write("x.network", "[Network]\n" + keys);

        QuadletFault fault = Assert.Single(_folder.Read(new QuadletHost { IsUser = true }).Faults.All);

        Assert.Equal(line, fault.Place.Line);
        Assert.Contains("a user's networks are bridges of their own", fault.Text, StringComparison.Ordinal);
        Assert.Contains(left, fault.Advice, StringComparison.Ordinal);
        Assert.Empty(_folder.Read().Faults.All);
    }
}
