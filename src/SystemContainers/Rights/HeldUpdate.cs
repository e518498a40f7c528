// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;
using SystemContainers.Oci;

namespace SystemContainers.Rights;

/// <summary>An update that waits for somebody to grant what its image gained. It stands in the record of the deployment
/// in use, which it did not change.</summary>
/// <param name="Image">The image as a full reference.</param>
/// <param name="Digest">The digest of the manifest that is waiting.</param>
/// <param name="Since">When it was held first.</param>
/// <param name="Rights">What it gained and nobody granted.</param>
sealed record HeldUpdate(
    string Image,
    [property: JsonConverter(typeof(DigestConverter))] Digest Digest,
    DateTimeOffset Since,
    IReadOnlyList<Right> Rights
)
{
    /// <summary>The classes to be granted.</summary>
    [JsonIgnore]
    public IEnumerable<string> Classes => (Rights ?? []).Select(r => r.Class).Distinct(StringComparer.Ordinal);
}
