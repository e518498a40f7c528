// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Pull.Sources;

/// <summary>A file or link in an archive.</summary>
/// <param name="Start">Where the content begins in the archive; null for one that is not in one piece (a sparse file, a
/// device).</param>
/// <param name="Size">Bytes of content.</param>
/// <param name="Target">What a link leads to, as a clean path in the archive; null for a file.</param>
sealed record ArchiveMember(long? Start, long Size, string? Target);
