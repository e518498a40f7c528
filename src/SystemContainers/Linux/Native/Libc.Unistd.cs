using System.Runtime.InteropServices;

namespace SystemContainers.Linux.Native;

/// <summary>unistd.h.</summary>
static unsafe partial class Libc
{
    [LibraryImport(Library)]
    internal static partial void _exit(int status);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int execve(byte* path, byte** arguments, byte** environment);
}
