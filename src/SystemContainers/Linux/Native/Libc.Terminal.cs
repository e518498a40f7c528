using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace SystemContainers.Linux.Native;

/// <summary>termios.h, pty functions of stdlib.h, sys/ioctl.h; numbers are those of x86-64 and arm64.</summary>
static unsafe partial class Libc
{
    internal const int TCSADRAIN = 1;
    internal const int TIOCSCTTY = 0x540e;
    internal const int TIOCGWINSZ = 0x5413;
    internal const int TIOCSWINSZ = 0x5414;

    [LibraryImport(Library, SetLastError = true)]
    internal static partial SafeFileHandle posix_openpt(int flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int grantpt(SafeFileHandle master);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int unlockpt(SafeFileHandle master);

    [LibraryImport(Library)]
    internal static partial int ptsname_r(SafeFileHandle master, byte* name, nuint size);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int isatty(int fd);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int tcgetattr(int fd, termios* settings);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int tcsetattr(int fd, int when, termios* settings);

    [LibraryImport(Library)]
    internal static partial void cfmakeraw(termios* settings);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int tcgetpgrp(int fd);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int ioctl(int fd, nuint request, winsize* size);

    [LibraryImport(Library, SetLastError = true, EntryPoint = "ioctl")]
    internal static partial int ioctl_int(int fd, nuint request, nint value);

    /// <summary>Larger than any C library's: glibc has 60 bytes.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 128)]
    internal struct termios
    {
        internal uint Input;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct winsize
    {
        internal ushort Rows;
        internal ushort Columns;
        internal ushort Width;
        internal ushort Height;
    }
}
