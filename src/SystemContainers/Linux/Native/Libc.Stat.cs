// SPDX-License-Identifier: Apache-2.0

using Microsoft.Win32.SafeHandles;
using Tmds.Linux;

namespace SystemContainers.Linux.Native;

/// <summary>sys/stat.h and sys/statvfs.h: what makes and describes files.</summary>
static unsafe partial class Libc
{
    internal static uint STATX_BASIC_STATS => LibC.STATX_BASIC_STATS;
    internal static uint S_IFMT => (ushort)LibC.S_IFMT;
    internal static uint S_IFDIR => (ushort)LibC.S_IFDIR;
    internal static uint S_IFREG => (ushort)LibC.S_IFREG;
    internal static uint S_IFLNK => (ushort)LibC.S_IFLNK;
    internal static uint S_IFIFO => (ushort)LibC.S_IFIFO;
    internal static uint S_IFCHR => (ushort)LibC.S_IFCHR;
    internal static uint S_IFBLK => (ushort)LibC.S_IFBLK;
    internal static ulong ST_RDONLY => (ulong)LibC.ST_RDONLY;

    internal static int mkdir(string path, uint mode)
    {
        fixed (byte* bytes = CString.Of(path))
        {
            return LibC.mkdir(bytes, (ushort)mode);
        }
    }

    internal static int mkdirat(SafeFileHandle directory, byte* name, uint mode)
    {
        using Held held = new(directory);
        return LibC.mkdirat(held.Value, name, (ushort)mode);
    }

    internal static int mknodat(SafeFileHandle directory, byte* name, uint mode, ulong device)
    {
        using Held held = new(directory);
        return LibC.mknodat(held.Value, name, (ushort)mode, device);
    }

    /// <summary>A device's number (gnu_dev_makedev of sys/sysmacros.h).</summary>
    internal static ulong makedev(uint major, uint minor) =>
        (ulong)(minor & 0xff)
        | ((ulong)(major & 0xfff) << 8)
        | ((ulong)(minor & 0xffffff00) << 12)
        | ((ulong)(major & 0xfffff000) << 32);

    internal static int fchmod(SafeFileHandle fd, uint mode)
    {
        using Held held = new(fd);
        return LibC.fchmod(held.Value, (ushort)mode);
    }

    internal static int fchmodat(SafeFileHandle directory, byte* name, uint mode, int flags)
    {
        using Held held = new(directory);
        return LibC.fchmodat(held.Value, name, (ushort)mode, flags);
    }

    /// <param name="fd">An open file or directory.</param>
    /// <param name="times">Access and modification time.</param>
    internal static int futimens(SafeFileHandle fd, timespec* times)
    {
        using Held held = new(fd);
        return LibC.futimens(held.Value, times);
    }

    /// <param name="directory">An open directory.</param>
    /// <param name="name">Relative to it.</param>
    /// <param name="times">Access and modification time.</param>
    /// <param name="flags">AT_SYMLINK_NOFOLLOW or 0.</param>
    internal static int utimensat(SafeFileHandle directory, byte* name, timespec* times, int flags)
    {
        using Held held = new(directory);
        return LibC.utimensat(held.Value, name, times, flags);
    }

    /// <param name="directory">An open file, also one opened with O_PATH.</param>
    /// <param name="path">Empty, with AT_EMPTY_PATH: the open file itself.</param>
    /// <param name="flags">AT_ flags.</param>
    /// <param name="mask">STATX_BASIC_STATS.</param>
    /// <param name="result">What is filled in.</param>
    internal static int statx(SafeFileHandle directory, string path, int flags, uint mask, out statx_t result)
    {
        fixed (byte* bytes = CString.Of(path))
        {
            return statx(directory, bytes, flags, mask, out result);
        }
    }

    /// <param name="directory">An open directory.</param>
    /// <param name="name">Relative to it, zero-terminated.</param>
    /// <param name="flags">AT_SYMLINK_NOFOLLOW or 0.</param>
    /// <param name="mask">STATX_BASIC_STATS.</param>
    /// <param name="result">What is filled in.</param>
    internal static int statx(SafeFileHandle directory, byte* name, int flags, uint mask, out statx_t result)
    {
        using Held held = new(directory);
        result = default;
        fixed (statx_t* pointer = &result)
        {
            return LibC.statx(held.Value, name, flags, mask, pointer);
        }
    }

    internal static int statvfs(string path, out statvfs_t result)
    {
        result = default;
        fixed (byte* bytes = CString.Of(path))
        fixed (statvfs_t* pointer = &result)
        {
            return LibC.statvfs(bytes, pointer);
        }
    }
}
