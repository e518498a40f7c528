// SPDX-License-Identifier: Apache-2.0

using System.Net.Sockets;
using SystemContainers.Linux.Native;

namespace SystemContainers.Systemd.DBus;

/// <summary>
/// A connection to systemd's own socket. What systemd reads together with the end of the authentication it leaves lying
/// until more comes (systemd 252): nobody writes to it before it has read that end.
/// </summary>
sealed class SystemdStream : NetworkStream
{
    /// <summary>How often it is looked whether systemd has read.</summary>
    private static readonly TimeSpan s_poll = TimeSpan.FromMilliseconds(1);

    private SystemdStream(Socket socket)
        : base(socket, ownsSocket: true) { }

    /// <exception cref="SocketException">Nobody listens there.</exception>
    public static async Task<SystemdStream> ConnectAsync(string path, CancellationToken cancellation)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellation);
            return new SystemdStream(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public override async ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer,
        CancellationToken cancellationToken = default
    )
    {
        await base.WriteAsync(buffer, cancellationToken);
        if (buffer.Span.SequenceEqual("BEGIN\r\n"u8))
        {
            while (HasUnread())
            {
                await Task.Delay(s_poll, cancellationToken);
            }
        }
    }

    /// <summary>Whether the other side has still to read something (SIOCOUTQ, unix(7)).</summary>
    private unsafe bool HasUnread()
    {
        int bytes = 0;
        return Libc.ioctl(Socket.SafeHandle, Libc.SIOCOUTQ, &bytes) == 0 && bytes > 0;
    }
}
