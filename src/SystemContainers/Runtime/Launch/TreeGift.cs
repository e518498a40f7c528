// SPDX-License-Identifier: Apache-2.0

using System.Text;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Native;

namespace SystemContainers.Runtime.Launch;

/// <summary>
/// Gives a directory, or a file, with all below it to somebody. By handles: a symbolic link gets the owner itself and
/// is not followed, wherever it stands below the path, for a payload may have put it there. What has that owner is not
/// touched.
/// </summary>
static unsafe class TreeGift
{
    /// <summary>As many directories are open at once.</summary>
    private const int MaxDepth = 256;

    /// <summary>Gives it; a call that fails may have given a part.</summary>
    /// <param name="path">Absolute; the last part is not followed either.</param>
    /// <param name="uid">Whose, as this process sees it.</param>
    /// <param name="gid">Of which group.</param>
    /// <param name="refusal">Asked of a directory that holds a link on the way to it: why the link is not followed, or
    /// null.</param>
    /// <exception cref="SysctrException">NotFound: it is not there; Host: something of it is not the caller's to give;
    /// Unsafe: it is nested too deep, or a link on the way is not followed.</exception>
    public static void Give(string path, uint uid, uint gid, Func<SafeFileHandle, string?> refusal)
    {
        try
        {
            using SafeFileHandle parent =
                GuardedPath.Open(Path.GetDirectoryName(path)!, refusal)
                ?? throw Failure(path, new LinuxException("open", path, Errno.ENOENT));
            Give(parent, Encoding.UTF8.GetBytes(Path.GetFileName(path) + "\0"), path, uid, gid, depth: 0);
        }
        catch (LinuxException e)
        {
            throw Failure(path, e);
        }
        catch (IOException e)
        {
            throw new SysctrException(
                ErrorKind.Unsafe,
                $"giving {path} to the payload's user: {e.Message}",
                "where the link is meant, name the directory that it leads to",
                e
            );
        }
    }

    private static void Give(SafeFileHandle parent, byte[] terminated, string path, uint uid, uint gid, int depth)
    {
        if (depth > MaxDepth)
        {
            throw new SysctrException(
                ErrorKind.Unsafe,
                $"giving {path} to the payload's user: directories are nested deeper than {MaxDepth}"
            );
        }

        fixed (byte* name = terminated)
        {
            if (Libc.statx(parent, name, Libc.AT_SYMLINK_NOFOLLOW, Libc.STATX_BASIC_STATS, out statx_t stat) != 0)
            {
                EndUnlessGone(path, "statx", depth);
                return;
            }

            if (
                (stat.stx_uid != uid || stat.stx_gid != gid)
                && Libc.fchownat(parent, name, uid, gid, Libc.AT_SYMLINK_NOFOLLOW) != 0
            )
            {
                EndUnlessGone(path, "fchownat", depth);
                return;
            }

            if ((stat.stx_mode & Libc.S_IFMT) != Libc.S_IFDIR)
            {
                return;
            }

            using SafeFileHandle directory = Libc.openat(
                parent,
                name,
                OpenFlags.Directory | OpenFlags.NoFollow | OpenFlags.CloseOnExec,
                0
            );
            if (directory.IsInvalid)
            {
                EndUnlessGone(path, "openat", depth);
                return;
            }

            foreach (byte[] inner in DirectoryNames.Of(directory, path))
            {
                Give(directory, [.. inner, 0], Path.Join(path, Encoding.UTF8.GetString(inner)), uid, gid, depth + 1);
            }
        }
    }

    /// <summary>Another container may be at work in it: what goes meanwhile needs no owner.</summary>
    private static void EndUnlessGone(string path, string call, int depth)
    {
        LinuxException failure = LinuxException.Last(call, path);
        if (depth == 0 || failure.Errno != Errno.ENOENT)
        {
            throw Failure(path, failure);
        }
    }

    private static SysctrException Failure(string path, LinuxException failure) =>
        new(
            failure.Errno == Errno.ENOENT ? ErrorKind.NotFound : ErrorKind.Host,
            $"giving {path} to the payload's user: {failure.Message}",
            failure.Errno is Errno.EPERM or Errno.EACCES
                ? "it is somebody's whose ids you do not have; leave the volume's option U out"
                : null,
            failure
        );
}
