using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace SystemContainers.Linux.Native;

/// <summary>sys/stat.h, and what else makes and describes files by directory handle and byte name.</summary>
static unsafe partial class Libc
{
    internal const int AT_FDCWD = -100;
    internal const int AT_SYMLINK_NOFOLLOW = 0x100;
    internal const int AT_EMPTY_PATH = 0x1000;

    internal const uint S_IFIFO = 0x1000;
    internal const uint S_IFCHR = 0x2000;
    internal const uint S_IFBLK = 0x6000;

    internal const uint RENAME_NOREPLACE = 1;
    internal const uint RENAME_EXCHANGE = 2;

    [StructLayout(LayoutKind.Sequential)]
    internal struct timespec
    {
        internal long tv_sec;
        internal long tv_nsec;
    }

    [LibraryImport(Library, SetLastError = true)]
    internal static partial SafeFileHandle openat(SafeFileHandle directory, byte* name, int flags, uint mode);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int mkdirat(SafeFileHandle directory, byte* name, uint mode);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int linkat(SafeFileHandle oldDirectory, byte* oldName, SafeFileHandle newDirectory, byte* newName, int flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int symlinkat(byte* target, SafeFileHandle directory, byte* name);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int mknodat(SafeFileHandle directory, byte* name, uint mode, ulong device);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int rename(string oldPath, string newPath);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int renameat2(
        SafeFileHandle oldDirectory, byte* oldName, SafeFileHandle newDirectory, byte* newName, uint flags);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int renameat2(
        SafeFileHandle oldDirectory, string oldName, SafeFileHandle newDirectory, string newName, uint flags);

    internal const int W_OK = 2;

    /// <param name="path">What is asked about; links are followed.</param>
    /// <param name="mode">W_OK.</param>
    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int access(string path, int mode);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int link(string oldPath, string newPath);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int faccessat(SafeFileHandle directory, byte* name, int mode, int flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int fchownat(SafeFileHandle directory, byte* name, uint owner, uint group, int flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int fchmod(SafeFileHandle fd, uint mode);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int fchmodat(SafeFileHandle directory, byte* name, uint mode, int flags);

    /// <param name="fd">An open file or directory.</param>
    /// <param name="times">Access and modification time.</param>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial int futimens(SafeFileHandle fd, timespec* times);

    /// <param name="directory">An open directory.</param>
    /// <param name="name">Relative to it.</param>
    /// <param name="times">Access and modification time.</param>
    /// <param name="flags">AT_SYMLINK_NOFOLLOW or 0.</param>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial int utimensat(SafeFileHandle directory, byte* name, timespec* times, int flags);
}
