using System.Runtime.InteropServices;

namespace SystemContainers.Linux.Native;

/// <summary>unistd.h, and fcntl(2) as far as it is for descriptors that programs inherit.</summary>
static unsafe partial class Libc
{
    internal const int F_SETFD = 2;
    internal const int F_GETFL = 3;
    internal const int FD_CLOEXEC = 1;

    [LibraryImport(Library)]
    internal static partial void _exit(int status);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int execve(byte* path, byte** arguments, byte** environment);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint read(int fd, byte* buffer, nuint count);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint write(int fd, byte* buffer, nuint count);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int dup2(int fd, int other);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int fcntl(int fd, int command, int value);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int setsid();

    [LibraryImport(Library)]
    internal static partial int getpgrp();
}
