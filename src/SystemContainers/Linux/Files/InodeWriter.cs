// SPDX-License-Identifier: Apache-2.0

using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Errors;
using SystemContainers.Linux.Native;
using SystemContainers.Linux.Users;

namespace SystemContainers.Linux.Files;

/// <summary>
/// Gives an inode its metadata in the one order that holds: owner first, for it clears setuid bits and capabilities;
/// then mode; then attributes; times last, for everything else changes them.
/// </summary>
static unsafe class InodeWriter
{
    /// <summary>A file system with this much is not full, in bytes.</summary>
    private const long MuchSpace = 4 << 20;

    /// <param name="file">An open file or directory.</param>
    /// <param name="metadata">What it gets.</param>
    /// <param name="shown">For errors.</param>
    /// <exception cref="LinuxException">One of the calls failed.</exception>
    public static void Apply(SafeFileHandle file, FileMetadata metadata, string shown)
    {
        FaultPoint.Pass("fchown");
        if (Libc.fchown(file, metadata.Uid, metadata.Gid) != 0)
        {
            throw LinuxException.Last("fchown", shown);
        }

        if (Libc.fchmod(file, (uint)metadata.Mode) != 0)
        {
            throw LinuxException.Last("fchmod", shown);
        }

        foreach (FileXattr xattr in metadata.Xattrs)
        {
            fixed (byte* name = Terminated(xattr.Name))
            fixed (byte* value = xattr.Value)
            {
                if (Libc.fsetxattr(file, name, value, (nuint)xattr.Value.Length, 0) != 0 && !IsForRootAlone())
                {
                    throw XattrFailure("fsetxattr", $"/proc/self/fd/{file.DangerousGetHandle()}", metadata, shown);
                }
            }
        }

        timespec* times = stackalloc timespec[2];
        Fill(times, metadata);
        if (Libc.futimens(file, times) != 0)
        {
            throw LinuxException.Last("futimens", shown);
        }
    }

    /// <summary>The same for what can't be opened: symbolic links, devices, FIFOs.</summary>
    /// <param name="directory">Where it stands.</param>
    /// <param name="name">Its name, zero-terminated.</param>
    /// <param name="metadata">What it gets.</param>
    /// <param name="hasMode">False for a symbolic link, which has none of its own.</param>
    /// <param name="shown">For errors.</param>
    public static void ApplyAt(SafeFileHandle directory, byte* name, FileMetadata metadata, bool hasMode, string shown)
    {
        FaultPoint.Pass("fchownat");
        if (Libc.fchownat(directory, name, metadata.Uid, metadata.Gid, Libc.AT_SYMLINK_NOFOLLOW) != 0)
        {
            throw LinuxException.Last("fchownat", shown);
        }

        // The directory is our own, so nobody can put a link in this name's place.
        if (hasMode && Libc.fchmodat(directory, name, (uint)metadata.Mode, 0) != 0)
        {
            throw LinuxException.Last("fchmodat", shown);
        }

        foreach (FileXattr xattr in metadata.Xattrs)
        {
            // There is no lsetxattrat before Linux 6.13; the descriptor's own path in /proc leads to the directory by
            // handle.
            byte[] path =
            [
                .. System.Text.Encoding.ASCII.GetBytes($"/proc/self/fd/{directory.DangerousGetHandle()}/"),
                .. Bytes(name),
                0,
            ];
            fixed (byte* pathPointer = path)
            fixed (byte* xattrName = Terminated(xattr.Name))
            fixed (byte* value = xattr.Value)
            {
                if (
                    Libc.lsetxattr(pathPointer, xattrName, value, (nuint)xattr.Value.Length, 0) != 0
                    && !IsForRootAlone()
                )
                {
                    throw XattrFailure("lsetxattr", $"/proc/self/fd/{directory.DangerousGetHandle()}", metadata, shown);
                }
            }
        }

        timespec* times = stackalloc timespec[2];
        Fill(times, metadata);
        if (Libc.utimensat(directory, name, times, Libc.AT_SYMLINK_NOFOLLOW) != 0)
        {
            throw LinuxException.Last("utimensat", shown);
        }
    }

    /// <summary>
    /// ext4 says "no space" of an empty disk where a file has more attributes than it keeps for one; the remedy is
    /// another then.
    /// </summary>
    private static Exception XattrFailure(string call, string place, FileMetadata metadata, string shown)
    {
        LinuxException failure = LinuxException.Last(call, shown);
        if (
            failure.Errno is not (Errno.ENOSPC or Errno.E2BIG or Errno.ERANGE)
            || FileSystemSpace.Of(place).FreeToRoot < MuchSpace
        )
        {
            return failure;
        }

        int bytes = metadata.Xattrs.Sum(x => x.Name.Length + x.Value.Length);
        return new SysctrException(
            ErrorKind.Unsafe,
            $"{shown}: its {metadata.Xattrs.Count} extended attributes of {bytes} bytes are more than this file system keeps for a file",
            "ext4 keeps about 4 KiB; xfs and btrfs keep more",
            failure
        );
    }

    /// <summary>trusted.* and the like, which a user's namespace can't have: left out, as podman does.</summary>
    private static bool IsForRootAlone() => HostUser.IsInNamespace && Marshal.GetLastPInvokeError() == Errno.EPERM;

    private static void Fill(timespec* times, FileMetadata metadata)
    {
        times[0] = new timespec { tv_sec = metadata.MtimeSeconds, tv_nsec = (int)metadata.MtimeNanoseconds };
        times[1] = times[0];
    }

    private static byte[] Terminated(byte[] name) => [.. name, 0];

    private static ReadOnlySpan<byte> Bytes(byte* name) => MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name);
}
