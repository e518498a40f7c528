// SPDX-License-Identifier: Apache-2.0

using System.Net.Sockets;
using SystemContainers.Errors;

namespace SystemContainers.Settings;

/// <summary>All that was said of a container's network.</summary>
sealed record NetworkSettings
{
    private const string Gateway = "host-gateway";

    private IReadOnlyList<string> _published = [];

    private bool _six;

    private string? _recordOf;

    private string IpOption => _six ? "ip6" : "ip";

    /// <summary>Values of <c>--network</c>; several are all networks by name.</summary>
    public IReadOnlyList<NetworkSetting> Networks { get; private init; } = [];

    public IReadOnlyList<PublishedPort> Ports { get; private init; } = [];

    /// <summary>Names on all networks.</summary>
    public IReadOnlyList<string> Aliases { get; private init; } = [];

    /// <summary><c>--ip</c> and <c>--ip6</c>, for the only network.</summary>
    public IReadOnlyList<string> Ips { get; private init; } = [];

    /// <summary><c>--mac-address</c>; null for any.</summary>
    public string? Mac { get; private init; }

    /// <summary>Lines for /etc/hosts: names, apart by semicolons, a colon, an address or <c>host-gateway</c>.</summary>
    public IReadOnlyList<string> Hosts { get; private init; } = [];

    /// <summary>Name servers instead of the host's.</summary>
    public IReadOnlyList<string> Dns { get; private init; } = [];

    /// <summary>Search domains instead of the host's.</summary>
    public IReadOnlyList<string> DnsSearch { get; private init; } = [];

    /// <summary>Options of resolv.conf(5) beside the host's.</summary>
    public IReadOnlyList<string> DnsOptions { get; private init; } = [];

    /// <summary>Whether something of it needs a network of the container's own, so that one is meant where
    /// <c>--network</c> was not given.</summary>
    private static readonly string[] s_wantOwn = [PublishedPort.Option, "network-alias", "ip", "ip6", "mac-address"];

    /// <summary>Why <see cref="Idle"/> are so.</summary>
    public const string IdleWhy = "changes nothing: on the host's network a payload's ports are the host's";

    private bool WantsOwn => Ports.Count + Aliases.Count + Ips.Count > 0 || Mac is not null;

    /// <summary>Reads them; <see cref="ContainerSettings.Check"/> has passed each.</summary>
    /// <exception cref="FormatException">It has not.</exception>
    public static NetworkSettings Of(ContainerSettings settings) =>
        new()
        {
            Networks = [.. settings.All("network").Select(NetworkSetting.Parse)],
            Ports = [.. settings.All(PublishedPort.Option).Select(PublishedPort.Parse)],
            _published = settings.All(PublishedPort.Option),
            _six = settings.One("ip") is null,
            _recordOf = settings.RecordOf,
            Aliases = settings.All("network-alias"),
            Ips =
            [
                .. ((string?[])[settings.One("ip"), settings.One("ip6")])
                    .OfType<string>()
                    .Select(a => NetworkSetting.Address(a)),
            ],
            Mac = settings.One("mac-address") is { } mac ? NetworkSetting.MacAddress(mac) : null,
            Hosts = settings.All("add-host"),
            Dns = settings.All("dns"),
            DnsSearch = settings.All("dns-search"),
            DnsOptions = settings.All("dns-option"),
        };

    /// <summary>Ports, as they were written, that lead nowhere else: the container is said to be on the host's
    /// network.</summary>
    public IReadOnlyList<string> Idle => Networks is [{ Mode: NetworkMode.Host }, ..] ? _published : [];

    /// <summary>What the container gets: what was said, else the host's network, or a bridge (of a user's container
    /// pasta) where ports or addresses ask for one.</summary>
    /// <param name="isUsers">It is a user's container.</param>
    public NetworkMode Mode(bool isUsers) => Mode(Networks, WantsOwn, isUsers);

    /// <summary>The same, and the networks that were named, of settings that need not be right: whoever asks who is on
    /// which network asks it of all containers, and one that can't be used any more must not stop them.</summary>
    /// <param name="settings">Of a record.</param>
    public static (NetworkMode Mode, IReadOnlyList<string> Names) Recorded(ContainerSettings settings, bool isUsers)
    {
        NetworkSetting[] networks = [.. settings.All("network").Select(NetworkSetting.Recorded)];
        bool wantsOwn = Array.Exists(s_wantOwn, o => settings.All(o).Count > 0);
        return (Mode(networks, wantsOwn, isUsers), [.. networks.Select(n => n.Name)]);
    }

    private static NetworkMode Mode(IReadOnlyList<NetworkSetting> networks, bool wantsOwn, bool isUsers) =>
        networks is [var first, ..]
            ? first.Mode == NetworkMode.Bridge && first.Name.Length == 0 && isUsers
                ? NetworkMode.Pasta
                : first.Mode
            : !wantsOwn
                ? NetworkMode.Host
                : isUsers
                    ? NetworkMode.Pasta
                    : NetworkMode.Bridge;

