// SPDX-License-Identifier: Apache-2.0

using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Native;

namespace SystemContainers.Runtime.Launch;

/// <summary>
/// Gives a directory, or a file, with all below it to somebody. By handles: a symbolic link gets the owner itself and is not followed, wherever it stands below the path, for a payload may have put
/// it there. What has that owner is not touched.
/// </summary>
static unsafe class TreeGift
{
    /// <summary>As many directories are open at once.</summary>
    private const int MaxDepth = 256;

    /// <summary>Gives it; a call that fails may have given a part.</summary>
    /// <param name="path">Absolute; the last part is not followed either.</param>
    /// <param name="uid">Whose, as this process sees it.</param>
    /// <param name="gid">Of which group.</param>
    /// <exception cref="SysctrException">NotFound: it is not there; Host: something of it is not the caller's to give; Unsafe: it is nested too deep.</exception>
    public static void Give(string path, uint uid, uint gid)
    {
        using SafeFileHandle parent = Libc.open(Path.GetDirectoryName(path)!, OpenFlags.Directory | OpenFlags.CloseOnExec, 0);
        if (parent.IsInvalid)
        {
            throw Failure(path, "open");
        }

        Give(parent, Encoding.UTF8.GetBytes(Path.GetFileName(path) + "\0"), path, uid, gid, depth: 0);
    }

    private static void Give(SafeFileHandle parent, byte[] terminated, string path, uint uid, uint gid, int depth)
    {
        if (depth > MaxDepth)
        {
            throw new SysctrException(ErrorKind.Unsafe, $"giving {path} to the payload's user: directories are nested deeper than {MaxDepth}");
        }

        fixed (byte* name = terminated)
        {
            if (Libc.statx(parent, name, Libc.AT_SYMLINK_NOFOLLOW, Libc.STATX_BASIC_STATS, out statx_t stat) != 0)
            {
                if (depth > 0 && Marshal.GetLastPInvokeError() == Errno.ENOENT)
                {
                    return;
                }

                throw Failure(path, "statx");
            }

            if ((stat.stx_uid != uid || stat.stx_gid != gid) && Libc.fchownat(parent, name, uid, gid, Libc.AT_SYMLINK_NOFOLLOW) != 0)
            {
                throw Failure(path, "fchownat");
            }

            if ((stat.stx_mode & Libc.S_IFMT) != Libc.S_IFDIR)
            {
                return;
            }

            using SafeFileHandle directory = Libc.openat(parent, name, OpenFlags.Directory | OpenFlags.NoFollow | OpenFlags.CloseOnExec, 0);
            if (directory.IsInvalid)
            {
                throw Failure(path, "openat");
            }

            foreach (byte[] inner in DirectoryNames.Of(directory, path))
            {
                Give(directory, [.. inner, 0], Path.Join(path, Encoding.UTF8.GetString(inner)), uid, gid, depth + 1);
            }
        }
    }

    private static SysctrException Failure(string path, string call)
    {
        LinuxException failure = LinuxException.Last(call, path);
        return new SysctrException(
            failure.Errno == Errno.ENOENT ? ErrorKind.NotFound : ErrorKind.Host, $"giving {path} to the payload's user: {failure.Message}",
            failure.Errno is Errno.EPERM or Errno.EACCES ? "it is somebody's whose ids you do not have; leave the volume's option U out" : null, failure);
    }
}
