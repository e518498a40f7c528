using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace SystemContainers.Linux.Native;

/// <summary>sys/ioctl.h.</summary>
static partial class Libc
{
    /// <summary>ioctl_ficlone(2).</summary>
    internal const nuint FICLONE = 0x40049409;

    /// <param name="fd">What gets the blocks.</param>
    /// <param name="request">FICLONE.</param>
    /// <param name="source">Whose blocks.</param>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial int ioctl(SafeFileHandle fd, nuint request, SafeFileHandle source);
}
