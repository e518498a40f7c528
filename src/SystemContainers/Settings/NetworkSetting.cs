// SPDX-License-Identifier: Apache-2.0

using System.Net.Sockets;
using SystemContainers.Errors;

namespace SystemContainers.Settings;

/// <summary>A value of <c>--network</c> (podman-run(1)).</summary>
/// <param name="Name">Of <see cref="NetworkMode.Bridge"/> the network, empty for the default one; of a namespace its
/// path, of a container its name.</param>
sealed record NetworkSetting(NetworkMode Mode, string Name = "")
{
    /// <summary>What podman calls its default network; nothing else can be called so.</summary>
    public const string PodmanDefault = "podman";

    private const int MaxName = 64;

    /// <summary>IFNAMSIZ less the zero.</summary>
    internal const int MaxInterface = 15;

    /// <summary>Addresses on this network.</summary>
    public IReadOnlyList<string> Ips { get; private init; } = [];

    /// <summary>The address of the device; null for any.</summary>
    public string? Mac { get; private init; }

    /// <summary>The device's name inside; null for the next of eth0, eth1 ...</summary>
    public string? Interface { get; private init; }

    /// <summary>Names by which others on the network find it.</summary>
    public IReadOnlyList<string> Aliases { get; private init; } = [];

    /// <summary>Words for pasta(1).</summary>
    public IReadOnlyList<string> Words { get; private init; } = [];

    /// <summary>Reads <c>MODE[:OPTION,...]</c>.</summary>
    /// <exception cref="FormatException">Says what is wrong.</exception>
    public static NetworkSetting Parse(string text)
    {
        string[] halves = text.Split(':', 2);
        (string mode, string rest) = (halves[0], halves.Length == 2 ? halves[1] : "");
        return mode switch
        {
            "host" or "none" when rest.Length == 0 => new(mode == "host" ? NetworkMode.Host : NetworkMode.None),
            "ns" => new(NetworkMode.Namespace, VolumeSetting.Absolute(rest)),
            "container" => new(NetworkMode.Container, NetworkName(rest)),
            "pasta" => new(NetworkMode.Pasta) { Words = [.. rest.Split(',', StringSplitOptions.RemoveEmptyEntries)] },
            "slirp4netns" => throw new FormatException("slirp4netns is not there: pasta does the same"),
            "private" or "default" or "" when rest.Length == 0 => new(NetworkMode.Bridge),
            "host" or "none" or "private" or "default" => throw new FormatException($"{mode} has no options"),
            _ => Bridge(mode is "bridge" or PodmanDefault ? "" : NetworkName(mode), rest),
        };
    }

    /// <summary>Mode and name of a value that a record has, also where <see cref="Parse"/> would not take what stands
    /// behind them: whoever asks which network it is needs no more.</summary>
    public static NetworkSetting Recorded(string text)
    {
        try
        {
            return Parse(text);
        }
        catch (FormatException)
        {
            string[] halves = text.Split(':', 2);
            (string mode, string rest) = (halves[0], halves.Length == 2 ? halves[1] : "");
            return mode switch
            {
                "host" => new(NetworkMode.Host),
                "none" => new(NetworkMode.None),
                "ns" => new(NetworkMode.Namespace, rest),
                "container" => new(NetworkMode.Container, rest),
                "slirp4netns" => new(NetworkMode.Pasta),
                _ => new(NetworkMode.Bridge, mode is "bridge" or "private" ? "" : mode),
            };
        }
    }

    /// <summary>Whether a text is a name as podman has them for networks and bridges (libnetwork/types,
    /// NameRegex).</summary>
    internal static bool IsPlain(string text) =>
        text.Length > 0
        && char.IsAsciiLetterOrDigit(text[0])
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-');

    /// <summary>A name that is a file's and an interface's, too.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static string NetworkName(string text) =>
        text.Length <= MaxName && IsPlain(text)
            ? text
            : throw new FormatException($"'{text}' is neither host, none, ns:PATH, bridge nor the name of a network");

    /// <summary>An address as podman-run(1) takes one.</summary>
    /// <exception cref="FormatException">It is none of the family.</exception>
    public static string Address(string text, AddressFamily? family = null) =>
        AddressText.Find(text) is { } address && (family is null || address.AddressFamily == family)
            ? address.ToString()
            : throw new FormatException(
                $"'{text}' is no {(family == AddressFamily.InterNetworkV6 ? "IPv6" : family is null ? "IP" : "IPv4")} address"
            );

    /// <summary>A name by which a container is found.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static string Alias(string text) =>
        text.Length is > 0 and <= MaxName && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-')
            ? text
            : throw new FormatException($"'{text}' is no name for the DNS");

    /// <summary>Six bytes, as <c>92:d0:c6:0a:29:33</c>.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static string MacAddress(string text) =>
        text.Split(':') is { Length: 6 } bytes && bytes.All(b => b.Length == 2 && b.All(char.IsAsciiHexDigit))
            ? text.ToLowerInvariant()
            : throw new FormatException($"'{text}' is no MAC address");

    private static NetworkSetting Bridge(string name, string options)
    {
        NetworkSetting setting = new(NetworkMode.Bridge, name);
        foreach (string option in options.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] words = option.Split('=', 2);
            string value = words.Length == 2 ? words[1] : "";
            setting = words[0] switch
            {
                "ip" or "ip6" => setting with { Ips = [.. setting.Ips, Address(value)] },
                "mac" => setting with { Mac = MacAddress(value) },
                "alias" => setting with { Aliases = [.. setting.Aliases, Alias(value)] },
                "interface_name" => setting with { Interface = InterfaceName(value) },
                _ => throw new FormatException(
                    $"'{option}' is no option of a network; there are alias=, interface_name=, ip=, ip6= and mac="
                ),
            };
        }

        return setting;
    }

    private static string InterfaceName(string text) =>
        text.Length is > 0 and <= MaxInterface && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-')
            ? text
            : throw new FormatException($"'{text}' is no name of a device");
}
