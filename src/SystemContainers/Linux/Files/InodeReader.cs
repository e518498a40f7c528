// SPDX-License-Identifier: Apache-2.0

using System.Text;

namespace SystemContainers.Linux.Files;

/// <summary>Compares an inode with the metadata that <see cref="InodeWriter"/> gave it.</summary>
static class InodeReader
{
    /// <summary>The first difference in words, such as <c>mode 0777 instead of 0755</c>; null where there is
    /// none.</summary>
    /// <param name="wanted">What the inode got.</param>
    /// <param name="stat">What it has now.</param>
    /// <param name="xattrs">Its attributes now, in ordinal order.</param>
    /// <param name="hostXattrs">Names of attributes that the host gives files, which do not count.</param>
    /// <param name="hasMode">False for a symbolic link, which has none of its own.</param>
    public static string? Difference(
        FileMetadata wanted,
        in statx_t stat,
        IReadOnlyList<FileXattr> xattrs,
        byte[][] hostXattrs,
        bool hasMode = true
    )
    {
        int mode = stat.stx_mode & 0xfff;
        if (hasMode && mode != wanted.Mode)
        {
            return $"mode {Octal(mode)} instead of {Octal(wanted.Mode)}";
        }

        if (stat.stx_uid != wanted.Uid || stat.stx_gid != wanted.Gid)
        {
            return $"owner {stat.stx_uid}:{stat.stx_gid} instead of {wanted.Uid}:{wanted.Gid}";
        }

        if (
            (stat.stx_mtime.tv_sec != wanted.MtimeSeconds || stat.stx_mtime.tv_nsec != wanted.MtimeNanoseconds)
            && !IsCut(wanted, stat.stx_mtime)
        )
        {
            return $"modification time {stat.stx_mtime.tv_sec}.{stat.stx_mtime.tv_nsec:d9} instead of {wanted.MtimeSeconds}.{wanted.MtimeNanoseconds:d9}";
        }

        FileXattr[] counted = [.. xattrs.Where(x => !Array.Exists(hostXattrs, h => x.Name.AsSpan().SequenceEqual(h)))];
        return counted.Length == wanted.Xattrs.Count && counted.Zip(wanted.Xattrs).All(p => IsSame(p.First, p.Second))
            ? null
            : $"the attributes {Names(counted)} instead of {Names(wanted.Xattrs)}";
    }

    /// <summary>
    /// Whether a file system that can't hold the time would have made this of it: the end of its range, which is no
    /// nearer than 32 bits. What is added to a store is recorded as the disk holds it; this is for stores that were
    /// moved to another, or are older than that.
    /// </summary>
    private static bool IsCut(FileMetadata wanted, in Tmds.Linux.statx_timestamp kept) =>
        kept.tv_nsec == 0
        && (
            (kept.tv_sec >= int.MaxValue && kept.tv_sec < wanted.MtimeSeconds)
            || (kept.tv_sec <= int.MinValue && kept.tv_sec > wanted.MtimeSeconds)
        );

    private static bool IsSame(FileXattr one, FileXattr other) =>
        one.Name.AsSpan().SequenceEqual(other.Name) && one.Value.AsSpan().SequenceEqual(other.Value);

    private static string Octal(int mode) => Convert.ToString(mode, 8).PadLeft(4, '0');

    private static string Names(IReadOnlyList<FileXattr> xattrs) =>
        xattrs.Count == 0 ? "(none)" : string.Join(", ", xattrs.Select(x => Encoding.UTF8.GetString(x.Name)));
}
