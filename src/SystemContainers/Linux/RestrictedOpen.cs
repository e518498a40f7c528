// SPDX-License-Identifier: Apache-2.0

using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Linux.Native;

namespace SystemContainers.Linux;

/// <summary>
/// openat2(2) in the three ways that we need it, and the same a part at a time where there is none: RestrictSUIDSGID=
/// of systemd has it answer ENOSYS, and seccomp filters that were written before it EPERM. All leave errno as the
/// system call does.
/// </summary>
static unsafe class RestrictedOpen
{
    // As many symbolic links as the kernel follows in one path (path_resolution(7)).
    private const int MaxLinks = 40;
    private const int MaxTarget = 4096;

    private static ReadOnlySpan<byte> Itself => ".\0"u8;

    /// <summary>Whether this process has openat2(2).</summary>
    public static bool IsSupported
    {
        get
        {
            using SafeFileHandle here = Libc.open("/", OpenFlags.Path | OpenFlags.CloseOnExec, 0);
            using SafeFileHandle again = Opened(
                here,
                Pointer(Itself),
                OpenFlags.Path | OpenFlags.CloseOnExec,
                Libc.RESOLVE_NO_MAGICLINKS
            );
            return !again.IsInvalid || !IsMissing();
        }
    }

    /// <summary>Opens a directory of one name: no link, and nothing that is mounted there (RESOLVE_NO_XDEV).</summary>
    /// <param name="name">Zero-terminated, without a slash.</param>
    public static SafeFileHandle Child(SafeFileHandle parent, byte* name)
    {
        SafeFileHandle opened = Opened(
            parent,
            name,
            Directory,
            Libc.RESOLVE_NO_XDEV | Libc.RESOLVE_NO_SYMLINKS | Libc.RESOLVE_BENEATH
        );
        return opened.IsInvalid && IsMissing() ? ChildByParts(parent, name) : opened;
    }

    /// <summary>Opens a path as if a directory were the root: nothing in it leads out, and no link of a process is
    /// followed (RESOLVE_IN_ROOT, RESOLVE_NO_MAGICLINKS).</summary>
    /// <param name="root">The directory.</param>
    /// <param name="path">Absolute or not.</param>
    /// <param name="flags">Of open(2).</param>
    public static SafeFileHandle InRoot(SafeFileHandle root, string path, int flags)
    {
        fixed (byte* name = Encoding.UTF8.GetBytes(path + '\0'))
        {
            SafeFileHandle opened = Opened(
                root,
                name,
                flags | OpenFlags.CloseOnExec,
                Libc.RESOLVE_IN_ROOT | Libc.RESOLVE_NO_MAGICLINKS
            );
            return opened.IsInvalid && IsMissing() ? InRootByParts(root, path, flags) : opened;
        }
    }

    /// <summary>Whether a link is one of a process, /proc/PID/root and the like: they are no names but doors
    /// (proc_pid_root(5)).</summary>
    /// <param name="name">The link.</param>
    public static bool IsMagicLink(SafeFileHandle directory, string name)
    {
        fixed (byte* pointer = Encoding.UTF8.GetBytes(name + '\0'))
        {
            using SafeFileHandle opened = Opened(
                directory,
                pointer,
                OpenFlags.Path | OpenFlags.CloseOnExec,
                Libc.RESOLVE_NO_MAGICLINKS
            );
            return opened.IsInvalid
                && (IsMissing() ? IsOfProcess(directory) : Marshal.GetLastPInvokeError() == Errno.ELOOP);
        }
    }

    /// <summary>As <see cref="Child"/>, without the system call.</summary>
    internal static SafeFileHandle ChildByParts(SafeFileHandle parent, byte* name)
    {
        SafeFileHandle opened = Libc.openat(parent, name, Directory, 0);
        return opened.IsInvalid || MountOf(parent) == MountOf(opened) ? opened : Failed(opened, Errno.EXDEV);
    }

