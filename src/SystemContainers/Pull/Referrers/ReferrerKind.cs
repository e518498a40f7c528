// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Pull.Referrers;

/// <summary>What kind of thing is attached to an image.</summary>
enum ReferrerKind
{
    /// <summary>A signature of cosign 2 or podman, at the tag <c>.sig</c>.</summary>
    Signature,

    /// <summary>A Sigstore bundle: a signature or attestation of cosign 3.</summary>
    Bundle,

    /// <summary>A statement of in-toto that nobody signed: what BuildKit puts into the index.</summary>
    Statement,

    /// <summary>A signed statement as cosign 2 attached it, at the tag <c>.att</c>.</summary>
    Attestation,

    /// <summary>A bill of materials as cosign 2 attached it, unsigned, at the tag <c>.sbom</c>.</summary>
    Sbom,

    /// <summary>A signature of notation, which is not verified here.</summary>
    Notation,

    /// <summary>Something else.</summary>
    Other,
}
