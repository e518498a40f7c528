// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Tar;

/// <summary>How much of anything an archive may claim before we call it hostile.</summary>
static class TarLimits
{
    /// <summary>One pax header or GNU long name, in bytes (as Go's archive/tar limits it).</summary>
    public const int MaxHeaderBytes = 1 << 20;

    /// <summary>All global pax headers of an archive together, in bytes: they are kept to its end.</summary>
    public const int MaxGlobalBytes = 16 << 20;

    /// <summary>A path or a link's target, in bytes (PATH_MAX less the final zero).</summary>
    public const int MaxNameBytes = 4095;

    /// <summary>One name between two slashes, in bytes (NAME_MAX).</summary>
    public const int MaxComponentBytes = 255;

    /// <summary>Entries in one layer.</summary>
    public const int MaxEntries = 1_000_000;

    /// <summary>
    /// Names, targets and attributes of all entries of a layer together with <see cref="EntryBytes"/> for each, in
    /// bytes: repeated ones pack a thousand to one, and a layer's index holds them all in memory. The largest layers in
    /// the wild have 30 MiB of it.
    /// </summary>
    public const long MaxMetadataBytes = 256L << 20;

    /// <summary>What an entry costs in memory however short its name is, in bytes.</summary>
    public const int EntryBytes = 256;

    /// <summary>What an attribute costs in memory however short it is, in bytes.</summary>
    public const int XattrBytes = 64;

    /// <summary>Records in one pax header, those of a sparse map aside.</summary>
    public const int MaxPaxRecords = 1000;

    /// <summary>Extended attributes of one entry.</summary>
    public const int MaxXattrs = 100;

    /// <summary>The name of one, in bytes (XATTR_NAME_MAX).</summary>
    public const int MaxXattrNameBytes = 255;

    /// <summary>All of an entry, names and values, in bytes (XATTR_SIZE_MAX is the kernel's for one value; a file
    /// system may take less).</summary>
    public const int MaxXattrTotalBytes = 64 << 10;

    /// <summary>A layer unpacked, in bytes, with what follows the archive's end: zeros pack ten thousand to
    /// one.</summary>
    public const long MaxArchiveBytes = 256L << 30;

    /// <summary>A file with holes, unpacked, in bytes: its zeros cost the archive's author nothing.</summary>
    public const long MaxSparseBytes = 64L << 30;
}
