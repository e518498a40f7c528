// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Network;
using SystemContainers.Quadlet.Syntax;
using SystemContainers.Settings;

namespace SystemContainers.Quadlet;

/// <summary>Where files meet networks: what <c>Network=</c> and <c>.network</c> files mean for a container.</summary>
static class QuadletNetworks
{
    /// <summary>The option that says it.</summary>
    public const string Option = "network";

    /// <summary>What holds for a container that names neither a network nor a pod: podman's default, a network of its
    /// own; of a user's container it means pasta.</summary>
    public const string Usual = "bridge";

    /// <summary>The mode that says whose network it is.</summary>
    public const string Container = "container";

    /// <summary>Takes a value of Network=.</summary>
    /// <param name="network">As <c>--network</c>, or the name of a file with options behind a colon.</param>
    /// <param name="files">The files of the call.</param>
    public static void Join(ContainerReader reader, QuadletValue network, QuadletNames files, bool isUser)
    {
        string[] halves = network.Text.Split(':', 2);
        string options = halves.Length == 2 ? ":" + halves[1] : "";
        string type = Path.GetExtension(halves[0]);
        if (halves is [Container, var joined] && joined.Length > 0)
        {
            reader.Add(Option, $"{Container}:{files.ContainerOf(joined)}", network.Place, "Network");
        }
        else if (!isUser && ModeOf(network.Text)?.Mode == NetworkMode.Pasta)
        {
            reader.Fault(
                network.Place,
                $"Network={halves[0]}: pasta is for a user's containers",
                "leave it out: the system's have a bridge"
            );
        }
        else if (type is not (".network" or ".container"))
        {
            reader.Add(Option, network.Text, network.Place, "Network");
        }
        else if (files.Find(halves[0]) is not { } file)
        {
            reader.Fault(
                network.Place,
                $"Network=: no file declares {halves[0]}",
                type == ".network"
                    ? $"add {halves[0]} to the call, or write the name of a network that 'sysctr network list' shows"
                    : $"add {halves[0]} to the call"
            );
        }
        else if (type == ".container" && options.Length > 0)
        {
            reader.Fault(
                network.Place,
                $"Network={network.Text}: the network is {halves[0]}'s, and has no options for those who join it",
                $"leave {options} out, or write it where the network is made"
            );
        }
        else
        {
            reader.Add(
                Option,
                type == ".container" ? $"{Container}:{files.NameOf(file)}" : files.NetworkOf(file) + options,
                network.Place,
                "Network"
            );
        }
    }

