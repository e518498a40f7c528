// SPDX-License-Identifier: Apache-2.0

using System.Net;
using System.Net.Sockets;

namespace SystemContainers.Tests.Fakes;

/// <summary>
/// Ports for servers that have to be told one, as HttpListener and docker-registry. A free port that the kernel named
/// may be given to the next who asks before its server listens, be it as the other end of a connection; these lie below
/// what the kernel gives (ip_local_port_range), and this process hands each out once.
/// </summary>
static class LoopbackPort
{
    private const int First = 20_000;
    private const int Count = 10_000;
    private static int s_last = Random.Shared.Next(Count);

    /// <summary>A port of 127.0.0.1 on which nobody listens.</summary>
    /// <exception cref="InvalidOperationException">A hundred in a row are taken.</exception>
    public static int Next()
    {
        for (int attempt = 0; attempt < 100; attempt++)
        {
            int port = First + (int)((uint)Interlocked.Increment(ref s_last) % Count);
            using TcpListener listener = new(IPAddress.Loopback, port) { ExclusiveAddressUse = true };
            try
            {
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Another process has it.
            }
        }

        throw new InvalidOperationException($"no free port among {First} to {First + Count - 1}");
    }
}
