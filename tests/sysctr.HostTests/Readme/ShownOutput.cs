// SPDX-License-Identifier: Apache-2.0

using System.Text.RegularExpressions;

namespace SystemContainers.HostTests.Readme;

/// <summary>
/// Compares what a text shows with what a command printed. Digests, sizes, times and spans may be others than those
/// that are shown, and columns as wide as they have to be; in place of a text <c>…</c> is any text, and alone on a line
/// it is any lines. All else is as it is shown.
/// </summary>
static partial class ShownOutput
{
    private const string Any = "…";

    /// <summary>Whether the output is what is shown.</summary>
    public static bool IsSame(IReadOnlyList<string> shown, IReadOnlyList<string> printed)
    {
        string[] wanted = [.. shown.Select(Normal)];
        string[] got = [.. printed.Select(Normal)];
        return Matches(wanted, got);
    }

    private static bool Matches(ReadOnlySpan<string> wanted, ReadOnlySpan<string> got)
    {
        if (wanted.IsEmpty)
        {
            return got.IsEmpty;
        }

        if (wanted[0] == Any)
        {
            for (int i = 0; i <= got.Length; i++)
            {
                if (Matches(wanted[1..], got[i..]))
                {
                    return true;
                }
            }

            return false;
        }

        return !got.IsEmpty && MatchesLine(wanted[0], got[0]) && Matches(wanted[1..], got[1..]);
    }

    private static bool MatchesLine(string wanted, string got) =>
        Regex.IsMatch(
            got,
            "^" + string.Join(".*", wanted.Split(Any).Select(Regex.Escape)) + "$",
            RegexOptions.CultureInvariant | RegexOptions.NonBacktracking
        );

    private static string Normal(string line)
    {
        line = Digest().Replace(line, "DIGEST");
        line = Time().Replace(line, "TIME");
        line = Size().Replace(line, "SIZE");
        line = Span().Replace(line, "SPAN");
        return Blanks().Replace(line, " ").TrimEnd();
    }

    [GeneratedRegex(@"\bsha256:[0-9a-f]{64}\b|\b[0-9a-f]{64}\b|\b(?=[0-9a-f]*[0-9])[0-9a-f]{12}\b")]
    private static partial Regex Digest();

    [GeneratedRegex(
        @"((Mon|Tue|Wed|Thu|Fri|Sat|Sun) )?\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?( ?UTC|Z)?|\b(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) +\d+ \d\d:\d\d:\d\d\b"
    )]
    private static partial Regex Time();

    [GeneratedRegex(@"\b\d+(\.\d+)? ?([kKMGT]i?B|B|bytes)\b")]
    private static partial Regex Size();

    [GeneratedRegex(
        @"\b\d+(\.\d+)?(us|ms|s|min|h)( \d+(us|ms|s|min|h))*( ago)?\b|\b\d+ (second|minute|hour|day)s? ago\b|\bjust now\b"
    )]
    private static partial Regex Span();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
}
