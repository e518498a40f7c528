using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace SystemContainers.Linux.Native;

/// <summary>dirent.h and unlink, for names that are bytes: System.IO can neither list nor remove a name that is not UTF-8.</summary>
static unsafe partial class Libc
{
    internal const int AT_REMOVEDIR = 0x200;

    /// <summary>Offset of d_name in glibc's struct dirent on 64-bit Linux.</summary>
    internal const int DirentNameOffset = 19;

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint fdopendir(int fd);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial byte* readdir(nint directory);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int closedir(nint directory);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int rmdir(string path);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int mkdir(string path, uint mode);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int unlinkat(SafeFileHandle directory, byte* name, int flags);
}
