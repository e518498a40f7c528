// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;
using SystemContainers.Oci;

namespace SystemContainers.State;

/// <summary>
/// An update that was rolled back because its image was not well. It stands in the record of the deployment in use, and
/// keeps automatic updates from stopping what is well for the same image every night; a later image, or somebody who
/// asks for the update, is not kept.
/// </summary>
/// <param name="Image">The image as a full reference.</param>
/// <param name="Digest">The digest of its manifest.</param>
/// <param name="Reason">Why, in a line.</param>
sealed record FailedUpdate(
    string Image,
    [property: JsonConverter(typeof(DigestConverter))] Digest Digest,
    DateTimeOffset At,
    string Reason
)
{
    /// <summary>The digests of the manifests of other images that it mounts; null where it mounts none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<Digest>? Mounted { get; init; }

    /// <summary>Whether it is of these images.</summary>
    /// <param name="manifests">The digests of their manifests, the container's own first.</param>
    public bool IsOf(IEnumerable<Digest> manifests) => manifests.SequenceEqual([Digest, .. Mounted ?? []]);
}
