// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Oci;
using SystemContainers.Push.Layers;

namespace SystemContainers.Push;

/// <summary>What of an image is copied.</summary>
/// <param name="Platform">The one image of an index; null for all of them, with the index.</param>
/// <param name="PreserveDigests">Whether a place that can't keep the digest is refused.</param>
/// <param name="IsTyped">Whether the user chose the platform, or all of them; not where it is only this host's.</param>
/// <param name="Compress">How layers are compressed anew; null where they stay what they are.</param>
sealed record CopyChoice(
    Platform? Platform,
    bool PreserveDigests = false,
    bool IsTyped = false,
    Recompression? Compress = null
)
{
    /// <summary>Whether what the registry has about it is copied, too: signatures, attestations, bills of
    /// materials.</summary>
    public bool Recursive { get; init; }
}
