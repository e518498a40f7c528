// SPDX-License-Identifier: Apache-2.0

using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Linux.Native;

namespace SystemContainers.Linux.Files;

/// <summary>
/// Removes a directory with all below it, by handles: symbolic links are removed, never followed, names may be any
/// bytes, and a mount below is an error instead of a way out of the tree.
/// </summary>
/// <remarks>
/// A payload decides how deep its directories are nested. So memory, stack and open files have a bound that does not
/// depend on it: what lies deeper than <see cref="MaxDepth"/> is moved up to the top of the tree and removed there.
/// What a cut leaves is a smaller tree of the same kind.
/// </remarks>
static unsafe class TreeRemoval
{
    /// <summary>As many directories are open at once.</summary>
    private const int MaxDepth = 48;

    /// <summary>How often a directory is emptied again that somebody still fills.</summary>
    private const int Attempts = 8;

    /// <summary>Removes <paramref name="path"/> if it is there, and makes that durable.</summary>
    /// <exception cref="LinuxException">Something could not be removed (EXDEV, EBUSY: something is mounted there); what
    /// is left can be removed by another call.</exception>
    public static void Remove(string path) => Remove(path, protectedToo: false);

    /// <summary>As <see cref="Remove(string)"/>, with what somebody has protected by chattr(1), +i or +a: for what is
    /// sysctr's own and nobody's any more.</summary>
    public static void RemoveProtected(string path) => Remove(path, protectedToo: true);

    /// <summary>As <see cref="Remove(string)"/>, in a directory that is open.</summary>
    /// <param name="parent">The directory.</param>
    /// <param name="name">What goes, without a slash.</param>
    /// <param name="shown">Its path, for errors.</param>
    public static void Remove(SafeFileHandle parent, string name, string shown)
    {
        using SafeFileHandle directory = DirectoryNames.Reopen(parent, shown);
        Remove(directory, name, new Walk(shown, protectedToo: false), shown);
    }

    private static void Remove(string path, bool protectedToo)
    {
        string parentPath = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(path))!;
        using SafeFileHandle parent = Libc.open(parentPath, OpenFlags.Directory | OpenFlags.CloseOnExec, 0);
        if (parent.IsInvalid)
        {
            if (Marshal.GetLastPInvokeError() == Errno.ENOENT)
            {
                return;
            }

            throw LinuxException.Last("open", parentPath);
        }

