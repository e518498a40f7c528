// SPDX-License-Identifier: Apache-2.0

using System.Text.RegularExpressions;

namespace SystemContainers.Tests.Fuzz.Targets;

/// <summary>Words that only a programmer understands, and no message may have.</summary>
static partial class ForeignWords
{
    /// <summary>The first of a message; null for none.</summary>
    public static string? Find(string message) =>
        Pattern().Match(message) is { Success: true } found ? found.Value : null;

    // Namespaces, generic types, exceptions, and how the serializers of .NET put things.
    [GeneratedRegex(
        @"\bSystem\.\w+|SystemContainers\.\w+|\w`\d|\w+Exception\b|constructor parameter|nullability|\bnull reference|LineNumber|BytePositionInLine|Path: \$|Parameter '|\(Parameter|Deserialize|JSON value could not|token type|\bTimeSpan\b|\bInt(32|64)\b|\bRemoteCertificate\w+|\bUntrustedRoot\b|SocketError",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Pattern();
}
