// SPDX-License-Identifier: Apache-2.0

using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Serialization;
using SystemContainers.Errors;
using SystemContainers.Settings;

namespace SystemContainers.Network;

/// <summary>
/// A network by its name, in the words of podman's network files and netavark's input (containers/common,
/// libnetwork/types, <c>Network</c>): what stands here is given to netavark as it is.
/// </summary>
sealed record NetworkDefinition
{
    /// <summary>The network of <c>--network bridge</c>, and where ports are published without one by name.</summary>
    public const string Default = "sysctr";

    /// <summary>The label of a network that a file has made.</summary>
    private const string Mark = "io.sysctr.made-by";

    /// <summary>The driver of a network that stands on no device of the host.</summary>
    internal const string Bridge = "bridge";

    private const string Chosen = "sysctr";

    /// <summary>Which names there are.</summary>
    internal const string DeviceAdvice = "it has 15 characters at most: letters, digits, _ . and -";

    internal static IReadOnlyList<string> Drivers { get; } = [Bridge, "macvlan", "ipvlan"];

    public required string Name { get; init; }

    /// <summary>SHA-256 of the name, which netavark wants.</summary>
    public string Id => Oci.Digest.Sha256(Encoding.UTF8.GetBytes(Name)).Hex;

    /// <summary>bridge, macvlan or ipvlan.</summary>
    public string Driver { get; init; } = Bridge;

    /// <summary>The bridge on the host, or the host's device of the other drivers; null to be chosen.</summary>
    public string? NetworkInterface { get; init; }

    /// <summary>Whether its bridge has a name that was chosen for it, and not by somebody.</summary>
    [JsonIgnore]
    public bool HasChosenInterface =>
        Driver == Bridge
        && NetworkInterface is { } device
        && device.StartsWith(Chosen, StringComparison.Ordinal)
        && device.Length > Chosen.Length
        && device[Chosen.Length..].All(char.IsAsciiDigit);

    /// <summary>The host's device that a driver other than bridge stands on where an option names it; null for
    /// none.</summary>
    [JsonIgnore]
    public string? Parent => Driver == Bridge ? null : Options?.GetValueOrDefault(NetworkOptions.Parent);

    /// <summary>When it was made.</summary>
    public DateTimeOffset Created { get; init; }

    /// <summary>One or more; none to be chosen.</summary>
    public IReadOnlyList<NetworkSubnet> Subnets { get; init; } = [];

    /// <summary>Whether it has IPv6 subnets, or is to be given one.</summary>
    [JsonPropertyName("ipv6_enabled")]
    public bool Ipv6Enabled { get; init; }

    /// <summary>Nothing of it leads outside.</summary>
    public bool Internal { get; init; }

    /// <summary>Containers find each other by name.</summary>
    public bool DnsEnabled { get; init; }

    /// <summary>Servers that the network's own asks for names that are not on it, in the place of the host's; null for
    /// these.</summary>
    public IReadOnlyList<string>? NetworkDnsServers { get; init; }

    /// <summary>Of the driver, as <see cref="NetworkOptions"/> has them.</summary>
    public IReadOnlyDictionary<string, string>? Options { get; init; }

    /// <summary>For people.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>The file that declares it, as the host sees it; null where none does. No part of what is
    /// kept.</summary>
    [JsonIgnore]
    public string? File { get; init; }

    /// <summary>The file that declared it last, of one that a file has made; null for one that was made
    /// otherwise.</summary>
    [JsonIgnore]
    public string? MadeBy => Labels?.GetValueOrDefault(Mark);

    /// <summary>Labels that somebody has given it.</summary>
    [JsonIgnore]
    public IEnumerable<KeyValuePair<string, string>> OwnLabels =>
        (Labels ?? new Dictionary<string, string>()).Where(l => l.Key != Mark);

    /// <summary>As it is kept of a file that declares it and makes it.</summary>
    public NetworkDefinition Marked() =>
        File is null
            ? this
            : this with
            {
                Labels = new Dictionary<string, string>(
                    Labels ?? new Dictionary<string, string>(),
                    StringComparer.Ordinal
                )
                {
                    [Mark] = File,
                },
            };

    /// <summary>With a mark where another one has one: of the file that declares it now, else as it was
    /// there.</summary>
    public NetworkDefinition MarkedAs(NetworkDefinition other)
    {
        Dictionary<string, string> labels = new(OwnLabels, StringComparer.Ordinal);
        if (other.MadeBy is { } file)
        {
            labels[Mark] = File ?? file;
        }

        return this with
        {
            Labels = labels.Count == 0 ? null : labels,
        };
    }

    /// <summary>Who gives addresses: host-local is us.</summary>
    public IReadOnlyDictionary<string, string> IpamOptions { get; init; } =
        new Dictionary<string, string> { ["driver"] = "host-local" };

    /// <summary>As its file has it.</summary>
    public string ToJson() => System.Text.Json.JsonSerializer.Serialize(this, NetworkJson.Default.NetworkDefinition);

    /// <summary>With its options in the words that netavark reads.</summary>
    /// <exception cref="SysctrException">Usage: one is none.</exception>
    public NetworkDefinition Normal()
    {
        if (Options is null)
        {
            return this;
        }

        Dictionary<string, string> options = new(StringComparer.Ordinal);
        foreach ((string name, string value) in Options)
        {
            try
            {
                (string known, string read) = NetworkOptions.Checked(Driver, name, value);
                options[known] = read;
            }
            catch (FormatException e)
            {
                throw new SysctrException(ErrorKind.Usage, $"making the network {Name}: {e.Message}", inner: e);
            }
        }

        return options.Remove(NetworkOptions.DockerBridge, out string? device)
            ? this with
            {
                Options = options.Count == 0 ? null : options,
                NetworkInterface = device,
            }
            : this with
            {
                Options = options,
            };
    }

