// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using System.Text.RegularExpressions;

namespace SystemContainers.Errors;

/// <summary>
/// Why a JSON document can't be used, in the words of whoever wrote it: member, reason, line and column from one. The
/// serializer's own messages name types and constructors of ours.
/// </summary>
static partial class JsonFault
{
    /// <summary><c>layers[0].size: a value of another kind belongs there (line 4, column 12)</c>.</summary>
    public static string Of(JsonException fault)
    {
        string reason = Reason(fault);
        string member = Member(fault.Path, fault.Message);
        string place = fault.LineNumber is { } line ? $" (line {line + 1}, column {fault.BytePositionInLine + 1})" : "";
        return (member.Length > 0 ? $"{member}: {reason}" : reason) + place;
    }

    private static string Reason(JsonException fault)
    {
        string message = fault.Message;
        if (message.Contains("nullability", StringComparison.Ordinal))
        {
            return "it must not be null";
        }

        if (Missing().Match(message) is { Success: true } missing)
        {
            return $"it has no {string.Join(", ", Quoted().Matches(missing.Groups["names"].Value).Select(n => n.Groups["name"].Value))}";
        }

        if (
            message.StartsWith("The JSON value could not be converted", StringComparison.Ordinal)
            || message.StartsWith("Cannot get the value of a token type", StringComparison.Ordinal)
        )
        {
            return "a value of another kind belongs there";
        }

        // What the parser says of syntax is plain; it ends in its own idea of the place, which counts from zero.
        int place = message.IndexOf(" Path: ", StringComparison.Ordinal) is >= 0 and int path
            ? path
            : message.IndexOf(" LineNumber: ", StringComparison.Ordinal);
        string plain = (place < 0 ? message : message[..place]).TrimEnd('.', ' ');
        return DotNet().IsMatch(plain) ? "it is not as it has to be" : plain;
    }

    /// <summary><c>$.layers[0].size</c> without what only stands for the document.</summary>
    private static string Member(string? path, string message)
    {
        string member = path is null ? "" : path.TrimStart('$').TrimStart('.');

        // A null that a constructor does not take is told at the object around it.
        return
            message.Contains("nullability", StringComparison.Ordinal)
            && Quoted().Match(message) is { Success: true } name
            && !member.EndsWith(name.Groups["name"].Value, StringComparison.OrdinalIgnoreCase)
            ? member.Length > 0
                ? $"{member}.{name.Groups["name"].Value}"
                : name.Groups["name"].Value
            : member;
    }

    [GeneratedRegex(
        "missing required properties including: (?<names>.*)$",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.Singleline,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Missing();

    [GeneratedRegex(
        "'(?<name>[^']*)'",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Quoted();

    [GeneratedRegex(
        @"System(\.|Containers)|`\d|\bJson[A-Z]|Exception",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex DotNet();
}
