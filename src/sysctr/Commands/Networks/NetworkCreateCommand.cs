// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Errors;
using SystemContainers.Network;
using SystemContainers.Networks;
using SystemContainers.Settings;
using SystemContainers.Target;
using SystemContainers.Transactions;

namespace SystemContainers.Cli.Commands.Networks;

/// <summary>With the options of podman-network-create(1).</summary>
static class NetworkCreateCommand
{
    private static readonly Argument<string> s_name = new("NETWORK") { Description = "Its name." };

    private static readonly Option<string?> s_driver = new("--driver", "-d")
    {
        Description = "bridge (as without the option), macvlan or ipvlan.",
        HelpName = "DRIVER",
    };
    private static readonly Option<string[]> s_subnet = List(
        "--subnet",
        "SUBNET",
        "A subnet such as 10.90.0.0/24 or fd00:90::/64; several for IPv4 and IPv6. One that is free otherwise."
    );
    private static readonly Option<string[]> s_gateway = List(
        "--gateway",
        "ADDRESS",
        "The host's address in the subnet at the same place; its first address otherwise."
    );
    private static readonly Option<string[]> s_range = List(
        "--ip-range",
        "FIRST-LAST",
        "Where addresses are given from in the subnet at the same place: two addresses, or a smaller subnet."
    );
    private static readonly Option<bool> s_ipv6 = new("--ipv6") { Description = "Give it an IPv6 subnet, too." };
    private static readonly Option<bool> s_internal = new("--internal")
    {
        Description = "Nothing of it leads outside.",
    };
    private static readonly Option<bool> s_noDns = new("--disable-dns")
    {
        Description = "Containers on it do not find each other by name.",
    };
    private static readonly Option<string[]> s_dns = List(
        "--dns",
        "ADDRESS",
        "A name server that is asked for other names than those on it, instead of the host's."
    );
    private static readonly Option<string?> s_interface = new("--interface-name")
    {
        Description = "Name of the bridge, or of the host's device of the other drivers.",
        HelpName = "DEVICE",
    };
    private static readonly Option<string[]> s_options = List(
        "--opt",
        "NAME=VALUE",
        "An option of the driver: mtu, isolate, metric, no_default_route, mode; vlan and vrf of a bridge, parent and bclim of the others.",
        "-o"
    );
    private static readonly Option<string[]> s_labels = List("--label", "NAME=VALUE", "A label for people.");
    private static readonly Option<bool> s_json = new("--json")
    {
        Description = "Print the network as podman's network files have it.",
    };

    public static Command Create()
    {
        Command command = new("create", "Makes a network by name, with the options of podman-network-create(1).")
        {
            s_name,
            s_driver,
            s_subnet,
            s_gateway,
            s_range,
            s_ipv6,
            s_internal,
            s_noDns,
            s_dns,
            s_interface,
            s_options,
            s_labels,
            s_json,
        };
        command.SetAction(
            async (parsed, cancellation) =>
            {
                Terminal terminal = GlobalOptions.Terminal(parsed);
                using Host host = GlobalOptions.OpenHost(parsed, terminal);

                // What a killed apply has made would be in the way.
                await host.RecoverAsync(cancellation);
                NetworkDefinition made = new NetworkOperations(host).Create(
                    new NetworkDefinition
                    {
                        Name = parsed.GetValue(s_name)!,
                        Driver = parsed.GetValue(s_driver) ?? "bridge",
                        Subnets = NetworkSubnet.From(
                            parsed.GetValue(s_subnet)!,
                            parsed.GetValue(s_gateway)!,
                            parsed.GetValue(s_range)!
                        ),
                        Ipv6Enabled = parsed.GetValue(s_ipv6),
                        Internal = parsed.GetValue(s_internal),
                        DnsEnabled = !parsed.GetValue(s_noDns),
                        NetworkDnsServers = parsed.GetValue(s_dns) is { Length: > 0 } servers
                            // podman takes several in one value.
                            ? [.. servers.SelectMany(s => s.Split(',')).Select(Server)]
                            : null,
                        NetworkInterface = parsed.GetValue(s_interface),
                        Options = Pairs("--opt", parsed.GetValue(s_options)!),
                        Labels = Pairs("--label", parsed.GetValue(s_labels)!),
                    }
                );
                if (parsed.GetValue(s_json))
                {
                    terminal.Json(made.ToJson());
                }
                else
                {
                    terminal.Note(
                        $"{made.Name}: made, {string.Join(" and ", made.Subnets.Select(s => s.Subnet))} on {made.NetworkInterface}"
                    );
                }

                return 0;
            }
        );
        return command;
    }

    private static string Server(string text)
    {
        try
        {
            return NetworkSetting.Address(text);
        }
        catch (FormatException e)
        {
            throw new SysctrException(ErrorKind.Usage, $"reading --dns={text}: {e.Message}", inner: e);
        }
    }

    private static Dictionary<string, string>? Pairs(string option, string[] words) =>
        words.Length == 0
            ? null
            : words
                .Select(w =>
                    w.Split('=', 2) is [{ Length: > 0 } name, var value]
                        ? (name, value)
                        : throw new SysctrException(ErrorKind.Usage, $"reading {option}={w}: it is NAME=VALUE")
                )
                .GroupBy(w => w.name, w => w.value, StringComparer.Ordinal)
                .ToDictionary(g => g.Key, g => g.Last(), StringComparer.Ordinal);

    private static Option<string[]> List(string name, string value, string description, params string[] aliases) =>
        new(name, aliases)
        {
            Description = description,
            HelpName = value,
            DefaultValueFactory = _ => [],
        };
}
