// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.State;

/// <summary>An image's name in the store, as the history tells of it.</summary>
/// <param name="Reference">The full reference.</param>
/// <param name="From">The digest of the manifest that it named before; null where the store did not have it.</param>
/// <param name="To">The digest that it names now; null where it is gone, or the pull failed.</param>
sealed record HistoryImage(string Reference, string? From = null, string? To = null);

/// <summary>What a prune took from the store.</summary>
/// <param name="Layers">Indexes of layers.</param>
/// <param name="Files">Objects.</param>
/// <param name="Bytes">What the disk got back.</param>
sealed record HistoryRemoval(int Layers, int Files, long Bytes);
