// SPDX-License-Identifier: Apache-2.0

using Microsoft.Win32.SafeHandles;
using SystemContainers.Linux.Native;
using SystemContainers.Linux.Users;

namespace SystemContainers.Linux.Files;

/// <summary>Whose a directory is, for those who act in it with more rights than others have.</summary>
static class HostOwners
{
    /// <summary>What the kernel shows for ids that a user namespace does not have (user_namespaces(7)), such as the
    /// host's root.</summary>
    private const uint Overflow = 65534;

    private const int Sticky = 0b001_000_000_000;

    /// <summary>As the other, by path; a directory that can't be looked at is not to be trusted.</summary>
    public static bool IsTrusted(string directory)
    {
        using SafeFileHandle handle = Libc.open(
            directory,
            OpenFlags.Path | OpenFlags.Directory | OpenFlags.CloseOnExec,
            0
        );
        return !handle.IsInvalid
            && Libc.statx(handle, "", Libc.AT_EMPTY_PATH, Libc.STATX_BASIC_STATS, out statx_t stat) == 0
            && IsTrusted(stat);
    }

    /// <summary>As the other; a sticky directory such as /tmp counts too, where others make names but can't touch those
    /// of root (chmod(2)).</summary>
    public static bool KeepsNames(string directory)
    {
        using SafeFileHandle handle = Libc.open(
            directory,
            OpenFlags.Path | OpenFlags.Directory | OpenFlags.CloseOnExec,
            0
        );
        return !handle.IsInvalid
            && Libc.statx(handle, "", Libc.AT_EMPTY_PATH, Libc.STATX_BASIC_STATS, out statx_t stat) == 0
            && (IsTrusted(stat) || (stat.stx_uid == 0 && (stat.stx_mode & Sticky) != 0));
    }

    /// <summary>Whether nobody but root, or the user whom this process works for, can make names in a
    /// directory.</summary>
    /// <param name="stat">The directory's.</param>
    public static bool IsTrusted(in statx_t stat)
    {
        uint self = Libc.geteuid();
        bool owner = stat.stx_uid == 0 || stat.stx_uid == self || (HostUser.IsInNamespace && stat.stx_uid == Overflow);
        bool group =
            (stat.stx_mode & 0b000_010_000) == 0 || stat.stx_gid == 0 || (self != 0 && stat.stx_gid == Libc.getegid());
        return owner && group && (stat.stx_mode & 0b000_000_010) == 0;
    }
}
