// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Pull.Http;

/// <summary>One request of the distribution API; a GET, where it does not say otherwise.</summary>
/// <param name="Doing">"fetching the manifest of X from Y", for messages.</param>
/// <param name="Path">From the registry's root, <c>v2/library/etcd/manifests/latest</c>.</param>
/// <param name="Accept">Media types that we understand; empty for blobs.</param>
/// <param name="Offset">The first byte wanted; above 0 a <c>Range</c> is asked for.</param>
sealed record RegistryRequest(string Doing, string Path, IReadOnlyList<string> Accept, long Offset = 0)
{
    /// <summary>What is to be done with it.</summary>
    public HttpMethod Method { get; init; } = HttpMethod.Get;

    /// <summary>The last byte wanted; null for all that there are.</summary>
    public long? Last { get; init; }

    /// <summary>Where the registry itself said that this request is to go to; in place of <see cref="Path"/>.</summary>
    public Uri? Location { get; init; }

    /// <summary>Makes the body; called again for each time that the request is sent. Null for none.</summary>
    public Func<HttpContent>? Content { get; init; }

    /// <summary>How long the answer may take once all was sent, where it is not as for a GET: a registry that takes a
    /// blob reads it once more.</summary>
    public TimeSpan? Patience { get; init; }
}
