using System.Runtime.InteropServices;

namespace SystemContainers.Linux.Native;

/// <summary>signal.h.</summary>
static partial class Libc
{
    internal const int SIGPIPE = 13;
    internal const nint SIG_DFL = 0;

    [LibraryImport(Library)]
    internal static partial nint signal(int number, nint handler);
}
