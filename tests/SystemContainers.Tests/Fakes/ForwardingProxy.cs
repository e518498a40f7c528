// SPDX-License-Identifier: Apache-2.0

using System.Net;
using System.Net.Sockets;

namespace SystemContainers.Tests.Fakes;

/// <summary>Forwards connections; what passes each way is for the one that is made of it to look at.</summary>
public abstract class ForwardingProxy : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly IPEndPoint _target;

    /// <param name="target">Where to.</param>
    protected ForwardingProxy(string target)
    {
        _target = IPEndPoint.Parse(target);
        _listener.Start();
        _ = AcceptAsync();
    }

    public string Host => $"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    public void Dispose()
    {
        _listener.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Told of bytes that are passed on now.</summary>
    /// <param name="isClients">Whether the client sent them.</param>
    /// <param name="count">How many.</param>
    /// <param name="passed">How many of the connection's in that direction, these among them.</param>
    /// <returns>Whether the connection goes on after them; else it is cut.</returns>
    protected abstract bool Pass(bool isClients, int count, long passed);

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync();
                _ = Task.Run(() => ForwardAsync(client));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Disposed of.
        }
    }

    private async Task ForwardAsync(TcpClient client)
    {
        using TcpClient server = new();
        try
        {
            using (client)
            {
                await server.ConnectAsync(_target);
                await Task.WhenAny(
                    CopyAsync(client.GetStream(), server.GetStream(), isClients: true),
                    CopyAsync(server.GetStream(), client.GetStream(), isClients: false)
                );
            }
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            // One of the two went away.
        }
    }

    private async Task CopyAsync(NetworkStream from, NetworkStream to, bool isClients)
    {
        byte[] buffer = new byte[32 << 10];
        for (long passed = 0; await from.ReadAsync(buffer) is > 0 and int read;)
        {
            passed += read;
            bool goesOn = Pass(isClients, read, passed);
            await to.WriteAsync(buffer.AsMemory(0, read));
            if (!goesOn)
            {
                return;
            }
        }
    }
}
