// SPDX-License-Identifier: Apache-2.0

using System.Text.RegularExpressions;

namespace SystemContainers.Errors;

/// <summary>Why a TOML file can't be used, in the words of whoever wrote it. The parser's own messages name types and
/// converters.</summary>
static partial class TomlFault
{
    /// <summary><c>line 3, column 10: a value of another kind belongs there</c>.</summary>
    public static string Of(Exception fault)
    {
        string message = fault.Message.ReplaceLineEndings(" ").Trim();

        // One error has the one that it is made of behind it: the last is the reason.
        Match[] places = Place().Matches(message).ToArray<Match>();
        if (places is not [.., { } last])
        {
            return DotNet().IsMatch(message) ? "it is not as it has to be" : message;
        }

        string reason = message[(last.Index + last.Length)..].Trim().TrimEnd('.');
        return $"line {last.Groups["line"].Value}, column {last.Groups["column"].Value}: "
            + (reason.Length == 0 || DotNet().IsMatch(reason) ? "a value of another kind belongs there" : reason);
    }

    [GeneratedRegex(
        @"\((?<line>\d+),(?<column>\d+)\) : error : ",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Place();

    [GeneratedRegex(
        @"\b(System|SystemContainers|Tomlyn)\.|`\d|Exception|\btype\b|\btoken\b|convert",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex DotNet();
}
