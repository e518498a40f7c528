// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Chunked;

/// <summary>How much of a table of contents and a tar-split we take; a layer that has more of it is fetched
/// whole.</summary>
static class ChunkedLimits
{
    /// <summary>Either of the two as it is transferred, in bytes: half a million files have less.</summary>
    public const int MaxPackedBytes = 64 << 20;

    /// <summary>A table of contents unpacked, in bytes: it is read in memory. containers-storage takes 150
    /// MiB.</summary>
    public const int MaxTocBytes = 150 << 20;

    /// <summary>A tar-split unpacked, in bytes: it is streamed, and has all of a layer but the content of its
    /// files.</summary>
    public const long MaxTarSplitBytes = 1L << 30;

    /// <summary>How many times smaller than unpacked it may be; text that tells of files packs ten to one, zeros ten
    /// thousand.</summary>
    public const int MaxRatio = 1000;

    /// <summary>Chunks of all files of a layer together: half a million of them make a table of about 100
    /// MiB.</summary>
    public const int MaxChunks = 1_000_000;

    /// <summary>The headers of one entry, in bytes: as base64 they fit in a line.</summary>
    public const int MaxEntryHeaderBytes = 2 << 20;

    /// <summary>One line of a tar-split: the headers of an entry, or a MiB of what follows the archive's end, as
    /// base64.</summary>
    public const int MaxLineBytes = 4 << 20;
}