    /// <summary>What a value of Network= is; null for what is none, which is told where it is added.</summary>
    private static NetworkSetting? ModeOf(string text)
    {
        try
        {
            return NetworkSetting.Parse(text);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    /// <summary>Takes a .network file. What is wrong with it is told by its keys, for which one it is.</summary>
    /// <param name="faults">Told what is wrong.</param>
    /// <returns>The network; null where it can't be had, and then there is a fault, or needs not be made.</returns>
    public static NetworkDefinition? Declare(NetworkFile network, bool isUser, QuadletFaults faults)
    {
        int before = faults.All.Count;
        if (network.Unit.Instance is "")
        {
            faults.Add(network.Unit.Place, "a template of a network can't be had", "write a file for each network");
        }

        if (network.Name == NetworkSetting.PodmanDefault)
        {
            faults.Note(
                network.SaidName!.Place,
                $"NetworkName={network.Name}: that is the default network, which is there in any case, and stays as it is"
            );
            return null;
        }

        if (network.AddressDriver is { Text: not ("host-local" or "") } address)
        {
            faults.Add(
                address.Place,
                $"IPAMDriver={address.Text}: sysctr gives the addresses itself (host-local)",
                "leave it out"
            );
        }

        string driver = network.Driver is { Text.Length: > 0 } asked ? asked.Text : NetworkDefinition.Bridge;
        Dictionary<string, string>? options = Options(network, driver, faults);
        CheckDriver(network, driver, options, faults);
        if (isUser)
        {
            CheckUsers(network, driver, options, faults);
        }

        CheckName(network, faults);
        IReadOnlyList<string>? servers = Servers(network, driver, faults);
        IReadOnlyList<NetworkSubnet> subnets = Subnets(network, faults);
        Dictionary<string, string> labels = new(StringComparer.Ordinal);
        foreach ((string name, string text, QuadletPlace _) in Pairs(network, "Label", faults))
        {
            labels[name] = text;
        }

        return faults.All.Count > before
            ? null
            : new NetworkDefinition
            {
                Name = network.Name,
                Driver = driver,
                NetworkInterface = network.InterfaceName is { Text.Length: > 0 } device ? device.Text : null,
                Subnets = subnets,
                Ipv6Enabled = network.HasIpv6,
                Internal = network.IsInternal,
                DnsEnabled = network.HasDns,
                NetworkDnsServers = servers,
                Options = options,
                Labels = labels.Count == 0 ? null : labels,
            };
    }

    private static void CheckName(NetworkFile network, QuadletFaults faults)
    {
        try
        {
            _ = NetworkSetting.NetworkName(network.Name);
        }
        catch (FormatException)
        {
            faults.Add(
                network.SaidName?.Place ?? network.Unit.Place,
                $"{(network.SaidName is null ? "" : "NetworkName=: ")}'{network.Name}' can't be the name of a network: letters, digits, _ . and - make one",
                network.SaidName is null ? "give it one by NetworkName=" : null
            );
        }
    }

    private static void CheckDriver(
        NetworkFile network,
        string driver,
        Dictionary<string, string>? options,
        QuadletFaults faults
    )
    {
        if (!NetworkDefinition.Drivers.Contains(driver, StringComparer.Ordinal))
        {
            faults.Add(
                network.Driver!.Place,
                $"Driver={driver}: there is no such driver",
                $"there are {string.Join(", ", NetworkDefinition.Drivers)}"
            );
        }
        else if (
            driver != NetworkDefinition.Bridge
            && network.InterfaceName is not { Text.Length: > 0 }
            && options?.ContainsKey(NetworkOptions.Parent) != true
        )
        {
            faults.Add(
                network.Driver!.Place,
                $"Driver={driver}: it needs a device of the host",
                "name it by InterfaceName=, or by Options=parent=DEVICE"
            );
        }

        if (
            network.InterfaceName is { Text.Length: > 0 } named
            && NetworkDefinition.DeviceFault(driver, named.Text) is { } why
        )
        {
            faults.Add(named.Place, $"InterfaceName=: {why}", NetworkDefinition.DeviceAdvice);
        }
    }

    /// <summary>As <see cref="NetworkDefinition.ForUser"/>, with the place.</summary>
    private static void CheckUsers(
        NetworkFile network,
        string driver,
        Dictionary<string, string>? options,
        QuadletFaults faults
    )
    {
        try
        {
            _ = new NetworkDefinition
            {
                Name = network.Name,
                Driver = driver,
                Options = options,
            }.ForUser();
        }
        catch (SysctrException e)
        {
            QuadletValue? said =
                driver == NetworkDefinition.Bridge ? network.Unit.Last(NetworkFile.Section, "Options") : network.Driver;
            faults.Add(said?.Place ?? network.Unit.Place, e.Message, e.Hint);
        }
    }

    private static List<string>? Servers(NetworkFile network, string driver, QuadletFaults faults)
    {
        List<string> servers = [];
        foreach (QuadletValue value in network.DnsServers)
        {
            try
            {
                // podman takes several in one value.
                servers.AddRange(value.Text.Split(',').Select(s => NetworkSetting.Address(s)));
            }
            catch (FormatException e)
            {
                faults.Add(value.Place, $"DNS={value.Text}: {e.Message}");
            }
        }

        if (network.DnsServers is [var first, ..] && !(network.HasDns && driver == NetworkDefinition.Bridge))
        {
            faults.Add(
                first.Place,
                "DNS=: the network has no names, and so nobody who would ask name servers",
                network.HasDns
                    ? "write DNS= in the [Container] of those on it"
                    : "leave DisableDNS= out, or write DNS= in the [Container] of those on it"
            );
        }

        return servers.Count == 0 ? null : servers;
    }

    /// <summary>The subnets, each with what is said of it at the same place of the other lists.</summary>
    private static List<NetworkSubnet> Subnets(NetworkFile network, QuadletFaults faults)
    {
        List<NetworkSubnet> subnets = [];
        for (int i = 0; i < network.Subnets.Count; i++)
        {
            QuadletValue said = network.Subnets[i];
            NetworkSubnet subnet = new() { Subnet = said.Text };
            if (Try(said, "Subnet", s => s))
            {
                _ =
                    network.Gateways.ElementAtOrDefault(i) is { } gateway
                    && Try(gateway, "Gateway", s => s with { Gateway = gateway.Text });
                _ =
                    network.Ranges.ElementAtOrDefault(i) is { } range
                    && Try(range, "IPRange", s => s with { LeaseRange = NetworkSubnet.Range(range.Text) });
            }

            subnets.Add(subnet);

            bool Try(QuadletValue value, string key, Func<NetworkSubnet, NetworkSubnet> with)
            {
                try
                {
                    NetworkSubnet next = with(subnet);
                    _ = next.Completed($"{key}={value.Text}", isInternal: false);
                    subnet = next;
                    return true;
                }
                catch (SysctrException e)
                {
                    faults.Add(value.Place, e.Message, e.Hint);
                    return false;
                }
            }
        }

        foreach (
            (string key, IReadOnlyList<QuadletValue> list) in new[]
            {
                ("Gateway", network.Gateways),
                ("IPRange", network.Ranges),
            }
        )
        {
            if (subnets.Count > 0 && list.Count > subnets.Count)
            {
                faults.Add(
                    list[subnets.Count].Place,
                    $"{key}={list[subnets.Count].Text}: there are {list.Count} of them, and {subnets.Count} Subnet=",
                    "write a Subnet= for each"
                );
            }
        }

        return subnets;
    }

    private static Dictionary<string, string>? Options(NetworkFile network, string driver, QuadletFaults faults)
    {
        Dictionary<string, string> options = new(StringComparer.Ordinal);
        foreach ((string name, string text, QuadletPlace place) in Pairs(network, "Options", faults))
        {
            try
            {
                _ = NetworkOptions.Checked(driver, name, text);
                options[name] = text;
            }
            catch (FormatException e)
            {
                faults.Add(place, $"Options=: {e.Message}");
            }
        }

        return options.Count == 0 ? null : options;
    }

    /// <summary>The words of a key as podman's generator takes them, and systemd hands them to podman.</summary>
    private static List<(string Name, string Value, QuadletPlace Place)> Pairs(
        NetworkFile network,
        string key,
        QuadletFaults faults
    )
    {
        List<(string Name, string Value, QuadletPlace Place)> pairs = [];
        foreach (QuadletValue value in network.Unit.All(NetworkFile.Section, key))
        {
            try
            {
                pairs.AddRange(
                    QuadletWords
                        .Escaped(value.Text)
                        .Select(network.Expansion.Word)
                        // A word may hold several options, with commas between them.
                        .SelectMany(w =>
                            key == "Options"
                            && w.Split(',') is var parts
                            && parts.All(p => p.Contains('=', StringComparison.Ordinal))
                                ? parts
                                : [w]
                        )
                        .Where(w => w.Length > 0)
                        .Select(w => w.Split('=', 2))
                        .Select(p => (p[0], p.Length == 2 ? p[1] : "", value.Place))
                );
            }
            catch (UnknownEscapeException e)
            {
                faults.Note(value.Place, $"{key}=: left out, as podman leaves it out: {e.Message}");
            }
            catch (FormatException e)
            {
                faults.Add(value.Place, $"{key}=: {e.Message}");
            }
        }

        return pairs;
    }
}
