// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;
using SystemContainers.Oci;
using SystemContainers.Pull.Trust;

namespace SystemContainers.Store.Records;

/// <summary>A ref: what a name means here, and since when.</summary>
/// <param name="Reference">The full reference.</param>
/// <param name="ManifestDigest">Of the manifest in blobs/.</param>
/// <param name="ConfigDigest">Of the configuration in blobs/; the image's ID.</param>
/// <param name="DiffIds">The layers, base first.</param>
sealed record ImageRecord(
    [property: JsonRequired] string Reference,
    [property: JsonRequired, JsonConverter(typeof(DigestConverter))] Digest ManifestDigest,
    [property: JsonRequired, JsonConverter(typeof(DigestConverter))] Digest ConfigDigest,
    [property: JsonRequired] IReadOnlyList<Digest> DiffIds,
    DateTimeOffset PulledAt
)
{
    /// <summary>Of the rules of policy.json that its signatures satisfied when it was pulled; null where they asked for
    /// none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Judgement { get; init; }

    /// <summary>Who proved what was required of it when it was pulled; null where nothing was.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ImageProof>? Proofs { get; init; }

    /// <summary>Manifests of attestations that stood beside it in the index when it was pulled; null where there were
    /// none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<Digest>? Attestations { get; init; }

    /// <summary>What the image says of its whole tree's digest and was found to hold, <c>ANNOTATION=HEX</c>; null where
    /// it says nothing.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Seal { get; init; }
}
