using System.Runtime.InteropServices;

namespace SystemContainers.Linux.Native;

/// <summary>poll.h.</summary>
static unsafe partial class Libc
{
    internal const short POLLIN = 0x001;
    internal const short POLLERR = 0x008;
    internal const short POLLHUP = 0x010;

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int poll(pollfd* descriptors, ulong count, int milliseconds);

    [StructLayout(LayoutKind.Sequential)]
    internal struct pollfd
    {
        internal int Descriptor;
        internal short Events;
        internal short Happened;
    }
}
