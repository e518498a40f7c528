// SPDX-License-Identifier: Apache-2.0

using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Linux.Native;

namespace SystemContainers.Linux.Files;

/// <summary>
/// Opens a path part by part, by handles, and asks before it follows a symbolic link whether the directory that holds
/// it may have links: what a link in a directory of somebody else names is theirs to say (path_resolution(7),
/// symlink(7)).
/// </summary>
static unsafe class GuardedPath
{
    // As many symbolic links as the kernel follows in one path (path_resolution(7)).
    private const int MaxLinks = 40;
    private const int MaxTarget = 4096;

    /// <summary>Opens <paramref name="path"/> with O_PATH.</summary>
    /// <param name="path">Absolute.</param>
    /// <param name="refusal">Asked of an open directory that holds a link on the way: why the link is not followed, or
    /// null.</param>
    /// <returns>Null where there is nothing yet; then all that there is of the way has been looked at.</returns>
    /// <exception cref="IOException">A link is not followed; the message says which and why.</exception>
    public static SafeFileHandle? Open(string path, Func<SafeFileHandle, string?> refusal)
    {
        SafeFileHandle here = Root();
        try
        {
            Stack<string> todo = new(Parts(path).Reverse());
            int links = 0;
            while (todo.TryPop(out string? part))
            {
                SafeFileHandle? next = At(here, part, path);
                if (next is null)
                {
                    here.Dispose();
                    return null;
                }

                if (!IsLink(next, path))
                {
                    here.Dispose();
                    here = next;
                    continue;
                }

                string target;
                using (next)
                {
                    target = Target(next, path);
                }

                string link = $"{Shown(here)}/{part}";
                if (++links > MaxLinks)
                {
                    throw new IOException($"{path}: its symbolic links do not end");
                }

                if (refusal(here) is { } reason)
                {
                    throw new IOException($"{link} is a symbolic link, to {target}, and {reason}");
                }

                if (RestrictedOpen.IsMagicLink(here, part))
                {
                    throw new IOException($"{link} is a link of a process, which leads elsewhere for every process");
                }

                foreach (string word in Parts(target).Reverse())
                {
                    todo.Push(word);
                }

                if (target.StartsWith('/'))
                {
                    here.Dispose();
                    here = Root();
                }
            }

            SafeFileHandle found = here;
            here = new SafeFileHandle();
            return found;
        }
        finally
        {
            here.Dispose();
        }
    }

    private static SafeFileHandle Root()
    {
        SafeFileHandle root = Libc.open("/", OpenFlags.Path | OpenFlags.Directory | OpenFlags.CloseOnExec, 0);
        return root.IsInvalid ? throw LinuxException.Last("open", "/") : root;
    }

    private static SafeFileHandle? At(SafeFileHandle directory, string name, string shown)
    {
        fixed (byte* pointer = Encoding.UTF8.GetBytes(name + "\0"))
        {
            SafeFileHandle found = Libc.openat(
                directory,
                pointer,
                OpenFlags.Path | OpenFlags.NoFollow | OpenFlags.CloseOnExec,
                0
            );
            return !found.IsInvalid ? found
                : Marshal.GetLastPInvokeError() is Errno.ENOENT or Errno.ENOTDIR ? null
                : throw LinuxException.Last("openat", shown);
        }
    }

    private static bool IsLink(SafeFileHandle file, string shown) =>
        Libc.statx(file, "", Libc.AT_EMPTY_PATH, Libc.STATX_BASIC_STATS, out statx_t stat) == 0
            ? (stat.stx_mode & Libc.S_IFMT) == Libc.S_IFLNK
            : throw LinuxException.Last("statx", shown);

    private static string Target(SafeFileHandle link, string shown)
    {
        byte* text = stackalloc byte[MaxTarget];
        byte* itself = stackalloc byte[] { 0 };
        nint length = Libc.readlinkat(link, itself, text, MaxTarget);
        return length >= 0
            ? Encoding.UTF8.GetString(text, (int)length)
            : throw LinuxException.Last("readlinkat", shown);
    }

    private static string Shown(SafeFileHandle directory) =>
        new FileInfo($"/proc/self/fd/{directory.DangerousGetHandle()}").LinkTarget is { Length: > 1 } path ? path : "";

    private static IEnumerable<string> Parts(string path) =>
        path.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(p => p != ".");
}
