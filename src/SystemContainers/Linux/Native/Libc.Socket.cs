using System.Runtime.InteropServices;

namespace SystemContainers.Linux.Native;

/// <summary>sys/socket.h, as 64-bit Linux lays it out.</summary>
static unsafe partial class Libc
{
    internal const int SOL_SOCKET = 1;
    internal const int SCM_CREDENTIALS = 2;
    internal const int MSG_CTRUNC = 0x08;
    internal const int MSG_TRUNC = 0x20;
    internal const int MSG_NOSIGNAL = 0x4000;
    internal const int MSG_CMSG_CLOEXEC = 0x4000_0000;

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint recvmsg(int fd, msghdr* message, int flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint sendmsg(int fd, msghdr* message, int flags);

    [StructLayout(LayoutKind.Sequential)]
    internal struct iovec
    {
        internal void* Base;
        internal nuint Length;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct msghdr
    {
        internal void* Name;
        internal uint NameLength;
        internal iovec* Vector;
        internal nuint VectorLength;
        internal void* Control;
        internal nuint ControlLength;
        internal int Flags;
    }

    /// <summary>One control message that holds a sender's credentials, with the padding that CMSG_SPACE asks for.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 32)]
    internal struct credentials_message
    {
        /// <summary>CMSG_LEN of a ucred.</summary>
        internal const ulong Size = 28;

        internal ulong Length;
        internal int Level;
        internal int Type;
        internal int Pid;
        internal uint Uid;
        internal uint Gid;
    }
}
