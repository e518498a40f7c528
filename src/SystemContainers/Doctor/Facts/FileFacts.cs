// SPDX-License-Identifier: Apache-2.0

using Microsoft.Win32.SafeHandles;
using SystemContainers.Linux;
using SystemContainers.Linux.Native;

namespace SystemContainers.Doctor.Facts;

/// <summary>Whose a file is and who may what with it (statx(2)).</summary>
/// <param name="Uid">Owner.</param>
/// <param name="Mode">0 to 07777.</param>
/// <param name="IsLink">Whether it is a symbolic link.</param>
/// <param name="Inode">Its number on its device.</param>
/// <param name="Device">Major and minor number.</param>
sealed record FileFacts(uint Uid, int Mode, bool IsLink, ulong Inode, (uint Major, uint Minor) Device)
{
    /// <summary>Of a path, whose last part is not followed; null where there is nothing, or it can't be looked
    /// at.</summary>
    public static FileFacts? Of(string path)
    {
        using SafeFileHandle file = Libc.open(path, OpenFlags.Path | OpenFlags.NoFollow | OpenFlags.CloseOnExec, 0);
        return
            !file.IsInvalid && Libc.statx(file, "", Libc.AT_EMPTY_PATH, Libc.STATX_BASIC_STATS, out statx_t stat) == 0
            ? new FileFacts(
                stat.stx_uid,
                stat.stx_mode & 0xfff,
                (stat.stx_mode & Libc.S_IFMT) == Libc.S_IFLNK,
                stat.stx_ino,
                (stat.stx_dev_major, stat.stx_dev_minor)
            )
            : null;
    }
}
