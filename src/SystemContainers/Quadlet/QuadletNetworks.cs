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
    /// <param name="reader">The container's.</param>
    /// <param name="network">As <c>--network</c>, or the name of a file with options behind a colon.</param>
    /// <param name="files">The files of the call.</param>
    /// <param name="isUser">They are a user's.</param>
    public static void Join(ContainerReader reader, QuadletValue network, QuadletNames files, bool isUser)
    {
        string[] halves = network.Text.Split(':', 2);
        string options = halves.Length == 2 ? ":" + halves[1] : "";
        string type = Path.GetExtension(halves[0]);
        if (halves is [Container, var joined] && joined.Length > 0)
        {
            reader.Add(Option, $"{Container}:{files.ContainerOf(joined)}", network.Place, "Network");
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
                "write it, or name a network that 'sysctr network list' shows"
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
        else if (type == ".container")
        {
            reader.Add(Option, $"{Container}:{files.NameOf(file)}", network.Place, "Network");
        }
        else if (isUser)
        {
            reader.Fault(
                network.Place,
                $"Network={halves[0]}: a user's containers have no networks by name: they are bridges of the host, which root alone makes",
                "leave it out: the container has a network of its own, by pasta, and PublishPort= leads to it"
            );
        }
        else
        {
            reader.Add(Option, NetworkFile.Read(file, new QuadletFaults()).Name + options, network.Place, "Network");
        }
    }

    /// <summary>Takes a .network file.</summary>
    /// <returns>The network; null where it can't be had, and then there is a fault.</returns>
    public static NetworkDefinition? Declare(NetworkFile network, QuadletFaults faults)
    {
        int before = faults.All.Count;
        if (network.Unit.Instance is "")
        {
            faults.Add(network.Unit.Place, "a template of a network can't be had", "write a file for each network");
        }

        if (network.AddressDriver is { Text: not ("host-local" or "") } driver)
        {
            faults.Add(
                driver.Place,
                $"IPAMDriver={driver.Text}: sysctr gives the addresses itself (host-local)",
                "leave it out"
            );
        }

        foreach (QuadletValue server in network.DnsServers)
        {
            faults.Add(server.Place, "DNS= of a network can't be had", "write DNS= in the [Container] of those on it");
        }

        // A word may hold several options, with commas between them.
        Dictionary<string, string>? options = Pairs(
            Words(network.Options, "Options", faults)
                .SelectMany(w =>
                    w.Split(',') is var parts && parts.All(p => p.Contains('=', StringComparison.Ordinal)) ? parts : [w]
                )
        );
        Dictionary<string, string>? labels = Pairs(
            Words(network.Unit.All(NetworkFile.Section, "Label"), "Label", faults)
        );
        if (faults.All.Count > before)
        {
            return null;
        }

        try
        {
            return new NetworkDefinition
            {
                Name = NetworkSetting.NetworkName(network.Name),
                Driver = network.Driver is { Text.Length: > 0 } asked ? asked.Text : "bridge",
                NetworkInterface = network.InterfaceName?.Text,
                Subnets = NetworkSubnet.From(Texts(network.Subnets), Texts(network.Gateways), Texts(network.Ranges)),
                Ipv6Enabled = network.HasIpv6,
                Internal = network.IsInternal,
                DnsEnabled = network.HasDns,
                Options = options,
                Labels = labels,
            };
        }
        catch (SysctrException e)
        {
            faults.Add(network.Unit.Place, e.Message, e.Hint);
            return null;
        }
        catch (FormatException e)
        {
            faults.Add(network.Unit.Place, $"NetworkName=: {e.Message}");
            return null;
        }
    }

    private static string[] Texts(IReadOnlyList<QuadletValue> values) => [.. values.Select(v => v.Text)];

    /// <summary>The words of each value, as podman's generator takes them.</summary>
    private static List<string> Words(IReadOnlyList<QuadletValue> values, string key, QuadletFaults faults)
    {
        List<string> words = [];
        foreach (QuadletValue value in values)
        {
            try
            {
                words.AddRange(QuadletWords.Escaped(value.Text));
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

        return words;
    }

    private static Dictionary<string, string>? Pairs(IEnumerable<string> words)
    {
        Dictionary<string, string> pairs = new(StringComparer.Ordinal);
        foreach (string word in words.Where(w => w.Length > 0))
        {
            string[] pair = word.Split('=', 2);
            pairs[pair[0]] = pair.Length == 2 ? pair[1] : "";
        }

        return pairs.Count == 0 ? null : pairs;
    }
}
