// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using System.Text.Json.Nodes;
using SystemContainers.Settings;
using SystemContainers.Settings.Ids;

namespace SystemContainers.Network;

/// <summary>What a container wants of the network, as it stands in its config.json for its starts.</summary>
sealed record NetworkRequest
{
    /// <summary>The annotation of config.json (OCI runtime-spec, config.md) that has it. An image's own configuration
    /// can't have one: it is taken out.</summary>
    public const string Annotation = "io.sysctr.network";

    /// <summary>What loads the firewall empties it first: netavark's rules come after. (A reload later takes them away;
    /// restarting the container gives them back.)</summary>
    public const string FirewallUnits =
        "network-pre.target firewalld.service nftables.service netfilter-persistent.service";

    /// <summary>The unit of a user's manager that holds the namespace in which the user's networks by name
    /// are.</summary>
    public const string UsersUnit = "sysctr-netns.service";

    /// <summary>The one that connects it with the outside, by pasta(1).</summary>
    public const string UplinkUnit = "sysctr-uplink.service";

    public required NetworkMode Mode { get; init; }

    /// <summary>By which name others find it, beside its aliases.</summary>
    public required string Name { get; init; }

    /// <summary>Its host name; null for the host's.</summary>
    public string? HostName { get; init; }

    /// <summary>Of <see cref="NetworkMode.Namespace"/> the path, of <see cref="NetworkMode.Container"/> the
    /// name.</summary>
    public string? Of { get; init; }

    /// <summary>Of <see cref="NetworkMode.Bridge"/>: one or more.</summary>
    public IReadOnlyList<NetworkAttachment> Networks { get; init; } = [];

    public IReadOnlyList<PublishedPort> Ports { get; init; } = [];

    /// <summary>Words for pasta(1).</summary>
    public IReadOnlyList<string> PastaWords { get; init; } = [];

    /// <summary>As <see cref="NetworkSettings.Hosts"/>.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>As <see cref="NetworkSettings.Dns"/>.</summary>
    public IReadOnlyList<string> Dns { get; init; } = [];

    /// <summary>As <see cref="NetworkSettings.DnsSearch"/>.</summary>
    public IReadOnlyList<string> DnsSearch { get; init; } = [];

    /// <summary>As <see cref="NetworkSettings.DnsOptions"/>.</summary>
    public IReadOnlyList<string> DnsOptions { get; init; } = [];

    /// <summary>Of <see cref="NetworkMode.Container"/>: the unit that makes the network.</summary>
    public string? OwnerUnit => Of + ".service";

    /// <summary>Whether netavark has to make it before the payload starts.</summary>
    public bool NeedsNetavark => Mode == NetworkMode.Bridge;

    /// <summary>Whether the host's /etc/hosts and /etc/resolv.conf are right for it as they are.</summary>
    public bool SharesNames =>
        Mode == NetworkMode.Host && Hosts.Count + Dns.Count + DnsSearch.Count + DnsOptions.Count == 0;

    /// <summary>Whether nothing was said, so that the host's network and name files are meant.</summary>
    public bool IsPlain => SharesNames && HostName is null;

    /// <summary>Of a user's container: whether connections are passed on by systemd-socket-proxyd(8).</summary>
    public bool PublishesBySockets => NeedsNetavark && Ports.Any(p => p.Protocol == "tcp");

