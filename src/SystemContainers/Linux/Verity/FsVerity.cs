// SPDX-License-Identifier: Apache-2.0

using Microsoft.Win32.SafeHandles;
using SystemContainers.Linux.Native;

namespace SystemContainers.Linux.Verity;

/// <summary>
/// The kernel's fs-verity (Documentation/filesystems/fsverity.rst): from its enabling on a file can't be written any
/// more, and each read of it is proved against its digest. Whether a file can have it is up to the file system that it
/// is on, and the kernel.
/// </summary>
static unsafe class FsVerity
{
    private const int BusyMilliseconds = 60_000;

    /// <summary>Enables it, with SHA-256 over blocks of 4096 bytes and no salt, and reads the whole file for that; a
    /// file that has it already stays as it is. Durable as far as the file is.</summary>
    /// <param name="file">A regular file that is open for reading, and by nobody for writing.</param>
    /// <returns>False where the file system or the kernel can't; the file is then as it was.</returns>
    /// <exception cref="LinuxException">It could and did not: no space, or somebody may still write
    /// (ETXTBSY).</exception>
    public static bool TryEnable(SafeFileHandle file)
    {
        Libc.fsverity_enable_arg how = new()
        {
            version = 1,
            hash_algorithm = Libc.FS_VERITY_HASH_ALG_SHA256,
            block_size = VerityHasher.BlockSize,
        };
        FaultPoint.Pass("ioctl");
        for (
            long deadline = Environment.TickCount64 + BusyMilliseconds;
            Libc.ioctl(file, Libc.FS_IOC_ENABLE_VERITY, &how) != 0;

        )
        {
            LinuxException failure = LinuxException.Last("ioctl FS_IOC_ENABLE_VERITY", "a file");
            switch (failure.Errno)
            {
                case Errno.EEXIST:
                    return true;
                case Errno.ENOTTY or Errno.EOPNOTSUPP or Errno.EINVAL or Errno.ENOPKG:
                    // EINVAL: before Linux 6.3 blocks had to be as large as the machine's pages. ENOPKG: this kernel
                    // has no SHA-256 for it.
                    return false;
                case Errno.EBUSY or Errno.EINTR when Environment.TickCount64 < deadline:
                    // Another process enables it for the same file just now: then it will be there.
                    Thread.Sleep(1);
                    break;
                default:
                    throw failure;
            }
        }

        return true;
    }

    /// <summary>The digest that reads of the file are proved against; takes no reading.</summary>
    /// <param name="file">Open for reading.</param>
    /// <returns>Null where the file has none or can't have one, or one of another algorithm. Of another block size or
    /// with a salt it is not what <see cref="VerityHasher"/> says.</returns>
    /// <exception cref="LinuxException">It could not be asked for.</exception>
    public static VerityDigest? Measure(SafeFileHandle file)
    {
        Libc.fsverity_digest answer = new() { digest_size = VerityDigest.Size };
        if (Libc.ioctl(file, Libc.FS_IOC_MEASURE_VERITY, &answer) == 0)
        {
            return answer.digest_algorithm == Libc.FS_VERITY_HASH_ALG_SHA256 && answer.digest_size == VerityDigest.Size
                ? VerityDigest.FromBytes(new ReadOnlySpan<byte>(answer.digest, VerityDigest.Size))
                : null;
        }

        LinuxException failure = LinuxException.Last("ioctl FS_IOC_MEASURE_VERITY", "a file");
        return failure.Errno is Errno.ENODATA or Errno.ENOTTY or Errno.EOPNOTSUPP or Errno.EOVERFLOW
            ? null
            : throw failure;
    }
}
