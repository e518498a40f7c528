// SPDX-License-Identifier: Apache-2.0

using Microsoft.Win32.SafeHandles;
using SystemContainers.Linux.Native;

namespace SystemContainers.Linux.Files;

/// <summary>
/// Opens files that somebody else may have put there: a FIFO or a device at the path is no file, and neither blocks nor
/// does what opening one does (open(2), O_NONBLOCK; fifo(7)).
/// </summary>
static class RegularFile
{
    /// <summary>Opens a file to be read.</summary>
    /// <param name="path">Its path; a link in the last part is not followed.</param>
    /// <returns>Null where something else stands there.</returns>
    /// <exception cref="LinuxException">It can't be opened.</exception>
    public static SafeFileHandle? Open(string path)
    {
        // First without opening it in earnest: even that can wake up a device.
        using SafeFileHandle found = Libc.open(path, OpenFlags.Path | OpenFlags.NoFollow | OpenFlags.CloseOnExec, 0);
        if (found.IsInvalid)
        {
            throw LinuxException.Last("open", path);
        }

        if (!IsRegular(found, path))
        {
            return null;
        }

        SafeFileHandle file = Libc.open(
            $"/proc/self/fd/{found.DangerousGetHandle()}",
            OpenFlags.ReadOnly | OpenFlags.NonBlock | OpenFlags.CloseOnExec,
            0
        );
        return file.IsInvalid ? throw LinuxException.Last("open", path) : file;
    }

    /// <summary>Whether a path is a file or a directory, and no link, FIFO, socket or device.</summary>
    public static bool IsPlain(string path)
    {
        using SafeFileHandle found = Libc.open(path, OpenFlags.Path | OpenFlags.NoFollow | OpenFlags.CloseOnExec, 0);
        return !found.IsInvalid
            && Libc.statx(found, "", Libc.AT_EMPTY_PATH, Libc.STATX_BASIC_STATS, out statx_t stat) == 0
            && ((stat.stx_mode & Libc.S_IFMT) == Libc.S_IFREG || (stat.stx_mode & Libc.S_IFMT) == Libc.S_IFDIR);
    }

    private static bool IsRegular(SafeFileHandle file, string shown) =>
        Libc.statx(file, "", Libc.AT_EMPTY_PATH, Libc.STATX_BASIC_STATS, out statx_t stat) == 0
            ? (stat.stx_mode & Libc.S_IFMT) == Libc.S_IFREG
            : throw LinuxException.Last("statx", shown);
}
