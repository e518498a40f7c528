// SPDX-License-Identifier: Apache-2.0

using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace SystemContainers.Linux.Native;

/// <summary>
/// What Tmds.LibC 0.5.0 lacks: declarations of our own, every call that sets errno marked so. Tests compare structures
/// and numbers with what the C compiler says, and names with those of Tmds.LibC. Its <c>flock</c> is the struct of
/// fcntl(2); flock(2) is not in it.
/// </summary>
static unsafe partial class Libc
{
    private const string Library = "libc";

    // linux/fs.h
    internal const uint RENAME_NOREPLACE = 1;
    internal const uint RENAME_EXCHANGE = 2;

    /// <summary>ioctl_ficlone(2).</summary>
    internal const uint FICLONE = 0x40049409;

    // linux/fs.h: flags of inodes
    internal const uint FS_IOC_GETFLAGS = 0x80086601;
    internal const uint FS_IOC_SETFLAGS = 0x40086602;
    internal const int FS_IMMUTABLE_FL = 0x10;
    internal const int FS_APPEND_FL = 0x20;

    // linux/fsverity.h, since Linux 5.4
    internal const uint FS_IOC_ENABLE_VERITY = 0x40806685;
    internal const uint FS_IOC_MEASURE_VERITY = 0xc0046686;
    internal const uint FS_VERITY_HASH_ALG_SHA256 = 1;

    // linux/stat.h, since Linux 5.8: the mount's id is in what was spare room of struct statx before.
    internal const uint STATX_MNT_ID = 0x1000;
    internal const int StatxMountOffset = 0x90;

    /// <summary>f_type of /proc (linux/magic.h).</summary>
    internal const nint PROC_SUPER_MAGIC = 0x9fa0;

    // sys/file.h
    internal const int LOCK_SH = 1;
    internal const int LOCK_EX = 2;
    internal const int LOCK_NB = 4;

    // sys/timex.h: the clock is not synchronised.
    internal const int TIME_ERROR = 5;

    // linux/loop.h; LOOP_CONFIGURE since Linux 5.8.
    internal const uint LOOP_CONFIGURE = 0x4c0a;
    internal const uint LOOP_CTL_GET_FREE = 0x4c82;
    internal const uint LO_FLAGS_READ_ONLY = 1;
    internal const uint LO_FLAGS_AUTOCLEAR = 4;

    /// <summary>struct loop_config: descriptor, block size, struct loop_info64 of 232 bytes, and room.</summary>
    internal const int LoopConfigSize = 304;

    /// <summary>info.lo_flags in struct loop_config.</summary>
    internal const int LoopFlagsOffset = 8 + 52;

    /// <summary>Bytes that hold any struct timex.</summary>
    internal const int TimexRoom = 512;

    /// <summary>Offset of d_name in glibc's struct dirent on 64-bit Linux.</summary>
    internal const int DirentNameOffset = 19;

    /// <summary>Offset of d_reclen there, an unsigned short.</summary>
    internal const int DirentLengthOffset = 16;

    /// <summary>Offset of d_type there.</summary>
    internal const int DirentTypeOffset = 18;

    // dirent.h
    internal const byte DT_UNKNOWN = 0;
    internal const byte DT_DIR = 4;
    internal const byte DT_REG = 8;
    internal const byte DT_LNK = 10;

    /// <summary>struct statfs, of which we need the first member.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 120)]
    internal struct statfs_t
    {
        internal nint f_type;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct passwd
    {
        public byte* pw_name;
        public byte* pw_passwd;
        public uint pw_uid;
        public uint pw_gid;
        public byte* pw_gecos;
        public byte* pw_dir;
        public byte* pw_shell;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct group
    {
        public byte* gr_name;
        public byte* gr_passwd;
        public uint gr_gid;
        public byte** gr_mem;
    }

    /// <summary>struct fsverity_enable_arg: no salt, no signature.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 128)]
    internal struct fsverity_enable_arg
    {
        public uint version;
        public uint hash_algorithm;
        public uint block_size;
    }

    /// <summary>struct fsverity_digest with room for SHA-256.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct fsverity_digest
    {
        public ushort digest_algorithm;
        public ushort digest_size;
        public fixed byte digest[32];
    }

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int fstatfs(SafeFileHandle fd, out statfs_t result);

    /// <summary>stx_mnt_id, where STATX_MNT_ID was asked for; zero before Linux 5.8.</summary>
    internal static ulong MountId(in statx_t stat)
    {
        fixed (statx_t* start = &stat)
        {
            return *(ulong*)((byte*)start + StatxMountOffset);
        }
    }

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int renameat2(
        SafeFileHandle oldDirectory,
        byte* oldName,
        SafeFileHandle newDirectory,
        byte* newName,
        uint flags
    );

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int renameat2(
        SafeFileHandle oldDirectory,
        string oldName,
        SafeFileHandle newDirectory,
        string newName,
        uint flags
    );

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int rename(string oldPath, string newPath);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int flock(SafeFileHandle fd, int operation);

    /// <param name="fd">A directory.</param>
    /// <param name="entries">Gets some of its entries, each a struct dirent.</param>
    /// <param name="bytes">Room there.</param>
    /// <returns>Bytes that were written; 0 at the end.</returns>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint getdents64(SafeFileHandle fd, byte* entries, nuint bytes);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint fdopendir(int fd);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial byte* readdir(nint directory);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int closedir(nint directory);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int fsetxattr(SafeFileHandle fd, byte* name, byte* value, nuint size, int flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int fremovexattr(SafeFileHandle fd, byte* name);

    /// <param name="path">A path whose last part is not followed.</param>
    /// <param name="name">Attribute, zero-terminated.</param>
    /// <param name="value">Any bytes.</param>
    /// <param name="size">How many.</param>
    /// <param name="flags">0: create or replace.</param>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial int lsetxattr(byte* path, byte* name, byte* value, nuint size, int flags);

    /// <param name="path">A path whose last part is followed.</param>
    /// <param name="names">Gets zero-terminated names; may be empty to ask for the size.</param>
    /// <param name="size">Bytes there.</param>
    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint listxattr(string path, byte* names, nuint size);

    /// <param name="path">A path whose last part is followed.</param>
    /// <param name="name">Attribute, zero-terminated.</param>
    /// <param name="value">Gets the value; may be empty to ask for the size.</param>
    /// <param name="size">Bytes there.</param>
    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint getxattr(string path, byte* name, byte* value, nuint size);

    [LibraryImport(Library)]
    internal static partial nint signal(int number, nint handler);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int setenv(string name, string value, int overwrite);

    /// <returns>0, or an errno.</returns>
    [LibraryImport(Library)]
    internal static partial int getpwuid_r(uint uid, passwd* pwd, byte* buf, nuint buflen, passwd** result);

    /// <returns>0, or an errno.</returns>
    [LibraryImport(Library)]
    internal static partial int getgrgid_r(uint gid, group* grp, byte* buf, nuint buflen, group** result);

    /// <param name="timex">A struct timex, whose first field says what to change: 0 for nothing.</param>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial int adjtimex(byte* timex);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial SafeFileHandle posix_openpt(int flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int grantpt(SafeFileHandle master);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int unlockpt(SafeFileHandle master);

    [LibraryImport(Library)]
    internal static partial int ptsname_r(SafeFileHandle master, byte* name, nuint size);

    [LibraryImport(Library)]
    internal static partial void cfmakeraw(termios* settings);
}
