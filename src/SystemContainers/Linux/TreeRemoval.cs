using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Linux.Native;

namespace SystemContainers.Linux;

/// <summary>
/// Removes a directory with all below it, by handles: symbolic links are removed, never followed, names may be any bytes, and
/// a mount below is an error instead of a way out of the tree.
/// </summary>
static class TreeRemoval
{
    /// <summary>Removes <paramref name="path"/> if it is there, and makes that durable.</summary>
    /// <exception cref="LinuxException">Something could not be removed (EXDEV: something is mounted there); what is left can be removed by another call.</exception>
    public static unsafe void Remove(string path)
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

        byte[] name = Encoding.UTF8.GetBytes(Path.GetFileName(Path.TrimEndingDirectorySeparator(path)) + "\0");
        fixed (byte* pointer = name)
        {
            RemoveEntry(parent, pointer, path);
        }

        if (Libc.fsync(parent) != 0)
        {
            throw LinuxException.Last("fsync", parentPath);
        }
    }

    private static unsafe void RemoveEntry(SafeFileHandle parent, byte* name, string shown)
    {
        FaultPoint.Pass("unlinkat");

        // Most entries are files: try that first, and let the kernel say that it is a directory.
        if (Libc.unlinkat(parent, name, 0) == 0 || Marshal.GetLastPInvokeError() == Errno.ENOENT)
        {
            return;
        }

        if (Marshal.GetLastPInvokeError() is not (Errno.EISDIR or Errno.EPERM))
        {
            throw LinuxException.Last("unlinkat", shown);
        }

        RemoveContent(parent, name, shown);
        FaultPoint.Pass("unlinkat");
        if (Libc.unlinkat(parent, name, Libc.AT_REMOVEDIR) != 0 && Marshal.GetLastPInvokeError() != Errno.ENOENT)
        {
            throw LinuxException.Last("unlinkat", shown);
        }
    }

    private static unsafe void RemoveContent(SafeFileHandle parent, byte* name, string shown)
    {
        Libc.open_how how = new()
        {
            flags = (ulong)(OpenFlags.Directory | OpenFlags.NoFollow | OpenFlags.CloseOnExec),
            resolve = Libc.RESOLVE_NO_XDEV | Libc.RESOLVE_NO_SYMLINKS | Libc.RESOLVE_BENEATH,
        };
        nint fd = Libc.openat2(parent, name, how);
        if (fd < 0)
        {
            if (Marshal.GetLastPInvokeError() == Errno.ENOENT)
            {
                // Another process removes it too.
                return;
            }

            throw LinuxException.Last("openat2", shown);
        }

        nint stream = Libc.fdopendir((int)fd);
        if (stream == 0)
        {
            throw LinuxException.Last("fdopendir", shown);
        }

        try
        {
            // The stream owns the descriptor; this handle only lends it to the calls below.
            using SafeFileHandle directory = new(fd, ownsHandle: false);
            for (byte* entry = DirectoryNames.Next(stream, shown); entry != null; entry = DirectoryNames.Next(stream, shown))
            {
                byte* child = entry + Libc.DirentNameOffset;
                RemoveEntry(directory, child, $"{shown}/{Marshal.PtrToStringUTF8((nint)child)}");
            }
        }
        finally
        {
            _ = Libc.closedir(stream);
        }
    }
}
