// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Net;
using System.Net.Sockets;
using SystemContainers.Errors;
using SystemContainers.Pull.Options;
using SystemContainers.Tests.Fakes;
using Xunit;

namespace SystemContainers.Tests.Pull.Http;

/// <summary>What is said where no connection comes about: each is made to happen, and said in words that help.</summary>
public sealed class NetworkWordsTests : IDisposable
{
    private readonly FakeRegistry _registry = new();
    private readonly PullingHost _host = new();

    private int Port => int.Parse(_registry.Host.Split(':')[1], CultureInfo.InvariantCulture);

    public void Dispose()
    {
        _host.Dispose();
        _registry.Dispose();
    }

    [Fact]
    public async Task Plain_http_where_tls_is_meant()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        Task serving = AnswerAsync(listener, TestContext.Current.CancellationToken);

        SysctrException e = await _host.FailAsync($"127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/x:1", ErrorKind.Unreachable);

        Assert.Contains("does not speak TLS; it may be plain HTTP", e.Message, StringComparison.Ordinal);
        Assert.Contains("insecure = true", e.Hint, StringComparison.Ordinal);
        await serving;
    }

    [Theory]
    [InlineData(SocketError.HostNotFound, "the host registry.test has no address: there is no such name")]
    [InlineData(SocketError.NoData, "the host registry.test has no address: there is no such name")]
    [InlineData(SocketError.TryAgain, "the host registry.test can't be looked up: no name server answers")]
    [InlineData(SocketError.NoRecovery, "the host registry.test can't be looked up: the name server fails")]
    public async Task A_name_that_leads_nowhere(SocketError error, string words)
    {
        _host.Options = _host.Options with { Resolve = (_, _) => Task.FromException<IPAddress[]>(new SocketException((int)error)) };

        SysctrException e = await _host.FailAsync("registry.test/x:1", ErrorKind.Unreachable);

        Assert.Contains(words, e.Message, StringComparison.Ordinal);
        Assert.Contains("/etc/resolv.conf", e.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_of_nobody_we_know()
    {
        using TestCertificates certificates = new();
        using FakeRegistry secure = new(certificates.Server);

        SysctrException e = await _host.FailAsync(secure.Host + "/x:1", ErrorKind.Unreachable);

        Assert.Contains("does not know the authority that signed it", e.Message, StringComparison.Ordinal);
        Assert.Null(Fuzz.Targets.ForeignWords.Find(e.Message + e.Hint));
    }

    [Fact]
    public async Task A_certificate_for_another_name()
    {
        using TestCertificates certificates = new();
        using FakeRegistry secure = new(certificates.Server);
        string name = $"registry.test:{secure.Host.Split(':')[1]}";
        _host.Write($"certs.d/{name}/ca.crt", certificates.AuthorityPem);
        _host.Options = _host.Options with { Resolve = (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Loopback]) };

        SysctrException e = await _host.FailAsync(name + "/x:1", ErrorKind.Unreachable);

        Assert.Contains("its certificate is for another name", e.Message, StringComparison.Ordinal);
        Assert.Null(Fuzz.Targets.ForeignWords.Find(e.Message + e.Hint));
    }

    [Theory]
    [InlineData(407, "wants a user and a password, or others (HTTP 407)")]
    [InlineData(403, "does not connect us (HTTP 403)")]
    public async Task A_proxy_that_refuses_is_named(int status, string words)
    {
        _registry.Misbehave = _ => new FakeResponse(status);
        Through($"http://me:secret@{_registry.Host}");

        SysctrException e = await _host.FailAsync("registry.test/x:1", ErrorKind.Unreachable);

        Assert.Contains($"through the proxy http://{_registry.Host}/: it {words}", e.Message, StringComparison.Ordinal);
        Assert.Contains("NO_PROXY", e.Hint, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", e.Message + e.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_proxy_that_is_not_there_is_named()
    {
        FakeRegistry gone = new();
        gone.Dispose();
        Through($"http://{gone.Host}");

        SysctrException e = await _host.FailAsync("registry.test/x:1", ErrorKind.Unreachable);

        Assert.Contains($"through the proxy http://{gone.Host}/: Connection refused", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_no_proxy_names_is_reached_without_one()
    {
        new FakeImage().PushTo(_registry, "1");
        _host.Insecure($"registry.test:{Port}");
        _host.Options = _host.Options with
        {
            Resolve = (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Loopback]),
            Proxy = new ProxyRules(new Dictionary<string, string> { ["ALL_PROXY"] = "http://127.0.0.1:1", ["NO_PROXY"] = "*.test" }.GetValueOrDefault),
        };

        await _host.PullAsync($"registry.test:{Port}/x:1");
    }

    private void Through(string proxy) =>
        _host.Options = _host.Options with { Proxy = new ProxyRules(new Dictionary<string, string> { ["HTTPS_PROXY"] = proxy }.GetValueOrDefault) };

    /// <summary>What an HTTP server makes of a TLS hello.</summary>
    private static async Task AnswerAsync(TcpListener listener, CancellationToken cancellation)
    {
        using TcpClient client = await listener.AcceptTcpClientAsync(cancellation);
        NetworkStream stream = client.GetStream();
        _ = await stream.ReadAsync(new byte[4096], cancellation);
        await stream.WriteAsync("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"u8.ToArray(), cancellation);
        client.Client.Shutdown(SocketShutdown.Send);
        _ = await stream.ReadAsync(new byte[4096], cancellation);
    }
}
