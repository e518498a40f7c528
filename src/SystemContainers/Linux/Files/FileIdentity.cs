// SPDX-License-Identifier: Apache-2.0

using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Linux.Native;

namespace SystemContainers.Linux.Files;

/// <summary>Which file it is, whatever its names are.</summary>
/// <param name="Major">Of the file system's device.</param>
/// <param name="Minor">Of the file system's device.</param>
/// <param name="Inode">The inode's number.</param>
[StructLayout(LayoutKind.Auto)]
readonly record struct FileIdentity(uint Major, uint Minor, ulong Inode)
{
    public static FileIdentity Of(in statx_t stat) => new(stat.stx_dev_major, stat.stx_dev_minor, stat.stx_ino);

    /// <summary>What a path leads to; null where it leads nowhere.</summary>
    /// <exception cref="LinuxException">It can't be told.</exception>
    public static FileIdentity? Find(string path)
    {
        using SafeFileHandle handle = Libc.open(path, OpenFlags.Path | OpenFlags.CloseOnExec, 0);
        if (handle.IsInvalid)
        {
            LinuxException failed = LinuxException.Last("open", path);
            return failed.Errno is Errno.ENOENT or Errno.ENOTDIR ? null : throw failed;
        }

        return Libc.statx(handle, "", Libc.AT_EMPTY_PATH, Libc.STATX_BASIC_STATS, out statx_t stat) == 0
            ? Of(stat)
            : throw LinuxException.Last("statx", path);
    }

    /// <summary>The file system of a path that is there; its inode says nothing.</summary>
    /// <exception cref="LinuxException">There is no such path, or it can't be told.</exception>
    public static FileIdentity FileSystemOf(string path) =>
        Find(path) is { } there ? there with { Inode = 0 } : throw new LinuxException("open", path, Errno.ENOENT);

    /// <summary>Whether a file can move from one directory to the other by rename(2): both are on one file system or
    /// subvolume, in one mount of it.</summary>
    /// <exception cref="LinuxException">One is not there, or it can't be told.</exception>
    public static bool CanMove(string directory, string other) => MountOf(directory) == MountOf(other);

    private static (ulong Mount, uint Major, uint Minor) MountOf(string directory)
    {
        using SafeFileHandle handle = Libc.open(directory, OpenFlags.Path | OpenFlags.CloseOnExec, 0);
        return
            !handle.IsInvalid
            && Libc.statx(handle, "", Libc.AT_EMPTY_PATH, Libc.STATX_BASIC_STATS | Libc.STATX_MNT_ID, out statx_t stat)
                == 0
            ? (Libc.MountId(stat), stat.stx_dev_major, stat.stx_dev_minor)
            : throw LinuxException.Last("statx", directory);
    }
}
