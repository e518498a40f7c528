// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Oci;
using SystemContainers.Pull.Trust;
using SystemContainers.Reference;

namespace SystemContainers.Pull;

/// <summary>An image whose manifest and config were verified and whose layers the sink has, all of them.</summary>
/// <param name="Reference">The logical name, as resolved; not that of the mirror that served it.</param>
/// <param name="ManifestDigest">Of <paramref name="Manifest"/>: the platform's manifest, not an index that led to
/// it.</param>
/// <param name="Manifest">The bytes as they were fetched.</param>
/// <param name="ConfigDigest">The image's ID.</param>
/// <param name="ConfigBytes">The bytes as they were fetched.</param>
/// <param name="Config">The same, parsed.</param>
/// <param name="DiffIds">The layers, base first; one may stand there twice.</param>
sealed record PulledImage(
    ImageReference Reference,
    Digest ManifestDigest,
    byte[] Manifest,
    Digest ConfigDigest,
    byte[] ConfigBytes,
    ImageConfig Config,
    IReadOnlyList<Digest> DiffIds
)
{
    /// <summary>What an archive or daemon calls the image, as it says it; empty for other places.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>Who proved what was required of it; empty where nothing was.</summary>
    public IReadOnlyList<ImageProof> Proofs { get; init; } = [];

    /// <summary>Manifests of attestations that stand beside it in the index; nobody has judged them.</summary>
    public IReadOnlyList<Digest> Attestations { get; init; } = [];

    /// <summary>Of the rules that its signatures satisfied; null where they asked for none.</summary>
    public string? Judgement { get; init; }
}
