// SPDX-License-Identifier: Apache-2.0

using Microsoft.Win32.SafeHandles;
using SystemContainers.Linux;
using SystemContainers.Linux.Native;

namespace SystemContainers.Doctor.Facts;

/// <summary>
/// Tries what the store needs of its file system on files without a name (O_TMPFILE): nobody sees them, and they are
/// gone with their descriptor.
/// </summary>
static unsafe class StoreProbe
{
    /// <param name="check">The word for findings.</param>
    /// <param name="directory">Where to try; null where there is no store yet.</param>
    public static IEnumerable<DoctorFinding> Run(string check, string? directory)
    {
        if (directory is null)
        {
            return [];
        }

        using SafeFileHandle one = Open(directory);
        if (one.IsInvalid)
        {
            int errno = System.Runtime.InteropServices.Marshal.GetLastPInvokeError();
            return errno switch
            {
                Errno.EROFS or Errno.EACCES or Errno.EPERM => [],
                Errno.ENOSPC or Errno.EDQUOT =>
                [
                    DoctorFinding.Problem(
                        check,
                        $"no file can be made in {directory}: it is full",
                        "'sysctr images prune' frees what nothing needs"
                    ),
                ],
                Errno.EOPNOTSUPP or Errno.EISDIR =>
                [
                    DoctorFinding.Warning(
                        check,
                        $"{directory}: no files without a name (O_TMPFILE); sysctr is not tested without",
                        "put the store on ext4, xfs or btrfs"
                    ),
                ],
                _ =>
                [
                    DoctorFinding.Problem(
                        check,
                        new LinuxException("open", directory, errno).Message,
                        "see what the kernel says of the disk: 'journalctl --dmesg'"
                    ),
                ],
            };
        }

        List<string> has = ["files without a name"];
        List<DoctorFinding> findings = [];
        Add(
            Set(one, "user.sysctr\0"u8, "x"u8),
            "attributes",
            "extended attributes: images that have some can't be installed"
        );
        Add(
            Set(one, "system.posix_acl_access\0"u8, s_acl),
            "ACLs",
            "access control lists: images that have some can't be installed"
        );
        if (Libc.geteuid() == 0)
        {
            Add(
                Set(one, "security.capability\0"u8, s_capability),
                "file capabilities",
                "capabilities of files: images that have some can't be installed"
            );
        }

        using SafeFileHandle two = Open(directory);
        if (!two.IsInvalid && Libc.ioctl(two, Libc.FICLONE, one) == 0)
        {
            has.Add("reflinks");
        }

        return [DoctorFinding.Ok(check, $"has {string.Join(", ", has)}"), .. findings];

        void Add(bool works, string what, string without)
        {
            if (works)
            {
                has.Add(what);
            }
            else
            {
                findings.Add(
                    DoctorFinding.Warning(
                        check,
                        $"{directory}: no {without}",
                        "put the store on ext4, xfs or btrfs, mounted with acl and user_xattr"
                    )
                );
            }
        }
    }

    /// <summary>The smallest list that is more than a mode: rw for the owner and for the user 1, nothing for others
    /// (acl(5); linux/posix_acl_xattr.h).</summary>
    private static readonly byte[] s_acl =
    [
        2,
        0,
        0,
        0,
        1,
        0,
        6,
        0,
        0xff,
        0xff,
        0xff,
        0xff,
        2,
        0,
        6,
        0,
        0,
        0,
        0,
        0,
        4,
        0,
        0,
        0,
        0xff,
        0xff,
        0xff,
        0xff,
        0x10,
        0,
        6,
        0,
        0xff,
        0xff,
        0xff,
        0xff,
        0x20,
        0,
        0,
        0,
        0xff,
        0xff,
        0xff,
        0xff,
    ];

    /// <summary>CAP_NET_BIND_SERVICE, permitted (linux/capability.h, VFS_CAP_REVISION_2).</summary>
    private static readonly byte[] s_capability = [0, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    private static SafeFileHandle Open(string directory) =>
        Libc.open(directory, OpenFlags.TemporaryFile | OpenFlags.ReadWrite | OpenFlags.CloseOnExec, 0x180);

    private static bool Set(SafeFileHandle file, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        fixed (
            byte* terminated = name,
                bytes = value
        )
        {
            return Libc.fsetxattr(file, terminated, bytes, (nuint)value.Length, 0) == 0;
        }
    }
}
