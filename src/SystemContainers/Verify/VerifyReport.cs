// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Oci;

namespace SystemContainers.Verify;

/// <summary>A container or image, checked; an element of the array that <c>sysctr verify --json</c> prints.</summary>
/// <param name="Name">The container, or the image's full reference.</param>
/// <param name="Image">The image's full reference.</param>
/// <param name="Checks">In the order in which they were made.</param>
sealed record VerifyReport(string Name, string Image, Digest ManifestDigest, IReadOnlyList<VerifyCheck> Checks)
{
    /// <summary>The deployment that was checked; null for an image.</summary>
    public int? Deployment { get; init; }
}
