using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace SystemContainers.Linux.Native;

/// <summary>openat2(2), which glibc does not wrap. Number 437 on every architecture.</summary>
static unsafe partial class Libc
{
    internal const ulong RESOLVE_NO_XDEV = 0x01;
    internal const ulong RESOLVE_NO_MAGICLINKS = 0x02;
    internal const ulong RESOLVE_NO_SYMLINKS = 0x04;
    internal const ulong RESOLVE_BENEATH = 0x08;
    internal const ulong RESOLVE_IN_ROOT = 0x10;

    private const nint OpenAt2Number = 437;

    [StructLayout(LayoutKind.Sequential)]
    internal struct open_how
    {
        internal ulong flags;
        internal ulong mode;
        internal ulong resolve;
    }

    internal static nint openat2(SafeFileHandle directory, byte* name, in open_how how)
    {
        fixed (open_how* pointer = &how)
        {
            return syscall(OpenAt2Number, directory, name, pointer, (nuint)sizeof(open_how));
        }
    }

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint syscall(nint number, SafeFileHandle directory, byte* name, open_how* how, nuint size);
}