    /// <summary>Checks that a user can have it: the user's networks are in a namespace where there are no devices but
    /// theirs.</summary>
    /// <exception cref="SysctrException">Usage: it stands on a device of the host.</exception>
    public NetworkDefinition ForUser() =>
        Driver == Bridge && !NetworkOptions.StandsOnHost(Options)
            ? this
            : throw new SysctrException(
                ErrorKind.Usage,
                $"making the network {Name}: a user's networks are bridges of their own, without a device of the host",
                $"leave {(Driver == Bridge ? "mode, vrf and com.docker.network.bridge.name" : $"the driver {Driver}")} out"
            );

    /// <summary>Checks what was said, and puts what was left out in.</summary>
    /// <param name="used">Subnets that are taken: those of other networks and of the host.</param>
    /// <param name="interfaces">Bridges that are taken.</param>
    /// <exception cref="SysctrException">Usage: it can't be such a network; Conflict: its subnet is taken; Host: none
    /// is left.</exception>
    public NetworkDefinition Completed(IReadOnlyCollection<IPNetwork> used, IReadOnlyCollection<string> interfaces)
    {
        string doing = $"making the network {Name}";
        try
        {
            NetworkSetting.NetworkName(Name);
        }
        catch (FormatException e)
        {
            throw new SysctrException(ErrorKind.Usage, $"{doing}: {e.Message}", inner: e);
        }

        if (Name == NetworkSetting.PodmanDefault)
        {
            throw new SysctrException(
                ErrorKind.Conflict,
                $"{doing}: podman calls its default network so, and here it means bridge",
                "choose another name"
            );
        }

        if (!Drivers.Contains(Driver, StringComparer.Ordinal))
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"{doing}: there is no driver {Driver}",
                $"there are {string.Join(", ", Drivers)}"
            );
        }

        if (NetworkDnsServers is not null && !(DnsEnabled && Driver == Bridge))
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"{doing}: it has no names, and so nobody who would ask name servers",
                "leave the servers out; --dns of a container names those that it asks"
            );
        }

        if (Driver != Bridge && NetworkInterface is null && Parent is null)
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"{doing}: {Driver} needs a device of the host",
                "name it with --interface-name or --opt parent=DEVICE"
            );
        }

        if ((NetworkInterface ?? Parent) is { } device && DeviceFault(Driver, device) is { } why)
        {
            throw new SysctrException(ErrorKind.Usage, $"{doing}: {why}", DeviceAdvice);
        }

        List<NetworkSubnet> subnets = [];
        foreach (NetworkSubnet subnet in Subnets)
        {
            NetworkSubnet whole = subnet.Completed(doing, Internal && !DnsEnabled);
            if (
                Driver == Bridge
                && !NetworkOptions.SharesBridge(Options)
                && used.FirstOrDefault(u => AddressRange.Overlap(u, whole.Network)) is { PrefixLength: > 0 } other
            )
            {
                throw new SysctrException(
                    ErrorKind.Conflict,
                    $"{doing}: {whole.Subnet} overlaps {other}, which another network or the host uses",
                    "choose another --subnet, or leave it out"
                );
            }

            subnets.Add(whole);
        }

        if (!subnets.Any(s => s.Family == AddressFamily.InterNetwork) && (subnets.Count == 0 || Ipv6Enabled))
        {
            subnets.Insert(
                0,
                NetworkSubnet
                    .Of(AddressRange.Free(used, six: false) ?? throw Full(doing))
                    .Completed(doing, Internal && !DnsEnabled)
            );
        }

        if (Ipv6Enabled && !subnets.Any(s => s.Family == AddressFamily.InterNetworkV6))
        {
            subnets.Add(
                NetworkSubnet
                    .Of(AddressRange.Free(used, six: true) ?? throw Full(doing))
                    .Completed(doing, Internal && !DnsEnabled)
            );
        }

        return this with
        {
            Subnets = subnets,
            Ipv6Enabled = subnets.Any(s => s.Family == AddressFamily.InterNetworkV6),
            NetworkInterface =
                Driver != Bridge ? NetworkInterface ?? Parent : NetworkInterface ?? FreeInterface(interfaces),
            Created = Created == default ? DateTimeOffset.UtcNow : Created,
        };
    }

    /// <summary>Why a network's device can't be called so: the kernel takes no such name (net/core/dev.c,
    /// dev_valid_name), or podman none for a bridge. Null where it can.</summary>
    /// <param name="device">The bridge, or the host's device.</param>
    internal static string? DeviceFault(string driver, string device) =>
        Encoding.UTF8.GetByteCount(device) is > 0 and <= NetworkSetting.MaxInterface
        && device is not ("." or "..")
        && (
            driver == Bridge
                ? NetworkSetting.IsPlain(device)
                : !device.Any(c => c is '/' or ':' || char.IsWhiteSpace(c) || char.IsControl(c))
        )
            ? null
            : $"'{OneLine.Of(device)}' is no name of a device";

    private static string FreeInterface(IReadOnlyCollection<string> taken) =>
        Enumerable
            .Range(0, int.MaxValue)
            .Select(n => $"{Chosen}{n}")
            .First(name => !taken.Contains(name, StringComparer.Ordinal));

    private static SysctrException Full(string doing) =>
        new(
            ErrorKind.Host,
            $"{doing}: all subnets from 10.89.0.0/24 to 10.255.255.0/24 are in use on this host",
            "name one with --subnet"
        );
}
