// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Oci;

namespace SystemContainers.Pull.Referrers;

/// <summary>What a registry has about an image.</summary>
/// <param name="Root">The manifest or index that the name leads to; of what is installed the manifest, where the name
/// leads elsewhere now.</param>
/// <param name="Manifest">The manifest of the platform that was asked about; the same where there is no index.</param>
/// <param name="All">What is attached to either.</param>
sealed record ReferrerList(Digest Root, Digest Manifest, IReadOnlyList<Referrer> All);
