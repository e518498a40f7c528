// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Tests.Fakes;

/// <summary>What a client sent, headers by name in lower case.</summary>
public sealed record FakeRequest(
    string Method, string Path, string Query, IReadOnlyDictionary<string, string> Headers, string Body)
{
    public string? Header(string name) => Headers.GetValueOrDefault(name.ToLowerInvariant());

    /// <summary>The N of <c>Range: bytes=N-</c>.</summary>
    public long RangeStart => Header("range") is { } range ? long.Parse(range["bytes=".Length..].TrimEnd('-')) : 0;
}
