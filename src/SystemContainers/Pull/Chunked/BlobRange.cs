// SPDX-License-Identifier: Apache-2.0

using System.Runtime.InteropServices;

namespace SystemContainers.Pull.Chunked;

/// <summary>Bytes of a blob.</summary>
/// <param name="Start">The first one.</param>
/// <param name="End">The one behind the last.</param>
[StructLayout(LayoutKind.Auto)]
readonly record struct BlobRange(long Start, long End)
{
    public long Length => End - Start;
}
