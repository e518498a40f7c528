// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Inspect;

/// <summary>Another image whose files a container mounts.</summary>
/// <param name="Name">As its mounts name it.</param>
/// <param name="Image">The full reference.</param>
/// <param name="ImageId">The digest of its configuration.</param>
/// <param name="Directory">Its files, in the deployment.</param>
/// <param name="Destinations">Where they are in the container.</param>
sealed record MountedImageReport(
    string Name,
    string Image,
    string ImageId,
    string ManifestDigest,
    string Directory,
    IReadOnlyList<string> Destinations
);