        Remove(
            parent,
            Path.GetFileName(Path.TrimEndingDirectorySeparator(path)),
            new Walk(path, protectedToo),
            parentPath
        );
    }

    private static void Remove(SafeFileHandle parent, string name, Walk walk, string shown)
    {
        fixed (byte* pointer = Encoding.UTF8.GetBytes(name + "\0"))
        {
            walk.Remove(parent, pointer);
        }

        if (Libc.fsync(parent) != 0)
        {
            throw LinuxException.Last("fsync", shown);
        }
    }

    /// <param name="path">What goes, for errors.</param>
    /// <param name="protectedToo">Whether what may not be removed is made so that it may.</param>
    private sealed class Walk(string path, bool protectedToo)
    {
        /// <summary>Names for what is moved up; nothing in the tree has one, unless an earlier removal was
        /// cut.</summary>
        private ulong _next = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));

        public void Remove(SafeFileHandle parent, byte* name)
        {
            if (Unlink(parent, name, depth: 0))
            {
                return;
            }

            for (int attempt = 1; ; attempt++)
            {
                using (SafeFileHandle? top = Open(parent, name, depth: 0))
                {
                    if (top is null)
                    {
                        return;
                    }

                    // What is moved up turns up here again, until nothing is left.
                    while (Empty(top, top, depth: 1)) { }
                }

                if (RemoveDirectory(parent, name, depth: 0, mayFill: attempt < Attempts))
                {
                    return;
                }
            }
        }

        /// <summary>Removes all that is in a directory when the call begins.</summary>
        /// <returns>Whether anything was there.</returns>
        private bool Empty(SafeFileHandle directory, SafeFileHandle top, int depth)
        {
            byte* itself = stackalloc byte[] { (byte)'.', 0 };
            nint fd = Must(
                Libc.openat(directory, itself, OpenFlags.Directory | OpenFlags.CloseOnExec, 0),
                itself,
                depth
            );
            nint stream = Libc.fdopendir((int)fd);
            if (stream == 0)
            {
                throw Failure("fdopendir", itself, depth);
            }

            bool any = false;
            try
            {
                for (
                    byte* entry = DirectoryNames.Next(stream, path);
                    entry != null;
                    entry = DirectoryNames.Next(stream, path)
                )
                {
                    any = true;
                    byte* name = entry + Libc.DirentNameOffset;
                    if (!Unlink(directory, name, depth))
                    {
                        RemoveFilled(directory, name, top, depth);
                    }
                }
            }
            finally
            {
                // It owns the descriptor.
                _ = Libc.closedir(stream);
            }

            return any;
        }

        private void RemoveFilled(SafeFileHandle directory, byte* name, SafeFileHandle top, int depth)
        {
            if (depth >= MaxDepth)
            {
                MoveUp(directory, name, top, depth);
                return;
            }

            for (int attempt = 1; ; attempt++)
            {
                using (SafeFileHandle? child = Open(directory, name, depth))
                {
                    if (child is null)
                    {
                        return;
                    }

                    _ = Empty(child, top, depth + 1);
                }

                if (RemoveDirectory(directory, name, depth, mayFill: attempt < Attempts))
                {
                    return;
                }
            }
        }

        private void MoveUp(SafeFileHandle directory, byte* name, SafeFileHandle top, int depth)
        {
            while (true)
            {
                FaultPoint.Pass("renameat2");
                fixed (byte* newName = Encoding.ASCII.GetBytes($".sysctr-removed-{_next++:x16}\0"))
                {
                    if (
                        Libc.renameat2(directory, name, top, newName, Libc.RENAME_NOREPLACE) == 0
                        || Marshal.GetLastPInvokeError() == Errno.ENOENT
                    )
                    {
                        return;
                    }
                }

                int errno = Marshal.GetLastPInvokeError();
                if (errno != Errno.EEXIST && !(errno == Errno.EPERM && Unprotect(directory, name, depth)))
                {
                    throw new LinuxException("renameat2", Shown(name, depth), errno);
                }
            }
        }

        /// <returns>False where it is a directory that has something in it.</returns>
        private bool Unlink(SafeFileHandle directory, byte* name, int depth)
        {
            FaultPoint.Pass("unlinkat");
            while (true)
            {
                // Most entries are files: try that first, and let the kernel say that it is a directory.
                if (Libc.unlinkat(directory, name, 0) == 0 || Marshal.GetLastPInvokeError() == Errno.ENOENT)
                {
                    return true;
                }

                switch (Marshal.GetLastPInvokeError())
                {
                    case Errno.EPERM when Unprotect(directory, name, depth):
                        break;
                    case Errno.EISDIR or Errno.EPERM:
                        return RemoveDirectory(directory, name, depth, mayFill: true);
                    default:
                        throw Failure("unlinkat", name, depth);
                }
            }
        }

        /// <summary>The directory in which all of it stands is somebody's still, and stays as it is.</summary>
        private bool Unprotect(SafeFileHandle directory, byte* name, int depth) =>
            protectedToo && InodeFlags.Unprotect(directory, name, withDirectory: depth > 0);

        /// <returns>False where it is not empty and may be so.</returns>
        private bool RemoveDirectory(SafeFileHandle directory, byte* name, int depth, bool mayFill)
        {
            FaultPoint.Pass("unlinkat");
            if (Libc.unlinkat(directory, name, Libc.AT_REMOVEDIR) == 0 || Marshal.GetLastPInvokeError() == Errno.ENOENT)
            {
                return true;
            }

            int errno = Marshal.GetLastPInvokeError();
            if (errno == Errno.EPERM && Unprotect(directory, name, depth))
            {
                return RemoveDirectory(directory, name, depth, mayFill);
            }

            return mayFill && errno is Errno.ENOTEMPTY or Errno.EEXIST
                ? false
                // A file that may not be removed (chattr(1), +i) is no directory either.
                : throw new LinuxException(
                    "unlinkat",
                    Shown(name, depth),
                    errno == Errno.ENOTDIR ? Errno.EPERM : errno
                );
        }

        /// <returns>Null where another process has removed it.</returns>
        private SafeFileHandle? Open(SafeFileHandle parent, byte* name, int depth)
        {
            SafeFileHandle opened = RestrictedOpen.Child(parent, name);
            return !opened.IsInvalid ? opened
                : Marshal.GetLastPInvokeError() == Errno.ENOENT ? null
                : throw Failure("openat2", name, depth);
        }

        private nint Must(SafeFileHandle opened, byte* name, int depth)
        {
            if (opened.IsInvalid)
            {
                throw Failure("openat", name, depth);
            }

            nint fd = opened.DangerousGetHandle();
            opened.SetHandleAsInvalid();
            return fd;
        }

        /// <summary>Names the entry, but not all above it: how long that is its maker decides.</summary>
        private LinuxException Failure(string call, byte* name, int depth) =>
            LinuxException.Last(call, Shown(name, depth));

        private string Shown(byte* name, int depth)
        {
            string shown = Marshal.PtrToStringUTF8((nint)name)!;
            return depth == 0 ? path
                : depth == 1 ? $"{path}/{shown}"
                : $"{path}/…/{shown}";
        }
    }
}
