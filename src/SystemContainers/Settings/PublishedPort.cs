// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using SystemContainers.Errors;

namespace SystemContainers.Settings;

/// <summary>A value of <c>--publish</c> (podman-run(1)): ports of the host that lead to ports of the
/// container.</summary>
/// <param name="HostIp">The host's address that they are at; empty for all.</param>
/// <param name="HostPort">The first; 0 for one that is free when the container starts.</param>
/// <param name="ContainerPort">The first.</param>
/// <param name="Range">How many, one after the other.</param>
/// <param name="Protocol"><c>tcp</c>, <c>udp</c>, <c>sctp</c>.</param>
sealed record PublishedPort(string HostIp, ushort HostPort, ushort ContainerPort, ushort Range, string Protocol)
{
    public const string Option = "publish";

    private static readonly string[] s_protocols = ["tcp", "udp", "sctp"];

    /// <summary>Reads <c>[[IP:][HOSTPORT]:]PORT[/PROTOCOL]</c>; ports may be ranges of one length, an IPv6 address
    /// stands in brackets.</summary>
    /// <exception cref="FormatException">Says what is wrong.</exception>
    public static PublishedPort Parse(string text)
    {
        string[] halves = text.Split('/');
        string protocol = halves.Length == 1 ? "tcp" : halves[1].ToLowerInvariant();
        if (halves.Length > 2 || !s_protocols.Contains(protocol, StringComparer.Ordinal))
        {
            throw new FormatException("behind the slash stands tcp, udp or sctp");
        }

        (string address, string ports) = Split(halves[0]);
        string[] words = ports.Split(':');
        (string host, string container) = words switch
        {
            [var only] when address.Length == 0 => ("", only),
            [var first, var second] => (first, second),
            _ => throw new FormatException("it is not [[IP:][HOSTPORT]:]PORT[/PROTOCOL]"),
        };
        (ushort port, ushort range) = Ports(container);
        if (host.Length == 0)
        {
            return range == 1
                ? new(address, 0, port, 1, protocol)
                : throw new FormatException("a range of ports needs a range of the host's");
        }

        (ushort hostPort, ushort hostRange) = Ports(host);
        return hostRange == range
            ? new(address, hostPort, port, range, protocol)
            : throw new FormatException($"{host} has {hostRange} ports and {container} has {range}");
    }

    /// <summary>What two values have in common of which the later one counts: the place on the host.</summary>
    public static string Key(string text) =>
        VolumeSetting.KeyOf(
            text,
            t => Parse(t) is { HostPort: > 0 } port ? $"{port.HostIp}:{port.HostPort}/{port.Protocol}" : t
        );

    /// <summary>Whether a port of the host is both's, so that two containers can't have them at a time: one that is
    /// published at all addresses is so at each.</summary>
    public bool Overlaps(PublishedPort other) =>
        SharesNumber(other) && (HostIp == other.HostIp || Holds(HostIp, other.HostIp) || Holds(other.HostIp, HostIp));

    /// <summary>Whether a port of the host would lead to two of the container, or would be taken once more than it is
    /// there: at all addresses, and at one of them.</summary>
    public bool Contradicts(PublishedPort other) =>
        Overlaps(other)
        && (
            HostPort - ContainerPort != other.HostPort - other.ContainerPort
            || Everywhere(HostIp) != Everywhere(other.HostIp)
        );

    /// <summary>Whether it says anew where the ports of another lead, all of them.</summary>
    public bool Replaces(PublishedPort other) =>
        HostPort == other.HostPort && Range == other.Range && Contradicts(other);

    private bool SharesNumber(PublishedPort other) =>
        HostPort > 0
        && other.HostPort > 0
        && Protocol == other.Protocol
        && HostPort < other.HostPort + other.Range
        && other.HostPort < HostPort + Range;

    private static bool Holds(string any, string address) =>
        any switch
        {
            "" => true,
            "0.0.0.0" => !address.Contains(':', StringComparison.Ordinal),
            "::" => address.Contains(':', StringComparison.Ordinal),
            _ => false,
        };

    /// <summary>The first port of the host that is both's, in words.</summary>
    public string Shared(PublishedPort other) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"port {Math.Max(HostPort, other.HostPort)}/{Protocol}{(HostIp.Length > 0 ? " of " + HostIp : "")} of the host"
        );

    private static string Everywhere(string address) => address == "0.0.0.0" ? "" : address;

    /// <inheritdoc/>
    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{(HostIp.Contains(':', StringComparison.Ordinal) ? $"[{HostIp}]:" : HostIp.Length > 0 ? HostIp + ":" : "")}{HostPort}{To(HostPort)}:{ContainerPort}{To(ContainerPort)}/{Protocol}"
        );

    private string To(int first) =>
        Range == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $"-{first + Range - 1}");

    /// <summary>The address in front, and the rest.</summary>
    private static (string Address, string Ports) Split(string text)
    {
        if (text.StartsWith('['))
        {
            int end = text.IndexOf("]:", StringComparison.Ordinal);
            return end > 0
                ? (Address(text[1..end]), text[(end + 2)..])
                : throw new FormatException("behind ] stands a colon");
        }

        string[] parts = text.Split(':');
        return parts.Length switch
        {
            1 or 2 => ("", text),
            3 => (parts[0].Length == 0 ? "" : Address(parts[0]), $"{parts[1]}:{parts[2]}"),
            _ => throw new FormatException("an IPv6 address stands in brackets: [::1]:8080:80"),
        };
    }

    private static string Address(string text) =>
        AddressText.Find(text) is { } address
            ? address.ToString()
            : throw new FormatException($"'{text}' is no IP address");

    private static (ushort First, ushort Range) Ports(string text)
    {
        string[] ends = text.Split('-');
        ushort first = Port(ends[0]);
        ushort last = ends.Length == 1 ? first : Port(ends[1]);
        return ends.Length <= 2 && last >= first && last - first < ushort.MaxValue
            ? (first, (ushort)(last - first + 1))
            : throw new FormatException($"'{text}' is no range of ports");
    }

    private static ushort Port(string text) =>
        ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ushort port) && port > 0
            ? port
            : throw new FormatException($"'{text}' is no port from 1 to 65535");
}
