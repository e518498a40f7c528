// SPDX-License-Identifier: Apache-2.0

using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Tmds.Linux;

namespace SystemContainers.Linux.Native;

/// <summary>sys/socket.h and poll.h.</summary>
static unsafe partial class Libc
{
    internal static int SOL_SOCKET => LibC.SOL_SOCKET;
    internal static int SO_PEERCRED => LibC.SO_PEERCRED;
    internal static int SCM_CREDENTIALS => LibC.SCM_CREDENTIALS;
    internal static int SCM_RIGHTS => LibC.SCM_RIGHTS;
    internal static int MSG_TRUNC => LibC.MSG_TRUNC;
    internal static int MSG_NOSIGNAL => LibC.MSG_NOSIGNAL;
    internal static int MSG_DONTWAIT => LibC.MSG_DONTWAIT;
    internal static int MSG_CMSG_CLOEXEC => LibC.MSG_CMSG_CLOEXEC;
    internal static short POLLIN => LibC.POLLIN;

    /// <summary>How much of what was written the other side has still to read (unix(7)); linux/sockios.h gives it the
    /// number of TIOCOUTQ.</summary>
    internal static int SIOCOUTQ => LibC.TIOCOUTQ;

    /// <param name="request">SIOCOUTQ.</param>
    /// <param name="value">What is told.</param>
    internal static int ioctl(SafeSocketHandle socket, int request, int* value)
    {
        using Held held = new(socket);
        return LibC.ioctl(held.Value, request, value);
    }

    internal static int poll(pollfd* descriptors, uint count, int milliseconds) =>
        LibC.poll(descriptors, count, milliseconds);

    internal static int EPOLL_CLOEXEC => LibC.EPOLL_CLOEXEC;
    internal static int EPOLLIN => LibC.EPOLLIN;
    internal static int EPOLL_CTL_ADD => LibC.EPOLL_CTL_ADD;

    internal static int epoll_create1(int flags) => LibC.epoll_create1(flags);

    internal static int epoll_ctl(SafeFileHandle epoll, int operation, int fd, epoll_event* what)
    {
        using Held held = new(epoll);
        return LibC.epoll_ctl(held.Value, operation, fd, what);
    }

    internal static int epoll_wait(SafeFileHandle epoll, epoll_event* events, int most, int milliseconds)
    {
        using Held held = new(epoll);
        return LibC.epoll_wait(held.Value, events, most, milliseconds);
    }

    internal static nint recvmsg(int fd, msghdr* message, int flags) => (nint)(long)LibC.recvmsg(fd, message, flags);

    internal static nint sendmsg(int fd, msghdr* message, int flags) => (nint)(long)LibC.sendmsg(fd, message, flags);

    internal static int setsockopt(int fd, int level, int option, void* value, uint length) =>
        LibC.setsockopt(fd, level, option, value, length);

    /// <summary>A cmsghdr and the ucred after it, with the padding that CMSG_SPACE(3) asks for on 64-bit
    /// Linux.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 32)]
    internal struct credentials_message
    {
        /// <summary>CMSG_LEN of a ucred. That of Tmds.LibC rounds up what follows the header, as CMSG_SPACE does: it
        /// says 32, and the kernel 28.</summary>
        internal const int Size = 28;

        internal cmsghdr Header;
        internal ucred Sender;
    }

    /// <summary>A cmsghdr and one descriptor after it, with the padding that CMSG_SPACE(3) asks for on 64-bit
    /// Linux.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 24)]
    internal struct descriptor_message
    {
        /// <summary>CMSG_LEN of an int.</summary>
        internal const int Size = 20;

        internal cmsghdr Header;
        internal int Descriptor;
    }
}
