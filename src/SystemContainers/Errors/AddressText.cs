// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Net;

namespace SystemContainers.Errors;

/// <summary>
/// Addresses as Go's <c>net.ParseIP</c> and <c>net.ParseCIDR</c> read them, and so podman and all of its kin: four
/// decimal numbers without leading zeros, or IPv6 without brackets, port and zone. What inet_aton(3) takes besides,
/// 10.1 and 10.0.0.010 (which is 10.0.0.8), would be another address than is meant.
/// </summary>
static class AddressText
{
    private const int MaxDigits = 3;

    /// <summary>An address; null for what is none.</summary>
    public static IPAddress? Find(string text)
    {
        string last = text[(text.LastIndexOf(':') + 1)..];
        return
            (
                text.Contains(':', StringComparison.Ordinal)
                    ? text.All(IsSix) && (IsFour(last) || IsHex(last))
                    : IsFour(text)
            ) && IPAddress.TryParse(text, out IPAddress? address)
            ? address
            : null;
    }

    /// <summary>An address with its network's prefix length, <c>10.0.0.1/24</c>; null for what is none.</summary>
    public static (IPAddress Address, int Length)? FindPrefixed(string text) =>
        text.Split('/') is [var written, var prefix]
        && Find(written) is { } address
        && prefix.Length <= MaxDigits
        && int.TryParse(prefix, NumberStyles.None, CultureInfo.InvariantCulture, out int length)
        && length <= address.GetAddressBytes().Length * 8
            ? (address, length)
            : null;

    /// <summary>An address of a record that a version wrote which took what inet_aton(3) takes, as it meant it; what is
    /// none stays as it is.</summary>
    public static string Recorded(string text) =>
        Find(text) is null && IPAddress.TryParse(text, out IPAddress? meant) && Find(meant.ToString()) is not null
            ? meant.ToString()
            : text;

    private static bool IsSix(char c) => char.IsAsciiHexDigit(c) || c is ':' or '.';

    private static bool IsHex(string text) => text.All(char.IsAsciiHexDigit);

    private static bool IsFour(string text) =>
        text.Split('.') is { Length: 4 } parts
        && parts.All(p =>
            p.Length is > 0 and <= MaxDigits && p.All(char.IsAsciiDigit) && (p.Length == 1 || p[0] != '0')
        );
}
