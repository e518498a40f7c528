// SPDX-License-Identifier: Apache-2.0

using System.Runtime.InteropServices;

namespace SystemContainers.Chunked;

/// <summary>An entry of a layer as its table of contents has it.</summary>
/// <param name="Name">To compare, and for nothing else: names of files come from the archive.</param>
/// <param name="Size">Bytes of content; 0 for what is no regular file.</param>
/// <param name="Chunks">The content, whole and in order; none for an empty file.</param>
sealed record TocFile(string Name, long Size, IReadOnlyList<TocChunk> Chunks);

/// <summary>A piece of a file's content.</summary>
/// <param name="Start">Where in the blob it begins, compressed by itself.</param>
/// <param name="End">The byte behind it.</param>
/// <param name="Size">Its bytes unpacked.</param>
/// <param name="Sum">What it hashes to; nothing for zeros.</param>
/// <param name="IsZeros">Whether it is a hole, which need not be fetched.</param>
[StructLayout(LayoutKind.Auto)]
readonly record struct TocChunk(long Start, long End, long Size, ContentSum Sum, bool IsZeros);
