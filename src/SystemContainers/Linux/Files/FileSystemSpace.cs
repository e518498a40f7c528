// SPDX-License-Identifier: Apache-2.0

using System.Runtime.InteropServices;
using SystemContainers.Linux.Native;

namespace SystemContainers.Linux.Files;

/// <summary>What a file system has left (statvfs(3)).</summary>
/// <param name="Total">Bytes of all of it.</param>
/// <param name="Free">Bytes that are free to everybody.</param>
/// <param name="FreeToRoot">The same with what is kept for root.</param>
/// <param name="FreeInodes">Files that can still be made; null where the file system does not count them.</param>
[StructLayout(LayoutKind.Auto)]
readonly record struct FileSystemSpace(long Total, long Free, long FreeToRoot, long? FreeInodes)
{
    /// <summary>Asks the file system of <paramref name="path"/>.</summary>
    /// <param name="path">A directory that is there.</param>
    /// <exception cref="LinuxException">It can't be asked.</exception>
    public static FileSystemSpace Of(string path) =>
        Libc.statvfs(path, out statvfs_t stat) == 0
            ? new FileSystemSpace(
                (long)(stat.f_blocks * stat.f_frsize),
                (long)(stat.f_bavail * stat.f_frsize),
                (long)(stat.f_bfree * stat.f_frsize),
                stat.f_files == 0 ? null : (long)(ulong)stat.f_favail
            )
            : throw LinuxException.Last("statvfs", path);
}
