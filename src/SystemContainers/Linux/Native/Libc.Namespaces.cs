// SPDX-License-Identifier: Apache-2.0

using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Tmds.Linux;

namespace SystemContainers.Linux.Native;

/// <summary>sched.h and sys/mount.h.</summary>
static unsafe partial class Libc
{
    internal static int CLONE_NEWNET => LibC.CLONE_NEWNET;
    internal static int CLONE_NEWNS => LibC.CLONE_NEWNS;
    internal static ulong MS_BIND => LibC.MS_BIND;
    internal static ulong MS_REC => LibC.MS_REC;
    internal static ulong MS_SHARED => LibC.MS_SHARED;
    internal static ulong MS_PRIVATE => LibC.MS_PRIVATE;
    internal static ulong MS_SLAVE => LibC.MS_SLAVE;
    internal static int MNT_DETACH => LibC.MNT_DETACH;

    internal static int unshare(int flags) => LibC.unshare(flags);

    /// <summary>mount(2) without a file system's type or data.</summary>
    internal static int mount(string source, string target, ulong flags)
    {
        fixed (
            byte* from = CString.Of(source),
                on = CString.Of(target),
                type = CString.Of("none")
        )
        {
            return LibC.mount(from, on, type, (ulong_t)flags, null);
        }
    }

    // linux/mount.h; since Linux 5.12.
    internal const ulong MOUNT_ATTR_RDONLY = 0x00000001;
    internal const ulong MOUNT_ATTR_NOSUID = 0x00000002;
    internal const ulong MOUNT_ATTR_NODEV = 0x00000004;
    internal const ulong MOUNT_ATTR_NOEXEC = 0x00000008;
    internal const ulong MOUNT_ATTR_IDMAP = 0x00100000;
    internal const uint OPEN_TREE_CLONE = 1;
    internal const uint OPEN_TREE_CLOEXEC = 0x80000;
    internal const uint AT_RECURSIVE = 0x8000;
    internal const uint MOVE_MOUNT_F_EMPTY_PATH = 4;

    // The same on all architectures, as for every call since Linux 5.0; glibc has functions for them since 2.36.
    private const int SYS_open_tree = 428;
    private const int SYS_move_mount = 429;
    private const int SYS_fsopen = 430;
    private const int SYS_fsconfig = 431;
    private const int SYS_fsmount = 432;
    private const int SYS_mount_setattr = 442;
    private const uint FSOPEN_CLOEXEC = 1;
    private const uint FSMOUNT_CLOEXEC = 1;
    private const uint FSCONFIG_SET_FLAG = 0;
    private const uint FSCONFIG_SET_STRING = 1;
    private const uint FSCONFIG_CMD_CREATE = 6;

    /// <summary>struct mount_attr.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct mount_attr
    {
        public ulong attr_set;
        public ulong attr_clr;
        public ulong propagation;
        public ulong userns_fd;
    }

    /// <summary>open_tree(2) from the root of all paths.</summary>
    internal static int open_tree(string path, uint flags)
    {
        fixed (byte* at = CString.Of(path))
        {
            return syscall(SYS_open_tree, AT_FDCWD, (nint)at, (nint)flags, 0, 0);
        }
    }

    /// <summary>fsopen(2).</summary>
    internal static int fsopen(string type)
    {
        fixed (byte* name = CString.Of(type))
        {
            return syscall(SYS_fsopen, (nint)name, (nint)FSOPEN_CLOEXEC, 0, 0, 0);
        }
    }

    /// <summary>fsconfig(2): an option with its value, or one without.</summary>
    internal static int fsconfig(SafeFileHandle context, string key, string? value)
    {
        fixed (
            byte* name = CString.Of(key),
                text = value is null ? null : CString.Of(value)
        )
        {
            return syscall(
                SYS_fsconfig,
                context.DangerousGetHandle(),
                (nint)(value is null ? FSCONFIG_SET_FLAG : FSCONFIG_SET_STRING),
                (nint)name,
                (nint)text,
                0
            );
        }
    }

    /// <summary>fsconfig(2): makes the file system of the options that were set.</summary>
    internal static int fsconfig_create(SafeFileHandle context) =>
        syscall(SYS_fsconfig, context.DangerousGetHandle(), (nint)FSCONFIG_CMD_CREATE, 0, 0, 0);

    /// <summary>fsmount(2): the file system as a mount that is nowhere yet.</summary>
    /// <param name="context">Of <see cref="fsopen"/>, created.</param>
    /// <param name="attributes">MOUNT_ATTR_*.</param>
    internal static int fsmount(SafeFileHandle context, ulong attributes) =>
        syscall(SYS_fsmount, context.DangerousGetHandle(), (nint)FSMOUNT_CLOEXEC, (nint)attributes, 0, 0);

    /// <summary>mount_setattr(2) of a handle.</summary>
    internal static int mount_setattr(int handle, uint flags, mount_attr attributes)
    {
        fixed (byte* empty = CString.Of(""))
        {
            return syscall(
                SYS_mount_setattr,
                handle,
                (nint)empty,
                (nint)(flags | (uint)AT_EMPTY_PATH),
                (nint)(&attributes),
                sizeof(mount_attr)
            );
        }
    }

    /// <summary>move_mount(2) of a handle to a path.</summary>
    internal static int move_mount(int handle, string target)
    {
        fixed (
            byte* empty = CString.Of(""),
                to = CString.Of(target)
        )
        {
            return syscall(SYS_move_mount, handle, (nint)empty, AT_FDCWD, (nint)to, (nint)MOVE_MOUNT_F_EMPTY_PATH);
        }
    }

    private static int syscall(int number, nint first, nint second, nint third, nint fourth, nint fifth) =>
        (int)LibC.syscall(number, (void*)first, (void*)second, (void*)third, (void*)fourth, (void*)fifth);

    internal static int umount2(string target, int flags)
    {
        fixed (byte* on = CString.Of(target))
        {
            return LibC.umount2(on, flags);
        }
    }
}
