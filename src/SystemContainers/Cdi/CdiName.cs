// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Cdi;

/// <summary>A device by its name, <c>VENDOR/CLASS=NAME</c> (Container Device Interface, SPEC.md, "Kind" and "CDI
/// Devices"; podman-run(1), <c>--device</c>).</summary>
/// <param name="Kind"><c>VENDOR/CLASS</c>.</param>
/// <param name="Device">One of those that a specification of the kind has.</param>
sealed record CdiName(string Kind, string Device)
{
    /// <summary>Whether a value of <c>--device</c> is such a name; else it is a path.</summary>
    public static bool IsName(string text) => text is not ['/', ..] && text.Contains('=', StringComparison.Ordinal);

    /// <summary>Reads one.</summary>
    /// <exception cref="FormatException">Says what is wrong.</exception>
    public static CdiName Parse(string text) =>
        text.Split('=', 2) is [var kind, var device]
            ? new(CheckedKind(kind), CheckedDevice(device))
            : throw new FormatException($"'{text}' is not VENDOR/CLASS=NAME");

    /// <summary>A kind, looked at.</summary>
    /// <exception cref="FormatException">Says what is wrong.</exception>
    public static string CheckedKind(string kind) =>
        kind.Split('/') is [var vendor, var type] && IsLabel(vendor) && IsLabel(type)
            ? kind
            : throw new FormatException(
                $"'{kind}' is no kind of devices, VENDOR/CLASS: letters, digits, - _ and . from a letter on"
            );

    /// <summary>A device's own name, looked at.</summary>
    /// <exception cref="FormatException">Says what is wrong.</exception>
    public static string CheckedDevice(string name) =>
        name.Length > 0
        && char.IsAsciiLetterOrDigit(name[0])
        && char.IsAsciiLetterOrDigit(name[^1])
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or ':')
            ? name
            : throw new FormatException($"'{name}' is no name of a device: letters, digits, - _ . and : between them");

    /// <inheritdoc/>
    public override string ToString() => $"{Kind}={Device}";

    private static bool IsLabel(string text) =>
        text.Length > 0
        && char.IsAsciiLetter(text[0])
        && char.IsAsciiLetterOrDigit(text[^1])
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');
}
