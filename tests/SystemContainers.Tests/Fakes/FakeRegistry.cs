// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using SystemContainers.Oci;

namespace SystemContainers.Tests.Fakes;

/// <summary>
/// A registry in this process that can misbehave on purpose, beside the real one that the tests use too. HTTP/1.1 on
/// raw sockets, a request a connection, so that a test decides each byte.
/// </summary>
public sealed class FakeRegistry : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly X509Certificate2? _certificate;
    private readonly ConcurrentQueue<FakeRequest> _requests = new();

    public FakeRegistry(X509Certificate2? certificate = null)
    {
        _certificate = certificate;
        _listener.Start();
        _ = AcceptAsync();
    }

    public string Host => $"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    /// <summary>By digest, or anything that a path may end in.</summary>
    public ConcurrentDictionary<string, byte[]> Blobs { get; } = new(StringComparer.Ordinal);

    /// <summary>By tag or digest.</summary>
    public ConcurrentDictionary<string, (string Type, byte[] Bytes)> Manifests { get; } = new(StringComparer.Ordinal);

    /// <summary>Asked first; null lets the registry behave.</summary>
    public Func<FakeRequest, FakeResponse?> Misbehave { get; set; } = static _ => null;

    /// <summary>With TLS: only a client with this certificate is served.</summary>
    public string? ClientThumbprint { get; set; }

    public IReadOnlyList<FakeRequest> Requests => [.. _requests];

    public IReadOnlyList<FakeRequest> BlobRequests(Digest digest) =>
        [.. _requests.Where(r => r.Path.EndsWith($"/blobs/{digest}", StringComparison.Ordinal))];

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
    }

    /// <summary>What a registry that keeps to the specification says.</summary>
    public FakeResponse Behave(FakeRequest request)
    {
        string last = request.Path[(request.Path.LastIndexOf('/') + 1)..];
        if (request.Path.Contains("/manifests/", StringComparison.Ordinal))
        {
            return Manifests.TryGetValue(last, out (string Type, byte[] Bytes) manifest)
                ? new FakeResponse(200, manifest.Bytes, manifest.Type)
                : Error(404, "MANIFEST_UNKNOWN", "manifest unknown");
        }

        return !Blobs.TryGetValue(last, out byte[]? blob) ? Error(404, "BLOB_UNKNOWN", "blob unknown to registry")
            : request.Header("range") is null ? new FakeResponse(200, blob, "application/octet-stream")
            : request.RangeStart >= blob.Length ? Error(416, "RANGE_INVALID", "invalid range")
            : Range(blob, (int)request.RangeStart, (int)Math.Min(request.RangeEnd ?? blob.Length, blob.Length));
    }

    /// <summary>A piece of a blob.</summary>
    public static FakeResponse Range(byte[] blob, int start, int end) =>
        new(206, blob[start..end], "application/octet-stream")
        {
            Headers = { ["Content-Range"] = $"bytes {start}-{end - 1}/{blob.Length}" },
        };

    public static FakeResponse Error(int status, string code, string message) =>
        new(
            status,
            Encoding.UTF8.GetBytes($$$"""{"errors":[{"code":"{{{code}}}","message":"{{{message}}}","detail":{}}]}"""),
            "application/json"
        );

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync(_stop.Token);
                _ = Task.Run(() => ServeAsync(client));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Disposed of.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        try
        {
            using (client)
            {
                await using Stream stream = await StreamAsync(client);
                if (await ReadAsync(stream) is not { } request)
                {
                    return;
                }

                _requests.Enqueue(request);
                await WriteAsync(stream, Misbehave(request) ?? Behave(request));
            }
        }
        catch (Exception e)
            when (e
                    is IOException
                        or OperationCanceledException
                        or SocketException
                        or System.Security.Authentication.AuthenticationException
            )
        {
            // The client went away, or spoke TLS where there is none: its business.
        }
    }

    private async Task<Stream> StreamAsync(TcpClient client)
    {
        if (_certificate is null)
        {
            return client.GetStream();
        }

        SslStream tls = new(client.GetStream());
        await tls.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions
            {
                ServerCertificate = _certificate,
                ClientCertificateRequired = ClientThumbprint is not null,
                RemoteCertificateValidationCallback = (_, client, _, _) =>
                    ClientThumbprint is null || (client as X509Certificate2)?.Thumbprint == ClientThumbprint,
            }
        );
        return tls;
    }

    private static async Task<FakeRequest?> ReadAsync(Stream stream)
    {
        List<byte> head = [];
        byte[] one = new byte[1];
        while (head.Count < 64 << 10 && await stream.ReadAsync(one) == 1)
        {
            head.Add(one[0]);

            // The first byte of a TLS record: no HTTP will follow.
            if (head[0] == 0x16)
            {
                return null;
            }

            if (head.Count >= 4 && head[^4] == '\r' && head[^3] == '\n' && head[^2] == '\r' && head[^1] == '\n')
            {
                break;
            }
        }

        string[] lines = Encoding.Latin1.GetString([.. head]).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        if (lines.Length == 0)
        {
            return null;
        }

        Dictionary<string, string> headers = new(StringComparer.Ordinal);
        foreach (string line in lines[1..])
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            string name = line[..colon].ToLowerInvariant();
            string value = line[(colon + 1)..].Trim();
            headers[name] = headers.TryGetValue(name, out string? former) ? $"{former}, {value}" : value;
        }

        byte[] body = new byte[
            int.Parse(headers.GetValueOrDefault("content-length", "0"), CultureInfo.InvariantCulture)
        ];
        await stream.ReadExactlyAsync(body);
        string[] words = lines[0].Split(' ');
        string[] target = words[1].Split('?', 2);
        return new FakeRequest(
            words[0],
            target[0],
            target.ElementAtOrDefault(1) ?? "",
            headers,
            Encoding.UTF8.GetString(body)
        );
    }

    private async Task WriteAsync(Stream stream, FakeResponse response)
    {
        if (response.Raw is { } raw)
        {
            await stream.WriteAsync(raw, _stop.Token);
            while (response.Endless)
            {
                await stream.WriteAsync(response.More, _stop.Token);
            }

            await Task.Delay(response.Hang ? Timeout.Infinite : 0, _stop.Token);
            return;
        }

        StringBuilder head = new($"HTTP/1.1 {response.Status} X\r\nConnection: close\r\n");
        foreach ((string name, string value) in response.Headers)
        {
            head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        }

        if (response.SaysLength >= 0 && !response.Endless)
        {
            long length = response.SaysLength == 0 ? response.Body.Length : response.SaysLength;
            head.Append(CultureInfo.InvariantCulture, $"Content-Length: {length}\r\n");
        }

        await stream.WriteAsync(Encoding.Latin1.GetBytes(head.Append("\r\n").ToString()), _stop.Token);
        for (int i = 0; response.Drip is { } pause && i < response.Body.Length; i++)
        {
            await Task.Delay(pause, _stop.Token);
            await stream.WriteAsync(response.Body.AsMemory(i, 1), _stop.Token);
        }

        if (response.Drip is not null)
        {
            return;
        }

        do
        {
            await stream.WriteAsync(response.Body.AsMemory(0, response.CutAfter ?? response.Body.Length), _stop.Token);
            await stream.FlushAsync(_stop.Token);
        } while (response.Endless);

        if (response.Hang)
        {
            await Task.Delay(Timeout.Infinite, _stop.Token);
        }
    }
}
