// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Pull.Http;

/// <summary>One challenge of a <c>WWW-Authenticate</c> header (RFC 9110, 11.6.1).</summary>
/// <param name="Scheme">In lower case, <c>bearer</c> or <c>basic</c>.</param>
/// <param name="Parameters">By name in lower case.</param>
sealed record AuthChallenge(string Scheme, IReadOnlyDictionary<string, string> Parameters)
{
    /// <summary>Longer headers are no challenge that we want to read.</summary>
    private const int MaxLength = 8192;

    /// <summary>All challenges of one header's value. What can't be read ends the list: the server is told nothing it
    /// did not ask for.</summary>
    public static IReadOnlyList<AuthChallenge> Parse(string header)
    {
        List<AuthChallenge> challenges = [];
        if (header.Length > MaxLength)
        {
            return challenges;
        }

        int at = 0;
        while (true)
        {
            SkipSeparators(header, ref at);
            string scheme = Token(header, ref at);
            if (scheme.Length == 0)
            {
                return challenges;
            }

            Dictionary<string, string> parameters = new(StringComparer.Ordinal);
            challenges.Add(new AuthChallenge(scheme.ToLowerInvariant(), parameters));
            if (!ReadParameters(header, ref at, parameters))
            {
                return challenges;
            }
        }
    }

    private static bool ReadParameters(string header, ref int at, Dictionary<string, string> parameters)
    {
        while (true)
        {
            int before = at;
            SkipSeparators(header, ref at);
            string name = Token(header, ref at);
            SkipSpaces(header, ref at);
            if (name.Length == 0)
            {
                return false;
            }

            if (at >= header.Length || header[at] != '=')
            {
                // A word without '=' is the next challenge's scheme.
                at = before;
                return true;
            }

            at++;
            SkipSpaces(header, ref at);
            if (Value(header, ref at) is not { } value)
            {
                return false;
            }

            // The first wins: a second realm must not replace what was looked at.
            parameters.TryAdd(name.ToLowerInvariant(), value);
        }
    }

    private static string? Value(string header, ref int at)
    {
        if (at >= header.Length || header[at] != '"')
        {
            return Token(header, ref at);
        }

        System.Text.StringBuilder value = new();
        for (at++; at < header.Length; at++)
        {
            switch (header[at])
            {
                case '"':
                    at++;
                    return value.ToString();
                case '\\' when at + 1 < header.Length:
                    value.Append(header[++at]);
                    break;
                default:
                    value.Append(header[at]);
                    break;
            }
        }

        return null;
    }

    private static string Token(string header, ref int at)
    {
        int start = at;
        while (
            at < header.Length && (char.IsAsciiLetterOrDigit(header[at]) || "!#$%&'*+-.^_`|~/:".Contains(header[at]))
        )
        {
            at++;
        }

        return header[start..at];
    }

    private static void SkipSeparators(string header, ref int at)
    {
        while (at < header.Length && header[at] is (' ' or '\t' or ','))
        {
            at++;
        }
    }

    private static void SkipSpaces(string header, ref int at)
    {
        while (at < header.Length && header[at] is (' ' or '\t'))
        {
            at++;
        }
    }
}
