// SPDX-License-Identifier: Apache-2.0

using Microsoft.Win32.SafeHandles;
using Tmds.Linux;

namespace SystemContainers.Linux.Native;

/// <summary>fcntl.h, and openat2(2), which libc does not wrap.</summary>
static unsafe partial class Libc
{
    internal static int AT_FDCWD => LibC.AT_FDCWD;
    internal static int AT_SYMLINK_NOFOLLOW => LibC.AT_SYMLINK_NOFOLLOW;
    internal static int AT_EMPTY_PATH => LibC.AT_EMPTY_PATH;
    internal static int AT_REMOVEDIR => LibC.AT_REMOVEDIR;
    internal static int F_SETFD => LibC.F_SETFD;
    internal static int F_GETFL => LibC.F_GETFL;
    internal static int FD_CLOEXEC => LibC.FD_CLOEXEC;
    internal static ulong RESOLVE_NO_XDEV => LibC.RESOLVE_NO_XDEV;
    internal static ulong RESOLVE_NO_MAGICLINKS => LibC.RESOLVE_NO_MAGICLINKS;
    internal static ulong RESOLVE_NO_SYMLINKS => LibC.RESOLVE_NO_SYMLINKS;
    internal static ulong RESOLVE_BENEATH => LibC.RESOLVE_BENEATH;
    internal static ulong RESOLVE_IN_ROOT => LibC.RESOLVE_IN_ROOT;

    internal static SafeFileHandle open(string path, int flags, uint mode) => Own(Open(path, flags, mode));

    /// <summary>The same without a handle that closes it: for a descriptor that a program executed by this process
    /// gets.</summary>
    internal static int open_inherited(string path, int flags) => Open(path, flags, 0);

    internal static SafeFileHandle openat(SafeFileHandle directory, byte* name, int flags, uint mode)
    {
        using Held held = new(directory);
        return Own(LibC.openat(held.Value, name, flags, (ushort)mode));
    }

    /// <returns>A descriptor, or -1.</returns>
    internal static nint openat2(SafeFileHandle directory, byte* name, in open_how how)
    {
        using Held held = new(directory);
        fixed (open_how* pointer = &how)
        {
            return LibC.openat2(held.Value, name, pointer, sizeof(open_how));
        }
    }

    internal static int fcntl(int fd, int command, int value) => LibC.fcntl(fd, command, value);

    internal static int fallocate(SafeFileHandle fd, int mode, long offset, long length)
    {
        using Held held = new(fd);
        return LibC.fallocate(held.Value, mode, offset, length);
    }

    private static int Open(string path, int flags, uint mode)
    {
        fixed (byte* bytes = CString.Of(path))
        {
            return LibC.open(bytes, flags, (ushort)mode);
        }
    }
}
