// SPDX-License-Identifier: Apache-2.0

using System.IO.Pipes;
using System.Net.Sockets;
using System.Text;
using SystemContainers.Linux;
using SystemContainers.Linux.Native;

namespace SystemContainers.Runtime;

/// <summary>The protocol of sd_notify(3): lines in a datagram to the socket in NOTIFY_SOCKET.</summary>
static unsafe class Notify
{
    /// <summary>
    /// Says something, and returns when systemd has acted on it. systemd closes the descriptor that comes with
    /// BARRIER=1 when all that was sent before is done (sd_notify_barrier(3)). A process that ends first can't become
    /// the main process any more: systemd 252 then takes the unit for one that ended with success. How long that may
    /// take is for the unit to say (TimeoutStartSec=); a systemd that hears nothing can do nothing else for it either.
    /// </summary>
    /// <param name="socket">NOTIFY_SOCKET.</param>
    /// <param name="state">Lines.</param>
    /// <exception cref="SocketException">There is nobody at the socket.</exception>
    /// <exception cref="LinuxException">As sendmsg(2) has it.</exception>
    public static void SendAndAwait(string socket, string state)
    {
        using Socket client = Connect(socket);
        client.Send(Encoding.UTF8.GetBytes(state));
        using AnonymousPipeServerStream barrier = new(PipeDirection.In);
        Libc.descriptor_message end = new()
        {
            Header = new Tmds.Linux.cmsghdr
            {
                cmsg_len = Libc.descriptor_message.Size,
                cmsg_level = Libc.SOL_SOCKET,
                cmsg_type = Libc.SCM_RIGHTS,
            },
            Descriptor = (int)barrier.ClientSafePipeHandle.DangerousGetHandle(),
        };
        if (!TrySend(client, "BARRIER=1"u8, end))
        {
            throw LinuxException.Last("sendmsg", "a barrier to systemd");
        }

        barrier.DisposeLocalCopyOfClientHandle();

        // Nobody writes: it is over when the last other end is closed, by systemd or because it never took it.
        barrier.ReadByte();
    }

    /// <summary>A socket whose other end is the manager's.</summary>
    /// <param name="socket">NOTIFY_SOCKET; an @ stands for the zero byte of an abstract name.</param>
    /// <exception cref="SocketException">There is nobody.</exception>
    public static Socket Connect(string socket)
    {
        Socket client = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        try
        {
            client.Connect(new UnixDomainSocketEndPoint(socket.StartsWith('@') ? "\0" + socket[1..] : socket));
            return client;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <summary>Sends one datagram with a control message (unix(7)).</summary>
    /// <returns>Whether it went; else the thread's last error says why not.</returns>
    public static bool TrySend<T>(Socket client, ReadOnlySpan<byte> text, T control)
        where T : unmanaged
    {
        fixed (byte* data = text)
        {
            iovec vector = new() { iov_base = data, iov_len = text.Length };
            msghdr message = new()
            {
                msg_iov = &vector,
                msg_iovlen = 1,
                msg_control = &control,
                msg_controllen = (uint)sizeof(T),
            };
            return Libc.sendmsg((int)client.Handle, &message, Libc.MSG_NOSIGNAL) >= 0;
        }
    }
}
