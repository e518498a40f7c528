using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace SystemContainers.Linux.Native;

/// <summary>sys/xattr.h.</summary>
static unsafe partial class Libc
{
    [LibraryImport(Library, SetLastError = true)]
    internal static partial int fsetxattr(SafeFileHandle fd, byte* name, byte* value, nuint size, int flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int fremovexattr(SafeFileHandle fd, byte* name);

    /// <param name="path">A path whose last part is not followed.</param>
    /// <param name="name">Attribute, zero-terminated.</param>
    /// <param name="value">Any bytes.</param>
    /// <param name="size">How many.</param>
    /// <param name="flags">0: create or replace.</param>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial int lsetxattr(byte* path, byte* name, byte* value, nuint size, int flags);

    /// <param name="path">A path whose last part is followed.</param>
    /// <param name="names">Gets zero-terminated names; may be empty to ask for the size.</param>
    /// <param name="size">Bytes there.</param>
    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint listxattr(string path, byte* names, nuint size);

    /// <param name="path">A path whose last part is followed.</param>
    /// <param name="name">Attribute, zero-terminated.</param>
    /// <param name="value">Gets the value; may be empty to ask for the size.</param>
    /// <param name="size">Bytes there.</param>
    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint getxattr(string path, byte* name, byte* value, nuint size);
}
