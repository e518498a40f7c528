// SPDX-License-Identifier: Apache-2.0

using System.Text;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Linux.Native;

namespace SystemContainers.Linux.Files;

/// <summary>
/// Reads files of a host that nobody promised anything about: whole and small, or not at all. A FIFO, a device or a
/// file without end can't hold the reader up, and what links of a system below a directory name is meant below that
/// directory (openat2(2), RESOLVE_IN_ROOT).
/// </summary>
static unsafe class BoundedFile
{
    /// <param name="root">The host's root directory.</param>
    /// <param name="path">Absolute, as the host sees it; links are followed.</param>
    /// <param name="maxBytes">More is refused.</param>
    /// <returns>None where it is /dev/null; null where there is no such file.</returns>
    /// <exception cref="IOException">It is no regular file, is larger, or can't be read.</exception>
    public static byte[]? Read(string root, string path, int maxBytes)
    {
        using SafeFileHandle? found = Find(root, path);
        if (found is null)
        {
            return null;
        }

        using SafeFileHandle? file = RegularFile.Reopen(found, path);
        if (file is null)
        {
            return IsNull(found, path) ? [] : throw new IOException($"{path} is no regular file");
        }

        // Files of /proc and /sys have no size: what is read counts.
        using MemoryStream content = new();
        byte[] buffer = new byte[Math.Min(maxBytes + 1, 1 << 16)];
        for (int got; (got = RandomAccess.Read(file, buffer, content.Length)) > 0;)
        {
            content.Write(buffer, 0, got);
            if (content.Length > maxBytes)
            {
                throw new IOException($"{path} is larger than {maxBytes} bytes");
            }
        }

        return content.ToArray();
    }

    /// <summary>The same as text; bytes that are no UTF-8 become U+FFFD, and the mark that editors of other systems put
    /// in front is left out.</summary>
    /// <exception cref="IOException">As <see cref="Read"/>.</exception>
    public static string? ReadText(string root, string path, int maxBytes) =>
        Read(root, path, maxBytes) is { } bytes ? Encoding.UTF8.GetString(bytes).TrimStart('\uFEFF') : null;

    /// <summary>Whether it is /dev/null (null(4)), by which a file is taken away, or none is named.</summary>
    private static bool IsNull(SafeFileHandle found, string path) =>
        Libc.statx(found, "", Libc.AT_EMPTY_PATH, Libc.STATX_BASIC_STATS, out statx_t stat) == 0
            ? (stat.stx_mode & Libc.S_IFMT) == Libc.S_IFCHR && (stat.stx_rdev_major, stat.stx_rdev_minor) == (1, 3)
            : throw LinuxException.Last("statx", path);

    private static SafeFileHandle? Find(string root, string path)
    {
        int flags = OpenFlags.Path | OpenFlags.CloseOnExec;
        SafeFileHandle file = root == "/" ? Libc.open(path, flags, 0) : OpenInside(root, path, flags);
        if (!file.IsInvalid)
        {
            return file;
        }

        LinuxException failure = LinuxException.Last("open", path);
        file.Dispose();
        return failure.Errno is Errno.ENOENT or Errno.ENOTDIR ? null : throw failure;
    }

    private static SafeFileHandle OpenInside(string root, string path, int flags)
    {
        using SafeFileHandle directory = Libc.open(
            root,
            OpenFlags.Path | OpenFlags.Directory | OpenFlags.CloseOnExec,
            0
        );
        if (directory.IsInvalid)
        {
            throw LinuxException.Last("open", root);
        }

        return RestrictedOpen.InRoot(directory, path, flags);
    }
}
