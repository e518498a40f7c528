using SystemContainers.Oci;
using SystemContainers.Store;

namespace SystemContainers.Deploy;

/// <summary>An image whose layers are all in the store.</summary>
/// <param name="Record">The store's ref.</param>
/// <param name="Config">Its configuration.</param>
sealed record StoredImage(ImageRecord Record, ImageConfig Config);
