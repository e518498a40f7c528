// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Oci;

namespace SystemContainers.Chunked;

/// <summary>A layer's table of contents.</summary>
/// <param name="Files">All its entries in the order of the archive.</param>
/// <param name="TarSplitDigest">Of the tar-split as it is transferred; null where the layer was made without one that
/// counts.</param>
sealed record Toc(IReadOnlyList<TocFile> Files, Digest? TarSplitDigest);
