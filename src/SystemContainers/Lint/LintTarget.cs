// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Oci;

namespace SystemContainers.Lint;

/// <summary>What is checked: an image in the store, or a directory that has its files.</summary>
/// <param name="Name">What a container of it would be called.</param>
/// <param name="Reference">IMAGE_NAME.</param>
/// <param name="Prefix">What stands before a path of the image in messages.</param>
sealed record LintTarget(string Name, string Reference, IImageFiles Files, ImageConfig Image, string Prefix);
