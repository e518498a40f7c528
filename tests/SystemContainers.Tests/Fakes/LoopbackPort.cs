// SPDX-License-Identifier: Apache-2.0

using System.Net;
using System.Net.Sockets;

namespace SystemContainers.Tests.Fakes;

/// <summary>
/// Ports for servers that have to be told one, as HttpListener and docker-registry. A free port that the kernel named
/// may be given to the next who asks before its server listens, be it as the other end of a connection; these lie below
/// what the kernel gives (ip_local_port_range), no other process of tests has any of ours, and this one hands them out
/// in turn.
/// </summary>
static class LoopbackPort
{
    private const int First = 20_000;
    private const int Blocks = 10;
    private const int BlockSize = 1_000;
    private static readonly Lazy<(int First, FileStream Lock)> s_block = new(TakeBlock);
    private static int s_last;

    /// <summary>A port of 127.0.0.1 on which nobody listens.</summary>
    /// <exception cref="InvalidOperationException">A hundred in a row are taken.</exception>
    public static int Next()
    {
        for (int attempt = 0; attempt < 100; attempt++)
        {
            int port = s_block.Value.First + (int)((uint)Interlocked.Increment(ref s_last) % BlockSize);
            using TcpListener listener = new(IPAddress.Loopback, port) { ExclusiveAddressUse = true };
            try
            {
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // A process that knows nothing of the blocks has it.
            }
        }

        throw new InvalidOperationException($"no free port from {s_block.Value.First} on");
    }

    /// <summary>A block for as long as this process lives: FileShare.None is flock(2) here.</summary>
    private static (int First, FileStream Lock) TakeBlock()
    {
        for (int block = 0; block < Blocks; block++)
        {
            try
            {
                string file = Path.Combine(Path.GetTempPath(), $"sysctr-{Environment.UserName}-ports-{block}");
                return (
                    First + (block * BlockSize),
                    new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None)
                );
            }
            catch (IOException)
            {
                // Another process of tests has it.
            }
        }

        throw new InvalidOperationException($"all {Blocks} blocks of ports are taken by other tests");
    }
}
