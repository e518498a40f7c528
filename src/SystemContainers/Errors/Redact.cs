// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Errors;

/// <summary>Makes what comes from the net fit for a message: no secrets, no control of the terminal, no
/// novels.</summary>
static class Redact
{
    private const int MaxLength = 200;

    /// <summary>
    /// Scheme, host and path. Query strings of storage services carry signatures that are as good as a password for
    /// minutes, and user info is one.
    /// </summary>
    public static string Url(Uri uri) =>
        Text(
            uri.IsAbsoluteUri
                ? $"{uri.Scheme}://{uri.Authority}{uri.AbsolutePath}"
                : uri.OriginalString.Split('?', '#')[0]
        );

    /// <summary>One line of printable text.</summary>
    public static string Text(string text)
    {
        string head = text.Length > MaxLength ? text[..MaxLength] + "…" : text;
        return string.Concat(head.Select(c => char.IsControl(c) || char.IsSurrogate(c) || IsDirection(c) ? ' ' : c))
            .Trim();
    }

    // Unicode's direction marks reorder what a terminal shows.
    private static bool IsDirection(char c) => c is (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069');
}
