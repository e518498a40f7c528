using System.Runtime.InteropServices;
using SystemContainers.Linux.Native;

namespace SystemContainers.Linux;

/// <summary>Which file it is, whatever its names are.</summary>
/// <param name="Major">Of the file system's device.</param>
/// <param name="Minor">Of the file system's device.</param>
/// <param name="Inode">The inode's number.</param>
[StructLayout(LayoutKind.Auto)]
readonly record struct FileIdentity(uint Major, uint Minor, ulong Inode)
{
    public static FileIdentity Of(in Libc.statx_t stat) => new(stat.stx_dev_major, stat.stx_dev_minor, stat.stx_ino);
}
