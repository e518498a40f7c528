// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Network;
using Xunit;

namespace SystemContainers.Tests.Network;

/// <summary>What stays of a network that is said anew.</summary>
[Trait("needs", "root")]
public sealed class NetworkStoreTests : IDisposable
{
    private const string Subnet = "10.99.77.0/24";

    private readonly string _directory = Directory.CreateTempSubdirectory("sysctr-networks-").FullName;

    private NetworkStore Store => new(_directory + "/networks");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    /// <summary>A bridge is none of the host's devices, and not on the subnet of its neighbours.</summary>
    [Fact]
    public void Another_driver_has_a_device_and_subnets_of_its_own()
    {
        Store.Put(Network("macvlan", "enp3s0"));

        NetworkDefinition bridge = Store.Put(new NetworkDefinition { Name = "n" });

        Assert.StartsWith("sysctr", bridge.NetworkInterface, StringComparison.Ordinal);
        Assert.NotEqual(Subnet, Assert.Single(bridge.Subnets).Subnet);
    }

    [Fact]
    public void A_name_that_is_no_more_said_is_not_kept()
    {
        Store.Put(Network("bridge", "br-lan"));
        NetworkDefinition unsaid = new() { Name = "n" };

        Assert.False(Store.IsAs(unsaid));
        NetworkDefinition bridge = Store.Put(unsaid);

        Assert.StartsWith("sysctr", bridge.NetworkInterface, StringComparison.Ordinal);
        Assert.Equal(Subnet, Assert.Single(bridge.Subnets).Subnet);
        Assert.True(Store.IsAs(unsaid));
    }

    [Fact]
    public void What_was_chosen_stays()
    {
        NetworkDefinition before = Store.Put(new NetworkDefinition { Name = "n" });

        NetworkDefinition after = Store.Put(new NetworkDefinition { Name = "n", Internal = true });

        Assert.Equal(
            (before.NetworkInterface, before.Subnets[0].Subnet),
            (after.NetworkInterface, after.Subnets[0].Subnet)
        );
    }

    [Fact]
    public void A_parent_that_an_option_names_is_the_device()
    {
        NetworkDefinition said = Network("macvlan", null) with
        {
            Options = new Dictionary<string, string> { ["parent"] = "enp4s0" },
        };
        Store.Put(Network("macvlan", "enp3s0"));

        Assert.False(Store.IsAs(said));
        Assert.Equal("enp4s0", Store.Put(said).NetworkInterface);
        Assert.True(Store.IsAs(said));
    }

    private static NetworkDefinition Network(string driver, string? device) =>
        new()
        {
            Name = "n",
            Driver = driver,
            NetworkInterface = device,
            Subnets = [new NetworkSubnet { Subnet = Subnet }],
        };

    /// <summary>A subnet that was chosen stays, of each family that the file names none of.</summary>
    [Theory]
    [InlineData("10.99.77.0/24")]
    [InlineData("10.99.77.9/24")]
    [InlineData("fd00:99::/64")]
    [InlineData(null)]
    public void What_was_chosen_of_one_family_stays(string? said)
    {
        NetworkDefinition wanted = new()
        {
            Name = "n",
            Ipv6Enabled = true,
            Subnets = said is null ? [] : [new NetworkSubnet { Subnet = said }],
        };
        NetworkDefinition first = Store.Put(wanted);

        Assert.Equal(2, first.Subnets.Count);
        Assert.True(Store.IsAs(wanted));
        Assert.Equal(first.ToJson(), Store.Put(wanted).ToJson());
    }

    /// <summary>In the words that netavark reads, as podman writes them.</summary>
    [Fact]
    public void Options_are_kept_in_netavark_s_words()
    {
        NetworkDefinition wanted = new()
        {
            Name = "n",
            Options = new Dictionary<string, string>
            {
                ["isolate"] = "1",
                ["com.docker.network.driver.mtu"] = "1400",
                ["com.docker.network.bridge.name"] = "br-n",
            },
        };

        NetworkDefinition made = Store.Put(wanted);

        Assert.Equal("br-n", made.NetworkInterface);
        Assert.Equal(
            ["isolate=true", "mtu=1400"],
            made.Options!.Select(o => $"{o.Key}={o.Value}").Order(StringComparer.Ordinal)
        );
        Assert.True(Store.IsAs(wanted));
        Assert.Throws<SysctrException>(() =>
            Store.Put(wanted with { Options = new Dictionary<string, string> { ["bridge_name"] = "br0" } })
        );
    }

    /// <summary>Each start would fail in netavark.</summary>
    [Theory]
    [InlineData("bridge", "")]
    [InlineData("bridge", "a/../b")]
    [InlineData("bridge", "-br")]
    [InlineData("bridge", "br+1")]
    [InlineData("bridge", "sixteen-letters-")]
    [InlineData("macvlan", "..")]
    [InlineData("macvlan", "en p3s0")]
    public void A_device_has_a_name_that_the_kernel_takes(string driver, string device)
    {
        SysctrException refused = Assert.Throws<SysctrException>(() => Store.Put(Network(driver, device)));

        Assert.Equal(ErrorKind.Usage, refused.Kind);
        Assert.Contains($"'{device}' is no name of a device", refused.Message, StringComparison.Ordinal);
        Store.Put(Network("macvlan", "fifteen+letters"));
    }

    /// <summary>As with podman; nobody else's bridge is shared unless it is said.</summary>
    [Fact]
    public void A_bridge_is_one_network_s()
    {
        Store.Put(Network("bridge", "br-lan"));
        NetworkDefinition other = new() { Name = "other", NetworkInterface = "br-lan" };

        Assert.Equal(ErrorKind.Conflict, Assert.Throws<SysctrException>(() => Store.Put(other)).Kind);
        Store.Put(Network("bridge", "br-lan") with { Internal = true });
        Store.Put(other with { Options = new Dictionary<string, string> { ["vlan"] = "7" } });
    }

    [Fact]
    public void None_is_called_as_podman_s_default_one() =>
        Assert.Equal(
            ErrorKind.Conflict,
            Assert.Throws<SysctrException>(() => Store.Put(new NetworkDefinition { Name = "podman" })).Kind
        );

    [Fact]
    public void Servers_are_of_a_network_with_names() =>
        Assert.Throws<SysctrException>(() =>
            Store.Put(new NetworkDefinition { Name = "n", NetworkDnsServers = ["192.0.2.1"] })
        );
}
