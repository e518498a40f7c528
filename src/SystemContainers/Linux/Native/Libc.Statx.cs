using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace SystemContainers.Linux.Native;

/// <summary>statx(2), whose structure is the same on every architecture.</summary>
static unsafe partial class Libc
{
    internal const uint STATX_BASIC_STATS = 0x7ff;

    internal const uint S_IFMT = 0xf000;
    internal const uint S_IFDIR = 0x4000;
    internal const uint S_IFREG = 0x8000;
    internal const uint S_IFLNK = 0xa000;

    [StructLayout(LayoutKind.Sequential)]
    internal struct statx_timestamp
    {
        internal long tv_sec;
        internal uint tv_nsec;
        internal int padding;
    }

    [StructLayout(LayoutKind.Sequential, Size = 256)]
    internal struct statx_t
    {
        internal uint stx_mask;
        internal uint stx_blksize;
        internal ulong stx_attributes;
        internal uint stx_nlink;
        internal uint stx_uid;
        internal uint stx_gid;
        internal ushort stx_mode;
        internal ushort padding;
        internal ulong stx_ino;
        internal ulong stx_size;
        internal ulong stx_blocks;
        internal ulong stx_attributes_mask;
        internal statx_timestamp stx_atime;
        internal statx_timestamp stx_btime;
        internal statx_timestamp stx_ctime;
        internal statx_timestamp stx_mtime;
        internal uint stx_rdev_major;
        internal uint stx_rdev_minor;
        internal uint stx_dev_major;
        internal uint stx_dev_minor;
    }

    /// <param name="directory">An open file, also one opened with O_PATH.</param>
    /// <param name="path">Empty, with AT_EMPTY_PATH: the open file itself.</param>
    /// <param name="flags">AT_ flags.</param>
    /// <param name="mask">STATX_BASIC_STATS.</param>
    /// <param name="result">What is filled in.</param>
    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int statx(SafeFileHandle directory, string path, int flags, uint mask, out statx_t result);

    /// <param name="directory">An open directory.</param>
    /// <param name="name">Relative to it, zero-terminated.</param>
    /// <param name="flags">AT_SYMLINK_NOFOLLOW or 0.</param>
    /// <param name="mask">STATX_BASIC_STATS.</param>
    /// <param name="result">What is filled in.</param>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial int statx(SafeFileHandle directory, byte* name, int flags, uint mask, out statx_t result);

    /// <param name="directory">An open directory.</param>
    /// <param name="name">A symbolic link in it, zero-terminated.</param>
    /// <param name="text">Gets the target, without a zero.</param>
    /// <param name="size">Bytes there.</param>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint readlinkat(SafeFileHandle directory, byte* name, byte* text, nuint size);
}