    /// <summary>What settings ask for.</summary>
    /// <param name="settings">Checked.</param>
    /// <param name="name">The container.</param>
    /// <exception cref="Errors.SysctrException">Usage: settings contradict each other, or a user's container can't have
    /// it.</exception>
    public static NetworkRequest For(SpecSettings settings, string name, bool isUsers)
    {
        NetworkSettings network = settings.Network;
        network.CheckTogether();
        NetworkMode mode = network.Mode(isUsers);
        if (isUsers)
        {
            CheckUsers(settings, mode);
        }

        if (mode == NetworkMode.Pasta && !isUsers)
        {
            throw new Errors.SysctrException(
                Errors.ErrorKind.Usage,
                "reading --network=pasta: pasta is for a user's containers",
                "the system's have bridge and networks by name"
            );
        }

        IReadOnlyList<NetworkSetting> networks = network.Networks is { Count: > 0 } given ? given : [new(mode)];
        return new NetworkRequest
        {
            Mode = mode,
            Name = name,
            HostName =
                settings.HostUts == true
                    ? settings.HostName is null
                        ? null
                        : throw new Errors.SysctrException(
                            Errors.ErrorKind.Usage,
                            "reading --hostname: with --uts=host the name is the host's",
                            "leave one of the two out"
                        )
                    : settings.HostName ?? (mode == NetworkMode.Host ? null : HostNameOf(name)),
            Of = mode is NetworkMode.Namespace or NetworkMode.Container ? networks[0].Name : null,
            Networks =
                mode != NetworkMode.Bridge
                    ? []
                    :
                    [
                        .. networks.Select(
                            (n, at) =>
                                new NetworkAttachment
                                {
                                    Network = n.Name.Length == 0 ? NetworkDefinition.Default : n.Name,
                                    Interface = n.Interface ?? $"eth{at}",
                                    Ips = [.. n.Ips, .. network.Ips],
                                    Mac = n.Mac ?? network.Mac,
                                    Aliases = [.. n.Aliases.Concat(network.Aliases).Distinct(StringComparer.Ordinal)],
                                }
                        ),
                    ],
            Ports = mode is NetworkMode.Bridge or NetworkMode.Pasta ? network.Ports : [],
            PastaWords = mode == NetworkMode.Pasta ? networks[0].Words : [],
            Hosts = network.Hosts,
            Dns = network.Dns,
            DnsSearch = network.DnsSearch,
            DnsOptions = network.DnsOptions,
        };
    }

    /// <summary>A network belongs to one user namespace, and so do all that are in it; and nothing passes SCTP
    /// on.</summary>
    private static void CheckUsers(SpecSettings settings, NetworkMode mode)
    {
        if (mode == NetworkMode.Container && settings.UserNamespace.Mode != UserNamespaceMode.Host)
        {
            throw new Errors.SysctrException(
                Errors.ErrorKind.Usage,
                "reading --userns: a user's container in the network of another has the user namespace of that",
                "leave --userns, --uidmap and --gidmap out, or give both a network by name"
            );
        }

        if (mode == NetworkMode.Bridge && settings.Network.Ports.FirstOrDefault(p => p.Protocol == "sctp") is { } port)
        {
            throw new Errors.SysctrException(
                Errors.ErrorKind.Usage,
                $"publishing port {port}: a user's container can publish tcp and udp alone",
                "sctp is for the system's containers"
            );
        }
    }

    /// <summary>The networks by name that settings of a container mean, whatever else is wrong with them.</summary>
    /// <param name="settings">Of a record.</param>
    public static IEnumerable<string> Names(ContainerSettings settings, bool isUsers) =>
        NetworkSettings.Recorded(settings, isUsers) is (NetworkMode.Bridge, var names)
            ? names.Select(n => n.Length == 0 ? NetworkDefinition.Default : n).DefaultIfEmpty(NetworkDefinition.Default)
            : [];

    /// <summary>What a config.json of ours asks for; null for one that an image brought.</summary>
    public static NetworkRequest? Find(JsonObject document) =>
        document["annotations"]?[Annotation]?.ToString() is { } text
            ? JsonSerializer.Deserialize(text, NetworkJson.Default.NetworkRequest)
            : null;

    /// <summary>The annotation's text.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, NetworkJson.Default.NetworkRequest);

    /// <summary>A container's name in the letters of a host's (hostname(7)).</summary>
    private static string HostNameOf(string name)
    {
        string clean = new([.. name.Select(c => char.IsAsciiLetterOrDigit(c) || c == '.' ? c : '-')]);
        return clean[..Math.Min(clean.Length, 63)].Trim('-', '.');
    }
}
