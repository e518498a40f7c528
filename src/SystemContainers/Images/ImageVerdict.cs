// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Images;

/// <summary>An image that is as it was pulled; an element of the array that <c>sysctr images verify --json</c>
/// prints.</summary>
/// <param name="Name">The full reference.</param>
/// <param name="Id">The digest of the configuration.</param>
/// <param name="Digest">The digest of the manifest.</param>
/// <param name="Layers">How many layers were read.</param>
/// <param name="Current">The manifest's digest that the source has under this name now; null where it was not
/// asked.</param>
sealed record ImageVerdict(string Name, string Id, string Digest, int Layers, string? Current);