    /// <summary>As <see cref="InRoot"/>, without the system call.</summary>
    internal static SafeFileHandle InRootByParts(SafeFileHandle root, string path, int flags)
    {
        Stack<SafeFileHandle> above = [];
        Stack<string> todo = new(Parts(path).Reverse());
        int links = 0;
        try
        {
            above.Push(
                Libc.openat(root, Pointer(Itself), OpenFlags.Path | OpenFlags.Directory | OpenFlags.CloseOnExec, 0)
            );
            while (todo.TryPop(out string? part))
            {
                if (part == "..")
                {
                    // The root is above itself.
                    Rise(above, Math.Max(1, above.Count - 1));
                    continue;
                }

                fixed (byte* name = Encoding.UTF8.GetBytes(part + '\0'))
                {
                    SafeFileHandle here = Libc.openat(
                        above.Peek(),
                        name,
                        OpenFlags.Path | OpenFlags.NoFollow | OpenFlags.CloseOnExec,
                        0
                    );
                    bool last = todo.Count == 0;
                    if (here.IsInvalid)
                    {
                        // A file that is to be made.
                        return last && (flags & OpenFlags.Create) != 0 && Marshal.GetLastPInvokeError() == Errno.ENOENT
                            ? Libc.openat(above.Peek(), name, flags | OpenFlags.NoFollow | OpenFlags.CloseOnExec, 0)
                            : here;
                    }

                    if (IsLink(here) && !(last && (flags & OpenFlags.NoFollow) != 0))
                    {
                        using SafeFileHandle _ = here;
                        if (++links > MaxLinks || IsOfProcess(above.Peek()))
                        {
                            return Failed(here, Errno.ELOOP);
                        }

                        string target = Target(here);
                        Rise(above, target.StartsWith('/') ? 1 : above.Count);
                        foreach (string word in Parts(target).Reverse())
                        {
                            todo.Push(word);
                        }
                    }
                    else if (last)
                    {
                        using SafeFileHandle _ = here;
                        return Libc.openat(above.Peek(), name, flags | OpenFlags.NoFollow | OpenFlags.CloseOnExec, 0);
                    }
                    else
                    {
                        above.Push(here);
                    }
                }
            }

            return Libc.openat(above.Peek(), Pointer(Itself), flags | OpenFlags.CloseOnExec, 0);
        }
        finally
        {
            int errno = Marshal.GetLastPInvokeError();
            Rise(above, 0);
            Marshal.SetLastPInvokeError(errno);
        }
    }

    private static int Directory => OpenFlags.Directory | OpenFlags.NoFollow | OpenFlags.CloseOnExec;

    private static SafeFileHandle Opened(SafeFileHandle directory, byte* name, int flags, ulong resolve) =>
        new(Libc.openat2(directory, name, new open_how { flags = (ulong)flags, resolve = resolve }), ownsHandle: true);

    /// <summary>What a path in a file system gives is neither of these (openat2(2), ERRORS).</summary>
    private static bool IsMissing() => Marshal.GetLastPInvokeError() is Errno.ENOSYS or Errno.EPERM;

    private static void Rise(Stack<SafeFileHandle> above, int left)
    {
        while (above.Count > left)
        {
            above.Pop().Dispose();
        }
    }

    private static SafeFileHandle Failed(SafeFileHandle opened, int errno)
    {
        opened.Dispose();
        Marshal.SetLastPInvokeError(errno);
        return new SafeFileHandle(-1, ownsHandle: false);
    }

    private static bool IsLink(SafeFileHandle file) => (Stat(file).stx_mode & Libc.S_IFMT) == Libc.S_IFLNK;

    /// <summary>Below /proc only its root, which is number 1 there, has links that are names (self, mounts).</summary>
    private static bool IsOfProcess(SafeFileHandle directory) =>
        Libc.fstatfs(directory, out Libc.statfs_t stat) == 0
        && stat.f_type == Libc.PROC_SUPER_MAGIC
        && Stat(directory).stx_ino != 1;

    private static (ulong, uint, uint) MountOf(SafeFileHandle file)
    {
        statx_t stat = Stat(file);
        return (Libc.MountId(stat), stat.stx_dev_major, stat.stx_dev_minor);
    }

    private static statx_t Stat(SafeFileHandle file) =>
        Libc.statx(file, "", Libc.AT_EMPTY_PATH, Libc.STATX_BASIC_STATS | Libc.STATX_MNT_ID, out statx_t stat) == 0
            ? stat
            : throw LinuxException.Last("statx", "a file");

    private static string Target(SafeFileHandle link)
    {
        byte* text = stackalloc byte[MaxTarget];
        byte* itself = stackalloc byte[] { 0 };
        nint length = Libc.readlinkat(link, itself, text, MaxTarget);
        return length >= 0
            ? Encoding.UTF8.GetString(text, (int)length)
            : throw LinuxException.Last("readlinkat", "a link");
    }

    private static byte* Pointer(ReadOnlySpan<byte> literal) =>
        (byte*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref MemoryMarshal.GetReference(literal));

    private static IEnumerable<string> Parts(string path) =>
        path.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(p => p != ".");
}
