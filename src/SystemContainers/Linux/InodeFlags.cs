// SPDX-License-Identifier: Apache-2.0

using Microsoft.Win32.SafeHandles;
using SystemContainers.Linux.Native;

namespace SystemContainers.Linux;

/// <summary>Flags of files and directories, which chattr(1) sets (ioctl_iflags(2)).</summary>
static unsafe class InodeFlags
{
    /// <summary>Takes from a file or directory what keeps it from being removed: immutable and append-only.</summary>
    /// <param name="directory">Open, and not with O_PATH.</param>
    /// <param name="name">What stands there, zero-terminated; a link is not followed.</param>
    /// <param name="withDirectory">Whether the directory is to lose it, too.</param>
    /// <returns>Whether any of it was set, and is no more.</returns>
    public static bool Unprotect(SafeFileHandle directory, byte* name, bool withDirectory)
    {
        bool changed = withDirectory && Clear(directory);
        if (
            Libc.statx(directory, name, Libc.AT_SYMLINK_NOFOLLOW, Libc.STATX_BASIC_STATS, out statx_t stat) != 0
            || ((stat.stx_mode & Libc.S_IFMT) != Libc.S_IFREG && (stat.stx_mode & Libc.S_IFMT) != Libc.S_IFDIR)
        )
        {
            return changed;
        }

        using SafeFileHandle file = Libc.openat(
            directory,
            name,
            OpenFlags.ReadOnly | OpenFlags.NoFollow | OpenFlags.NonBlock | OpenFlags.CloseOnExec,
            0
        );
        return (!file.IsInvalid && Clear(file)) || changed;
    }

    private static bool Clear(SafeFileHandle file)
    {
        // The request says long, and the kernel reads and writes an int.
        long flags = 0;
        if (
            Libc.ioctl(file, Libc.FS_IOC_GETFLAGS, &flags) != 0
            || ((int)flags & (Libc.FS_IMMUTABLE_FL | Libc.FS_APPEND_FL)) == 0
        )
        {
            return false;
        }

        FaultPoint.Pass("ioctl");
        flags = (int)flags & ~(Libc.FS_IMMUTABLE_FL | Libc.FS_APPEND_FL);
        return Libc.ioctl(file, Libc.FS_IOC_SETFLAGS, &flags) == 0;
    }
}
