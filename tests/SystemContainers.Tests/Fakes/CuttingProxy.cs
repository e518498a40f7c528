// SPDX-License-Identifier: Apache-2.0

using System.Net;
using System.Net.Sockets;

namespace SystemContainers.Tests.Fakes;

/// <summary>Forwards connections, and cuts the first ones of those that send more than so many bytes.</summary>
public sealed class CuttingProxy : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly IPEndPoint _target;
    private readonly long _after;
    private int _cuts;

    /// <param name="target">Where to.</param>
    /// <param name="after">Bytes of the client's.</param>
    /// <param name="cuts">How many connections are cut.</param>
    public CuttingProxy(string target, long after, int cuts)
    {
        _target = IPEndPoint.Parse(target);
        _after = after;
        _cuts = cuts;
        _listener.Start();
        _ = AcceptAsync();
    }

    public string Host => $"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    /// <summary>How many cuts are left.</summary>
    public int Left => _cuts;

    public void Dispose() => _listener.Dispose();

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
                await Task.WhenAny(CopyAsync(client.GetStream(), server.GetStream(), counted: true), CopyAsync(server.GetStream(), client.GetStream(), counted: false));
            }
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            // One of the two went away.
        }
    }

    private async Task CopyAsync(NetworkStream from, NetworkStream to, bool counted)
    {
        byte[] buffer = new byte[32 << 10];
        for (long passed = 0; await from.ReadAsync(buffer) is > 0 and int read;)
        {
            passed += read;
            await to.WriteAsync(buffer.AsMemory(0, read));
            if (counted && passed > _after && Interlocked.Decrement(ref _cuts) >= 0)
            {
                return;
            }
        }
    }
}
