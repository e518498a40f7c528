using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace SystemContainers.Linux.Native;

/// <summary>sys/statvfs.h and fallocate(2).</summary>
static unsafe partial class Libc
{
    internal const ulong ST_RDONLY = 1;

    /// <summary>glibc's struct statvfs on 64-bit Linux.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct statvfs_t
    {
        internal ulong f_bsize;
        internal ulong f_frsize;
        internal ulong f_blocks;
        internal ulong f_bfree;
        internal ulong f_bavail;
        internal ulong f_files;
        internal ulong f_ffree;
        internal ulong f_favail;
        internal ulong f_fsid;
        internal ulong f_flag;
        internal ulong f_namemax;
        internal fixed int reserved[6];
    }

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int statvfs(string path, out statvfs_t result);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int fallocate(SafeFileHandle fd, int mode, long offset, long length);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int ftruncate(SafeFileHandle fd, long length);
}
