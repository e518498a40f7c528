// SPDX-License-Identifier: Apache-2.0

using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Linux.Native;

namespace SystemContainers.Linux.Files;

/// <summary>The names in a directory as bytes, which may be no UTF-8.</summary>
static class DirectoryNames
{
    /// <summary>What e2fsck(8) puts at the top of a file system, and puts into it what it has found: nobody else's,
    /// wherever one is mounted.</summary>
    public const string OfFileSystem = "lost+found";

    /// <summary>Room for some hundred entries at a time.</summary>
    private const int KindsBytes = 16 << 10;

    /// <summary>All names but <c>.</c> and <c>..</c>, in the order of the file system.</summary>
    /// <param name="directory">An open directory; its position does not matter and stays.</param>
    /// <param name="shown">For errors.</param>
    /// <exception cref="LinuxException">It can't be read.</exception>
    public static unsafe IReadOnlyList<byte[]> Of(SafeFileHandle directory, string shown)
    {
        byte* itself = stackalloc byte[] { (byte)'.', 0 };
        using SafeFileHandle opened = Libc.openat(directory, itself, OpenFlags.Directory | OpenFlags.CloseOnExec, 0);
        nint stream = opened.IsInvalid ? 0 : Libc.fdopendir((int)opened.DangerousGetHandle());
        if (stream == 0)
        {
            throw LinuxException.Last("opendir", shown);
        }

        // The stream owns the descriptor from here on.
        opened.SetHandleAsInvalid();
        try
        {
            List<byte[]> names = [];
            for (byte* entry = Next(stream, shown); entry != null; entry = Next(stream, shown))
            {
                names.Add(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(entry + Libc.DirentNameOffset).ToArray());
            }

            return names;
        }
        finally
        {
            _ = Libc.closedir(stream);
        }
    }

    /// <summary>What a directory has, each with what it is; of a file system that does not say so with the names,
    /// looked at one by one.</summary>
    /// <param name="path">A directory; a link in the last part is not followed.</param>
    /// <returns>Null where no directory is there. A name that is no UTF-8 has the replacement character.</returns>
    /// <exception cref="LinuxException">It can't be read.</exception>
    public static unsafe IReadOnlyList<(string Name, EntryKind Kind)>? Kinds(string path)
    {
        using SafeFileHandle opened = Libc.open(
            path,
            OpenFlags.Directory | OpenFlags.NoFollow | OpenFlags.CloseOnExec,
            0
        );
        if (opened.IsInvalid && LinuxException.Last("open", path) is var fault)
        {
            return fault.Errno is Errno.ENOENT or Errno.ENOTDIR or Errno.ELOOP ? null : throw fault;
        }

        List<(string, EntryKind)> entries = [];
        byte* room = stackalloc byte[KindsBytes];
        nint read;
        while ((read = Libc.getdents64(opened, room, KindsBytes)) > 0)
        {
            for (byte* entry = room; entry < room + read; entry += *(ushort*)(entry + Libc.DirentLengthOffset))
            {
                byte* start = entry + Libc.DirentNameOffset;
                if (IsItselfOrParent(start))
                {
                    continue;
                }

                string name = Marshal.PtrToStringUTF8((nint)start)!;
                entries.Add(
                    (
                        name,
                        entry[Libc.DirentTypeOffset] switch
                        {
                            Libc.DT_REG => EntryKind.File,
                            Libc.DT_DIR => EntryKind.Directory,
                            Libc.DT_LNK => EntryKind.Link,
                            Libc.DT_UNKNOWN => RegularFile.KindOf(Path.Join(path, name)),
                            _ => EntryKind.Other,
                        }
                    )
                );
            }
        }

        // Of one that was removed meanwhile that is the end, as for readdir(3).
        if (read < 0 && LinuxException.Last("getdents64", path) is { Errno: not Errno.ENOENT } unread)
        {
            throw unread;
        }

        return entries;
    }

    /// <summary>Another handle of an open directory, also of one that was opened with O_PATH: it can be read and
    /// synced, and is closed by itself.</summary>
    /// <param name="shown">For errors.</param>
    /// <exception cref="LinuxException">It can't be opened.</exception>
    public static unsafe SafeFileHandle Reopen(SafeFileHandle directory, string shown)
    {
        byte* itself = stackalloc byte[] { (byte)'.', 0 };
        SafeFileHandle opened = Libc.openat(directory, itself, OpenFlags.Directory | OpenFlags.CloseOnExec, 0);
        return opened.IsInvalid ? throw LinuxException.Last("openat", shown) : opened;
    }

    /// <summary>The next entry but <c>.</c> and <c>..</c>; null at the end.</summary>
    internal static unsafe byte* Next(nint stream, string shown)
    {
        while (true)
        {
            byte* entry = Libc.readdir(stream);
            if (entry == null)
            {
                return Marshal.GetLastPInvokeError() == 0 ? null : throw LinuxException.Last("readdir", shown);
            }

            if (!IsItselfOrParent(entry + Libc.DirentNameOffset))
            {
                return entry;
            }
        }
    }

    private static unsafe bool IsItselfOrParent(byte* name) =>
        name[0] == '.' && (name[1] == 0 || (name[1] == '.' && name[2] == 0));
}
