// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Tests.Fakes;

/// <summary>What a client sent, headers by name in lower case.</summary>
public sealed record FakeRequest(
    string Method,
    string Path,
    string Query,
    IReadOnlyDictionary<string, string> Headers,
    string Body
)
{
    public string? Header(string name) => Headers.GetValueOrDefault(name.ToLowerInvariant());

    /// <summary>The N of <c>Range: bytes=N-M</c>; M need not be there.</summary>
    public long RangeStart => Header("range") is { } range ? long.Parse(range["bytes=".Length..].Split('-')[0]) : 0;

    /// <summary>The byte behind M; null where there is none.</summary>
    public long? RangeEnd => Header("range")?.Split('-') is [_, { Length: > 0 } last] ? long.Parse(last) + 1 : null;
}
