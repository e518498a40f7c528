// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Oci;
using SystemContainers.Pull.Trust;

namespace SystemContainers.Push;

/// <summary>What a copy came to.</summary>
/// <param name="Source">The digest of what was copied, as the source has it: an index, where all of it was.</param>
/// <param name="Digest">The digest that the destination has; null where it has no manifests.</param>
/// <param name="Images">How many images, those of an index one by one.</param>
/// <param name="Blobs">How many blobs were sent.</param>
/// <param name="Present">How many blobs were there already.</param>
sealed record CopiedImage(Digest Source, Digest? Digest, int Images, int Blobs, long Bytes, int Present)
{
    /// <summary>How many manifests of what is attached to it were copied.</summary>
    public int Attached { get; init; }

    /// <summary>What is said to be attached to it and was not copied, with the reason.</summary>
    public IReadOnlyList<string> Passed { get; init; } = [];

    /// <summary>Who proved what was required of it.</summary>
    public IReadOnlyList<ImageProof> Proofs { get; init; } = [];
}
