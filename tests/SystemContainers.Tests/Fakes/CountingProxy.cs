// SPDX-License-Identifier: Apache-2.0

using System.Net;
using System.Net.Sockets;

namespace SystemContainers.Tests.Fakes;

/// <summary>Forwards connections, and counts what the server sends, heads and all.</summary>
public sealed class CountingProxy : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly IPEndPoint _target;
    private long _received;

    public CountingProxy(string target)
    {
        _target = IPEndPoint.Parse(target);
        _listener.Start();
        _ = AcceptAsync();
    }

    public string Host => $"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    /// <summary>Bytes of the server's so far.</summary>
    public long Received => Interlocked.Read(ref _received);

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
                await Task.WhenAny(client.GetStream().CopyToAsync(server.GetStream()), ReturnAsync(server.GetStream(), client.GetStream()));
            }
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            // One of the two went away.
        }
    }

    private async Task ReturnAsync(NetworkStream from, NetworkStream to)
    {
        byte[] buffer = new byte[32 << 10];
        while (await from.ReadAsync(buffer) is > 0 and int read)
        {
            Interlocked.Add(ref _received, read);
            await to.WriteAsync(buffer.AsMemory(0, read));
        }
    }
}
