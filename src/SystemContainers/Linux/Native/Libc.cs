using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace SystemContainers.Linux.Native;

/// <summary>
/// libc as it is, a file a header (Libc.Fcntl.cs, Libc.Stat.cs …): raw declarations only, every call that sets errno marked so.
/// Variadic functions are declared with the fixed arguments that we use, which is right on Linux x86-64 and arm64.
/// </summary>
static unsafe partial class Libc
{
    private const string Library = "libc";

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int fsync(SafeFileHandle fd);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int syncfs(SafeFileHandle fd);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial SafeFileHandle open(string path, int flags, uint mode);

    /// <summary>The same without a handle that closes it: for a descriptor that a program executed by this process gets.</summary>
    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8, EntryPoint = "open")]
    internal static partial int open_inherited(string path, int flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int fchown(SafeFileHandle fd, uint owner, uint group);

    [LibraryImport(Library)]
    internal static partial int getppid();

    /// <summary>SIGKILL, the same on every architecture.</summary>
    internal const int SIGKILL = 9;

    /// <param name="pid">A process, or negative a process group.</param>
    /// <param name="signal">Its number.</param>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial int kill(int pid, int signal);

    [LibraryImport(Library)]
    internal static partial uint geteuid();

    [LibraryImport(Library)]
    internal static partial uint getegid();
}
