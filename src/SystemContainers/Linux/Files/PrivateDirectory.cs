// SPDX-License-Identifier: Apache-2.0

using Microsoft.Win32.SafeHandles;
using SystemContainers.Errors;
using SystemContainers.Linux.Native;

namespace SystemContainers.Linux.Files;

/// <summary>A directory that nobody but its owner looks into or makes names in.</summary>
static class PrivateDirectory
{
    private const uint OwnerOnly = 0b111_000_000;

    /// <summary>Makes a directory, or takes one that is there for its owner alone; its parent is there, and nobody's
    /// but root's or the caller's.</summary>
    /// <param name="path">Absolute.</param>
    /// <exception cref="SysctrException">Host: something stands there that is not ours, or a link does.</exception>
    /// <exception cref="LinuxException">It can't be made.</exception>
    public static void Make(string path)
    {
        using (
            SafeFileHandle parent = Libc.open(
                Path.GetDirectoryName(path)!,
                OpenFlags.Directory | OpenFlags.Path | OpenFlags.CloseOnExec,
                0
            )
        )
        {
            if (
                parent.IsInvalid
                || Libc.statx(parent, "", Libc.AT_EMPTY_PATH, Libc.STATX_BASIC_STATS, out statx_t above) != 0
            )
            {
                throw LinuxException.Last("open", Path.GetDirectoryName(path)!);
            }

            if (!HostOwners.IsTrusted(above))
            {
                throw new SysctrException(
                    ErrorKind.Host,
                    $"making {path}: others can write in {Path.GetDirectoryName(path)}",
                    "it has to belong to root, or to the user who calls, alone"
                );
            }
        }

        if (!Directory.Exists(path))
        {
            FaultPoint.Pass("mkdir");
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        using SafeFileHandle handle = Libc.open(
            path,
            OpenFlags.Directory | OpenFlags.NoFollow | OpenFlags.CloseOnExec,
            0
        );
        if (
            handle.IsInvalid
            || Libc.statx(handle, "", Libc.AT_EMPTY_PATH, Libc.STATX_BASIC_STATS, out statx_t stat) != 0
        )
        {
            throw LinuxException.Last("open", path);
        }

        if (stat.stx_uid != Libc.geteuid())
        {
            throw new SysctrException(ErrorKind.Host, $"making {path}: it belongs to user {stat.stx_uid}", "remove it");
        }

        // A runtime may have made it, as a place for a mount.
        if ((stat.stx_mode & 0xfff) != OwnerOnly && Libc.fchmod(handle, OwnerOnly) != 0)
        {
            throw LinuxException.Last("fchmod", path);
        }
    }
}
