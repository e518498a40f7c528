// SPDX-License-Identifier: Apache-2.0

using System.Net;
using SystemContainers.Errors;
using SystemContainers.Network;
using Xunit;

namespace SystemContainers.Tests.Network;

/// <summary>Subnets and addresses, which netavark leaves to its caller.</summary>
public sealed class AddressPoolTests
{
    [Fact]
    public void A_small_subnet_is_given_to_its_last_address_and_no_further()
    {
        NetworkDefinition network = Made("10.1.2.0/29");
        Dictionary<string, string> taken = [];
        for (int count = 0; count < 5; count++)
        {
            string given = Assert.Single(AddressPool.Take(network, [], taken, $"c{count}"));
            Assert.True(taken.TryAdd(given, $"c{count}"));
        }

        Assert.Equal(
            ["10.1.2.2", "10.1.2.3", "10.1.2.4", "10.1.2.5", "10.1.2.6"],
            taken.Keys.Order(StringComparer.Ordinal)
        );
        Assert.Equal(
            ErrorKind.Host,
            Assert.Throws<SysctrException>(() => AddressPool.Take(network, [], taken, "one-more")).Kind
        );
    }

    [Fact]
    public void A_container_is_given_what_it_had() =>
        Assert.Equal(
            AddressPool.Take(Made("10.89.0.0/24"), [], new Dictionary<string, string>(), "web"),
            AddressPool.Take(Made("10.89.0.0/24"), [], new Dictionary<string, string> { ["10.89.0.1"] = "x" }, "web")
        );

    [Fact]
    public void What_is_asked_for_is_given_beside_what_is_free()
    {
        NetworkDefinition network = Made("10.1.2.0/24", "fd00:1::/64");

        Assert.Equal(
            ["10.1.2.77", "fd00:1::5"],
            AddressPool.Take(network, ["fd00:1::5", "10.1.2.77"], new Dictionary<string, string>(), "c")
        );
        IReadOnlyList<string> mixed = AddressPool.Take(network, ["fd00:1::5"], new Dictionary<string, string>(), "c");
        Assert.Equal("fd00:1::5", mixed[1]);
        Assert.True(IPNetwork.Parse("10.1.2.0/24").Contains(IPAddress.Parse(mixed[0])));
    }

