// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Net;
using SystemContainers.Errors;

namespace SystemContainers.Pull.Options;

/// <summary>
/// <c>NO_PROXY</c> by Go's rules: separated by commas; <c>*</c> is all; an address or CIDR; <c>example.com</c> is that
/// host and all below it, <c>.example.com</c> and <c>*.example.com</c> those below it; each but a CIDR perhaps with
/// <c>:PORT</c>.
/// </summary>
sealed class NoProxyList
{
    private readonly List<IPNetwork> _networks = [];
    private readonly List<(IPAddress Address, string Port)> _addresses = [];
    private readonly List<(string Suffix, string Port, bool Itself)> _domains = [];
    private readonly bool _all;

    public NoProxyList(string text)
    {
        foreach (string entry in text.Split(',').Select(e => e.Trim().ToLowerInvariant()).Where(e => e.Length > 0))
        {
            if (entry == "*")
            {
                _all = true;
            }
            else if (Network(entry) is { } network)
            {
                _networks.Add(network);
            }
            else
            {
                Add(entry);
            }
        }
    }

    /// <summary>Whether a host is reached without a proxy; this one always is.</summary>
    /// <param name="host">A name, or an address without brackets.</param>
    /// <param name="port">The port, also where it is its scheme's own.</param>
    public bool Contains(string host, int port)
    {
        string name = host.Trim('[', ']').ToLowerInvariant();
        string number = port.ToString(CultureInfo.InvariantCulture);
        if (_all || name == "localhost")
        {
            return true;
        }

        if (AddressText.Find(name) is { } address)
        {
            IPAddress plain = Plain(address);
            return IPAddress.IsLoopback(plain)
                || _networks.Any(n => n.Contains(plain))
                || _addresses.Any(a => a.Address.Equals(plain) && IsPort(a.Port, number));
        }

        // What else has a colon is an address with a zone, and no name.
        return !name.Contains(':', StringComparison.Ordinal)
            && _domains.Any(d =>
                (name.EndsWith(d.Suffix, StringComparison.Ordinal) || (d.Itself && name == d.Suffix[1..]))
                && IsPort(d.Port, number)
            );
    }

    private void Add(string entry)
    {
        (string host, string port) = Split(entry);
        if (AddressText.Find(host.Trim('[', ']')) is { } address)
        {
            _addresses.Add((Plain(address), port));
            return;
        }

        host = host.StartsWith("*.", StringComparison.Ordinal) ? host[1..] : host;
        if (host.Length > 0)
        {
            host = Ascii(host);
            _domains.Add((host[0] == '.' ? host : "." + host, port, Itself: host[0] != '.'));
        }
    }

    /// <summary>A name as it stands in addresses (RFC 5891); one that can't be written so stays as it is.</summary>
    private static string Ascii(string name)
    {
        try
        {
            return System.Text.Ascii.IsValid(name)
                ? name
                : (name[0] == '.' ? "." : "") + new IdnMapping().GetAscii(name.TrimStart('.'));
        }
        catch (ArgumentException)
        {
            return name;
        }
    }

    /// <summary>An IPv6 address has colons of its own: with a port it stands in brackets.</summary>
    private static (string Host, string Port) Split(string entry)
    {
        int colon = entry.LastIndexOf(':');
        return colon > 0 && (entry.IndexOf(':', StringComparison.Ordinal) == colon || entry[colon - 1] == ']')
            ? (entry[..colon], entry[(colon + 1)..])
            : (entry, "");
    }

    // Go takes a network whose address has bits below the mask.
    private static IPNetwork? Network(string entry)
    {
        if (AddressText.FindPrefixed(entry) is not var (address, length))
        {
            return null;
        }

        byte[] bytes = address.GetAddressBytes();
        for (int bit = length; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        }

        return new IPNetwork(new IPAddress(bytes), length);
    }

    private static bool IsPort(string wanted, string port) => wanted.Length == 0 || wanted == port;

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
