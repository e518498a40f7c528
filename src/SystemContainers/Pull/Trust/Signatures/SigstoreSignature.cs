// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Pull.Trust.Signatures;

/// <summary>What sigstore attaches to an image: a signature, or something else that is told by its media
/// type.</summary>
/// <param name="Where">As of <see cref="ImageSignature"/>.</param>
/// <param name="MediaType">The layer's.</param>
/// <param name="Payload">The layer, which is what is signed.</param>
/// <param name="Annotations">The layer's: the signature, the certificate, the log's promise.</param>
sealed record SigstoreSignature(
    string Where,
    string MediaType,
    byte[] Payload,
    IReadOnlyDictionary<string, string> Annotations
) : ImageSignature(Where);
