// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Oci;
using SystemContainers.Store;
using SystemContainers.Store.Records;

namespace SystemContainers.Images;

/// <summary>An image whose layers are all in the store.</summary>
/// <param name="Record">The store's ref.</param>
sealed record StoredImage(ImageRecord Record, ImageConfig Config, ContentStore Store)
{
    /// <summary>Other images that its container mounts, by the names that its mounts have for them.</summary>
    public IReadOnlyDictionary<string, StoredImage> Mounted { get; init; } = new Dictionary<string, StoredImage>();
}
