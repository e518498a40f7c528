// SPDX-License-Identifier: Apache-2.0

using System.Runtime.InteropServices;

namespace SystemContainers.Chunked;

/// <summary>A piece of an archive as tar-split has it: bytes as they stand there, or the content of a file, which is
/// elsewhere.</summary>
/// <param name="IsFile">Which of the two.</param>
/// <param name="Name">Of a file; null where it is not UTF-8.</param>
/// <param name="Size">Of a file's content.</param>
/// <param name="Bytes">The bytes as they stand there; valid until the next entry is read.</param>
[StructLayout(LayoutKind.Auto)]
readonly record struct TarSplitEntry(bool IsFile, string? Name, long Size, ReadOnlyMemory<byte> Bytes);