    /// <summary>Values of a record with the addresses in them as whoever wrote it meant them.</summary>
    /// <param name="option">Whose values.</param>
    /// <param name="values">As they were written.</param>
    internal static IReadOnlyList<string> Recorded(string option, IReadOnlyList<string> values)
    {
        Func<string, string>? anew = option switch
        {
            "ip" or "ip6" or "dns" => AddressText.Recorded,
            "add-host" => static v =>
                v.Split(':', 2) is [var names, var address] ? $"{names}:{AddressText.Recorded(address)}" : v,
            PublishedPort.Option => static v =>
                v.Split(':') is [{ Length: > 0 } address, var host, var container]
                    ? $"{AddressText.Recorded(address)}:{host}:{container}"
                    : v,
            "network" => static v =>
                v.Split(':', 2) is [var name, var words]
                    ? $"{name}:{string.Join(',', words.Split(',').Select(RecordedWord))}"
                    : v,
            _ => null,
        };
        return anew is null ? values : [.. values.Select(anew)];

        static string RecordedWord(string word) =>
            word.Split('=', 2) is [var key and ("ip" or "ip6"), var address]
                ? $"{key}={AddressText.Recorded(address)}"
                : word;
    }

    /// <summary>Checks that they go together.</summary>
    /// <exception cref="SysctrException">Usage: two contradict each other.</exception>
    public void CheckTogether()
    {
        try
        {
            CheckEach();
        }
        catch (SysctrException e) when (_recordOf is not null)
        {
            throw ContainerSettings.Remembered(e, _recordOf);
        }
    }

    private void CheckEach()
    {
        if (Networks.Count > 1 && Networks.Any(n => n.Mode != NetworkMode.Bridge))
        {
            throw new SettingFault("network", null, "only networks by name can be several").ToException(
                "leave the others out"
            );
        }

        if (Networks.Count > 1 && (Ips.Count > 0 || Mac is not null))
        {
            throw new SettingFault(
                Ips.Count > 0 ? IpOption : "mac-address",
                null,
                "the container is on several networks"
            ).ToException("write it behind the network's name: --network NAME:ip=ADDRESS");
        }

        if (Networks.Count > 0 && Networks[0].Mode != NetworkMode.Bridge && Ips.Count + Aliases.Count > 0)
        {
            throw new SettingFault(
                Ips.Count > 0 ? IpOption : "network-alias",
                null,
                "the container is on no network by name"
            ).ToException("name a network, or leave addresses and names out");
        }

        if (
            Ports.Count > 0
            && Networks is [{ Mode: NetworkMode.None or NetworkMode.Namespace or NetworkMode.Container } other]
        )
        {
            throw new SettingFault(
                PublishedPort.Option,
                null,
                $"with the network {other.Mode.ToString().ToLowerInvariant()} nothing leads to the container"
            ).ToException(
                other.Mode == NetworkMode.Container
                    ? "publish the ports where the network is made"
                    : "publish no ports, or give it another network"
            );
        }

        if (Networks.GroupBy(n => n.Name, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
        {
            throw new SettingFault(
                "network",
                null,
                $"{(twice.Key.Length == 0 ? "bridge" : twice.Key)} is named twice"
            ).ToException("name it once");
        }

        for (int i = 0; i < Ports.Count; i++)
        {
            if (Enumerable.Range(0, i).FirstOrDefault(o => Ports[o].Contradicts(Ports[i]), -1) is >= 0 and var before)
            {
                throw new SettingFault(
                    PublishedPort.Option,
                    _published[i],
                    $"has {Ports[i].Shared(Ports[before])}, too"
                )
                {
                    Other = (PublishedPort.Option, _published[before]),
                }.ToException("one port of the host leads to one of the container");
            }
        }
    }

    /// <summary>Checks a value of <c>--add-host</c>.</summary>
    /// <exception cref="FormatException">Says what is wrong.</exception>
    public static string CheckHost(string text)
    {
        (IReadOnlyList<string> names, string address) = HostLine(text);
        if (
            names.Count == 0
            || names.Any(n => n.Length == 0 || n.Any(c => !(char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_')))
        )
        {
            throw new FormatException("it is not NAME[;NAME...]:ADDRESS");
        }

        if (address != Gateway)
        {
            _ = NetworkSetting.Address(address);
        }

        return text;
    }

    /// <summary>The names and the address of a value of <c>--add-host</c>.</summary>
    public static (IReadOnlyList<string> Names, string Address) HostLine(string text)
    {
        string[] halves = text.Split(':', 2);
        return (halves[0].Split(';'), halves.Length == 2 ? halves[1].TrimStart('[').TrimEnd(']') : "");
    }

    /// <summary>Checks a value of <c>--dns</c>.</summary>
    /// <exception cref="FormatException">It is no address.</exception>
    public static string CheckServer(string text) =>
        text == "none"
            ? throw new FormatException("mount a resolv.conf of your own instead: --volume FILE:/etc/resolv.conf")
            : NetworkSetting.Address(text);

    /// <summary>Checks a word of resolv.conf(5).</summary>
    /// <exception cref="FormatException">It is no word.</exception>
    public static string CheckWord(string text) =>
        text.Length > 0 && !text.Any(c => char.IsControl(c) || char.IsWhiteSpace(c))
            ? text
            : throw new FormatException("it is one word");

    /// <summary>An address of a family, for <c>--ip</c> and <c>--ip6</c>.</summary>
    public static string CheckAddress(string text, bool six) =>
        NetworkSetting.Address(text, six ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork);
}
