// SPDX-License-Identifier: Apache-2.0

using System.Runtime.InteropServices;

namespace SystemContainers.Chunked;

/// <summary>A piece of a layer's blob that is one compressed document.</summary>
/// <param name="Offset">Where it begins.</param>
/// <param name="Length">Its bytes there.</param>
/// <param name="PlainLength">Its bytes unpacked.</param>
[StructLayout(LayoutKind.Auto)]
readonly record struct BlobPart(long Offset, long Length, long PlainLength)
{
    /// <summary>The byte behind it.</summary>
    public long End => Offset + Length;
}
