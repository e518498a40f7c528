// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Oci;

namespace SystemContainers.Pull.Referrers;

/// <summary>One thing that a registry has about an image. Nothing of it is to be trusted: whoever may push may
/// attach.</summary>
/// <param name="Subject">The manifest or index that it is about.</param>
/// <param name="Type">The predicate's type of a statement, the media type of anything else; as its author wrote
/// it.</param>
/// <param name="Blob">Where its document is.</param>
/// <param name="Annotations">The layer's.</param>
sealed record Referrer(
    ReferrerKind Kind,
    Digest Subject,
    string Type,
    Descriptor Blob,
    IReadOnlyDictionary<string, string> Annotations
)
{
    /// <summary>Whether what it says is signed, by whomever.</summary>
    public bool IsSigned =>
        Kind is ReferrerKind.Signature or ReferrerKind.Bundle or ReferrerKind.Attestation or ReferrerKind.Notation;

    /// <summary>Whether it is a bill of materials, by its type.</summary>
    public bool IsSbom => Kind == ReferrerKind.Sbom || SbomTypes.IsSbom(Type);
}
