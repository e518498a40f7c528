// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Trust;

/// <summary>A rule; an element of the array that <c>sysctr trust show --json</c> prints.</summary>
/// <param name="Transport">Of containers-transports(5), or <c>default</c>.</param>
/// <param name="Scope">The scope; the empty one is all of the transport.</param>
/// <param name="File">Which one says it.</param>
sealed record TrustReport(string Transport, string Scope, string File)
{
    /// <summary>What has to hold, all of it.</summary>
    public required IReadOnlyList<string> Requirements { get; init; }

    /// <summary>Whether sigstore's signatures in the registry are looked for; null where registries.d has no
    /// say.</summary>
    public bool? Attachments { get; init; }
}
