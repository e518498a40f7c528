// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Linux.Verity;

namespace SystemContainers.Mounts;

/// <summary>The files of a container or image, as they are there.</summary>
/// <param name="Path">A directory; with a digest an image of a tree's metadata, which
/// <see cref="Composefs.Mounting.ComposefsMount"/> mounts.</param>
/// <param name="Digest">The digest that the image has to have; null for a directory.</param>
/// <param name="Objects">Where the contents of its files are.</param>
sealed record SourceTree(string Path, VerityDigest? Digest = null, string Objects = "");