    [Theory]
    [InlineData("10.1.2.1", ErrorKind.Conflict, "gateway")]
    [InlineData("10.1.2.9", ErrorKind.Conflict, "other")]
    [InlineData("10.1.3.9", ErrorKind.Usage, "10.1.2.0/24")]
    public void What_can_not_be_given_is_refused_by_name(string address, ErrorKind kind, string said)
    {
        SysctrException e = Assert.Throws<SysctrException>(() =>
            AddressPool.Take(
                Made("10.1.2.0/24"),
                [address],
                new Dictionary<string, string> { ["10.1.2.9"] = "other" },
                "c"
            )
        );

        Assert.Equal(kind, e.Kind);
        Assert.Contains(said, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0a:00:0a:59:01:17", "10.89.1.23")]
    [InlineData("0a:00:0a:59:01:17", "fd00:1::5", "10.89.1.23")]
    public void A_hardware_address_is_as_long_lived_as_the_address_that_it_goes_with(
        string wanted,
        params string[] addresses
    ) => Assert.Equal(wanted, AddressPool.HardwareAddress(addresses));

    [Fact]
    public void Six_bytes_are_too_few_for_IPv6_and_differ_all_the_same()
    {
        string[] made = [.. Enumerable.Range(1, 100).Select(i => AddressPool.HardwareAddress([$"fd00:{i}::5"]))];

        Assert.Equal(100, made.Distinct().Count());
        Assert.All(made, m => Assert.Matches("^0a(:[0-9a-f]{2}){5}$", m));
        Assert.Equal(made[0], AddressPool.HardwareAddress(["fd00:1:0::5"]));
    }

    [Fact]
    public void A_range_limits_what_is_given_unasked()
    {
        NetworkDefinition network = new NetworkDefinition
        {
            Name = "n",
            Subnets = [new() { Subnet = "10.1.2.0/24", LeaseRange = new("10.1.2.100", "10.1.2.101") }],
        }.Completed([], []);

        Assert.All(
            "abcdef",
            c =>
                Assert.Contains(
                    AddressPool.Take(network, [], new Dictionary<string, string>(), $"{c}")[0],
                    (string[])["10.1.2.100", "10.1.2.101"]
                )
        );
    }

    [Theory]
    [InlineData("10.1.2.9", "10.1.2.8")]
    [InlineData("10.1.2.9", "10.1.2.3")]
    public void A_range_that_ends_before_it_begins_is_refused_and_gives_nothing(string first, string last)
    {
        NetworkDefinition network = new()
        {
            Name = "n",
            Subnets = [new() { Subnet = "10.1.2.0/24", LeaseRange = new(first, last) }],
        };

        Assert.Equal(ErrorKind.Usage, Assert.Throws<SysctrException>(() => network.Completed([], [])).Kind);

        // What an earlier version has taken.
        Assert.Equal(
            ErrorKind.Host,
            Assert
                .Throws<SysctrException>(() => AddressPool.Take(network, [], new Dictionary<string, string>(), "c"))
                .Kind
        );
    }

    /// <summary>container-libs: common/libnetwork/util, FirstIPInSubnet and LastIPInSubnet.</summary>
    [Theory]
    [InlineData("10.1.2.64/26", "10.1.2.65", "10.1.2.127")]
    [InlineData("10.1.2.6/31", "10.1.2.7", "10.1.2.7")]
    [InlineData("10.1.2.7/32", "10.1.2.7", "10.1.2.7")]
    [InlineData("fd00:1::7/128", "fd00:1::7", "fd00:1::7")]
    [InlineData("10.1.2.7-10.1.2.9", "10.1.2.7", "10.1.2.9")]
    public void A_range_may_be_a_subnet_however_small(string text, string first, string last) =>
        Assert.Equal(new LeaseRange(first, last), NetworkSubnet.Range(text));

    [Fact]
    public void A_network_that_names_no_subnet_gets_one_that_nobody_uses()
    {
        NetworkDefinition network = new NetworkDefinition { Name = "n", Ipv6Enabled = true }.Completed(
            [IPNetwork.Parse("10.89.0.0/23"), IPNetwork.Parse("10.89.2.128/25")],
            ["sysctr0"]
        );

        Assert.Equal(
            ("10.89.3.0/24", "10.89.3.1", "sysctr1"),
            (network.Subnets[0].Subnet, network.Subnets[0].Gateway, network.NetworkInterface)
        );
        Assert.StartsWith("fd", network.Subnets[1].Subnet, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("10.1.2.3/24", "10.1.2.0/24", "10.1.2.1")]
    [InlineData("fd00:5::9/64", "fd00:5::/64", "fd00:5::1")]
    public void A_subnet_is_its_base_and_its_first_address_the_host_s(string text, string subnet, string gateway)
    {
        NetworkSubnet made = Made(text).Subnets[0];

        Assert.Equal((subnet, gateway), (made.Subnet, made.Gateway));
    }

    [Theory]
    [InlineData("10.1.2.0", null, ErrorKind.Usage)]
    [InlineData("10.10/16", null, ErrorKind.Usage)]
    [InlineData("10.1.2.0/24", "10.1.2.010", ErrorKind.Usage)]
    [InlineData("10.1.2.0/33", null, ErrorKind.Usage)]
    [InlineData("10.1.2.0/31", null, ErrorKind.Usage)]
    [InlineData("10.1.2.0/24", "10.1.3.1", ErrorKind.Usage)]
    [InlineData("10.89.0.128/25", null, ErrorKind.Conflict)]
    [InlineData("10.0.0.0/8", null, ErrorKind.Conflict)]
    public void What_is_no_subnet_or_another_s_is_refused(string subnet, string? gateway, ErrorKind kind) =>
        Assert.Equal(
            kind,
            Assert
                .Throws<SysctrException>(() =>
                    new NetworkDefinition
                    {
                        Name = "n",
                        Subnets = [new() { Subnet = subnet, Gateway = gateway }],
                    }.Completed([IPNetwork.Parse("10.89.0.0/24")], [])
                )
                .Kind
        );

    private static NetworkDefinition Made(params string[] subnets) =>
        new NetworkDefinition
        {
            Name = "n",
            Subnets = [.. subnets.Select(s => new NetworkSubnet { Subnet = s })],
        }.Completed([], []);
}
