// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Pull.Http;

/// <summary>One GET of the distribution API.</summary>
/// <param name="Doing">"fetching the manifest of X from Y", for messages.</param>
/// <param name="Path">From the registry's root, <c>v2/library/etcd/manifests/latest</c>.</param>
/// <param name="Accept">Media types that we understand; empty for blobs.</param>
/// <param name="Offset">The first byte wanted; above 0 a <c>Range</c> is asked for.</param>
sealed record RegistryRequest(string Doing, string Path, IReadOnlyList<string> Accept, long Offset = 0);
