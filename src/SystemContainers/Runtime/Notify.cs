// SPDX-License-Identifier: Apache-2.0

using System.Net.Sockets;
using System.Text;

namespace SystemContainers.Runtime;

/// <summary>The protocol of sd_notify(3): lines in a datagram to the socket in NOTIFY_SOCKET.</summary>
static class Notify
{
    public static void Send(string socket, string state)
    {
        using Socket client = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);

        // An @ stands for the zero byte of an abstract name.
        string path = socket.StartsWith('@') ? "\0" + socket[1..] : socket;
        client.SendTo(Encoding.UTF8.GetBytes(state), new UnixDomainSocketEndPoint(path));
    }
}
