// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Pull.Trust;

/// <summary>A section of registries.d: where the signatures of some images are.</summary>
/// <param name="Lookaside">A URL of their storage; null where it says nothing about it.</param>
/// <param name="UsesAttachments">Whether the registry has sigstore's beside the image; null where it says nothing about
/// it.</param>
/// <param name="File">Where it stands.</param>
sealed record SignatureNamespace(string? Lookaside, bool? UsesAttachments, string File);
