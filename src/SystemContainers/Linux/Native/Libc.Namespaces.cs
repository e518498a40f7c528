// SPDX-License-Identifier: Apache-2.0

using Tmds.Linux;

namespace SystemContainers.Linux.Native;

/// <summary>sched.h and sys/mount.h.</summary>
static unsafe partial class Libc
{
    internal static int CLONE_NEWNET => LibC.CLONE_NEWNET;
    internal static ulong MS_BIND => LibC.MS_BIND;
    internal static ulong MS_REC => LibC.MS_REC;
    internal static ulong MS_SHARED => LibC.MS_SHARED;
    internal static int MNT_DETACH => LibC.MNT_DETACH;

    internal static int unshare(int flags) => LibC.unshare(flags);

    /// <summary>mount(2) without a file system's type or data.</summary>
    internal static int mount(string source, string target, ulong flags)
    {
        fixed (byte* from = CString.Of(source), on = CString.Of(target), type = CString.Of("none"))
        {
            return LibC.mount(from, on, type, (ulong_t)flags, null);
        }
    }

    internal static int umount2(string target, int flags)
    {
        fixed (byte* on = CString.Of(target))
        {
            return LibC.umount2(on, flags);
        }
    }
}
