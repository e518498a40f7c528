// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Net;
using System.Net.Sockets;
using SystemContainers.Errors;
using SystemContainers.Pull.Options;
using SystemContainers.Tests.Fakes;
using Xunit;

namespace SystemContainers.Tests.Pull.Http;

/// <summary>What is said where no connection comes about: each is made to happen, and said in words that
/// help.</summary>
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

        SysctrException e = await _host.FailAsync(
            $"127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/x:1",
            ErrorKind.Unreachable
        );

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
        _host.Options = _host.Options with
        {
            Resolve = (_, _) => Task.FromException<IPAddress[]>(new SocketException((int)error)),
        };

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

        Assert.Contains("its certificate is for another name: 127.0.0.1", e.Message, StringComparison.Ordinal);
        Assert.Null(Fuzz.Targets.ForeignWords.Find(e.Message + e.Hint));
    }

    [Fact]
    public async Task A_certificate_that_only_itself_signed()
    {
        using System.Security.Cryptography.X509Certificates.X509Certificate2 alone = TestCertificates.SelfSigned();
        using FakeRegistry secure = new(alone);

        SysctrException e = await _host.FailAsync(secure.Host + "/x:1", ErrorKind.Unreachable);

        Assert.Contains(
            "its certificate is signed by itself, and by no authority",
            e.Message,
            StringComparison.Ordinal
        );
        Assert.Contains("ca.crt", e.Hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, "its certificate has expired on 2")]
    [InlineData(false, "its certificate is not valid before 2")]
    public async Task A_certificate_of_another_time(bool expired, string words)
    {
        using TestCertificates certificates = new();
        using FakeRegistry secure = new(expired ? certificates.Expired : certificates.Future);
        _host.Write($"certs.d/{secure.Host}/ca.crt", certificates.AuthorityPem);

        SysctrException e = await _host.FailAsync(secure.Host + "/x:1", ErrorKind.Unreachable);

        Assert.Contains(words, e.Message, StringComparison.Ordinal);
        Assert.Contains("clock", e.Hint, StringComparison.Ordinal);
    }

    /// <summary>Go passes over a CA in DER without a word.</summary>
    [Fact]
    public async Task An_authority_in_a_file_that_holds_none_is_named()
    {
        using TestCertificates certificates = new();
        using FakeRegistry secure = new(certificates.Server);
        _host.Write($"certs.d/{secure.Host}/ca.crt", "no PEM at all");

        SysctrException e = await _host.FailAsync(secure.Host + "/x:1", ErrorKind.Unreachable);

        Assert.Contains(
            $"{_host.In($"certs.d/{secure.Host}/ca.crt")} would say it, and holds no certificate in PEM",
            e.Message,
            StringComparison.Ordinal
        );
    }

    /// <summary>containers/image, pkg/tlsclientconfig/testdata: missing-cert, missing-key, unreadable-*.</summary>
    [Theory]
    [InlineData("client.cert", "its key", "client.key is missing")]
    [InlineData("client.key", "its certificate", "client.cert is missing")]
    [InlineData("client.cert client.key", "client.cert", "PEM")]
    public async Task A_half_of_a_client_certificate_is_refused(string files, params string[] words)
    {
        using TestCertificates certificates = new();
        using FakeRegistry secure = new(certificates.Server);
        _host.Write($"certs.d/{secure.Host}/ca.crt", certificates.AuthorityPem);
        Array.ForEach(files.Split(' '), f => _host.Write($"certs.d/{secure.Host}/{f}", "words"));

        SysctrException e = await _host.FailAsync(secure.Host + "/x:1", ErrorKind.Unreachable);

        Assert.All(words, w => Assert.Contains(w, e.Message + e.Hint, StringComparison.Ordinal));
        Assert.Empty(secure.Requests);
    }

    [Theory]
    [InlineData(401, "without credentials, for there are none", "sysctr login")]
    [InlineData(403, "HTTP 403", "sysctr login")]
    [InlineData(404, "HTTP 404", "check the name and the tag")]
    [InlineData(400, "HTTP 400", "may be no registry")]
    [InlineData(429, "asks to come again in 7 s", "limits the rate")]
    [InlineData(500, "the registry fails: HTTP 500", "try again later")]
    [InlineData(503, "asks to come again in 7 s", "try again later")]
    public async Task Each_answer_has_its_words(int status, string words, string hint)
    {
        _host.Insecure(_registry.Host);
        _registry.Misbehave = _ => new FakeResponse(status)
        {
            Headers = { ["Retry-After"] = "7", ["WWW-Authenticate"] = "Basic realm=\"x\"" },
        };

        SysctrException e = await _host.FailAsync(
            _registry.Host + "/x:1",
            status switch
            {
                401 or 403 => ErrorKind.Unauthorized,
                404 => ErrorKind.NotFound,
                _ => ErrorKind.Unreachable,
            }
        );

        Assert.Contains(words, e.Message, StringComparison.Ordinal);
        Assert.Contains(hint, e.Hint, StringComparison.Ordinal);
    }

    /// <summary>By seconds or a date, and never for longer than we let it.</summary>
    [Theory]
    [InlineData("3", 3)]
    [InlineData("0", 0)]
    [InlineData("86400", 30)]
    [InlineData("Wed, 21 Oct 2015 07:28:00 GMT", 0)]
    [InlineData("Wed, 21 Oct 2195 07:28:00 GMT", 30)]
    [InlineData("soon", 0)]
    [InlineData("-5", 0)]
    public void A_registry_that_asks_for_a_pause_gets_one_within_bounds(string header, int seconds)
    {
        PullOptions options = new() { FirstPause = TimeSpan.FromTicks(1), LongestPause = TimeSpan.FromSeconds(30) };
        using HttpResponseMessage response = new();
        response.Headers.TryAddWithoutValidation("Retry-After", header);

        Assert.Equal(
            seconds,
            SystemContainers.Pull.Http.RetryRules.Pause(options, 2, response.Headers.RetryAfter).TotalSeconds,
            0.001
        );
    }

    [Trait("needs", "time")]
    [Theory]
    [InlineData("connect", "no connection in 2 s")]
    [InlineData("tls", "no connection in 2 s")]
    [InlineData("headers", "no answer in 2 s")]
    [InlineData("body", "the answer stalls")]
    public async Task Whatever_stalls_is_given_up(string where, string words)
    {
        // The phases before the one that stalls have to be over by then, on a busy machine too.
        TimeSpan patience = TimeSpan.FromSeconds(2);
        using TcpListener silent = new(IPAddress.Loopback, 0);
        silent.Start();
        string host = where == "tls" ? $"127.0.0.1:{((IPEndPoint)silent.LocalEndpoint).Port}" : _registry.Host;
        _host.Options = _host.Options with { ConnectTimeout = patience, StallTimeout = patience, MaxAttempts = 1 };
        if (where == "connect")
        {
            _host.Options = _host.Options with
            {
                Connect = async (_, token) =>
                {
                    await Task.Delay(Timeout.Infinite, token);
                    return Stream.Null;
                },
            };
        }

        if (where is "headers" or "body")
        {
            _host.Insecure(_registry.Host);
            _registry.Misbehave = _ =>
                where == "headers"
                    ? new FakeResponse { Raw = "HTTP/1.1 200 OK\r\nX-"u8.ToArray(), Hang = true }
                    : new FakeResponse(200, new byte[100]) { CutAfter = 10, Hang = true };
        }

        SysctrException e = await _host.FailAsync(host + "/x:1", ErrorKind.Unreachable);

        Assert.Contains(words, e.Message, StringComparison.Ordinal);
        Assert.Contains("too slow", e.Hint, StringComparison.Ordinal);
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

        Assert.Contains(
            $"through the proxy http://{gone.Host}/: Connection refused",
            e.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task What_no_proxy_names_is_reached_without_one()
    {
        new FakeImage().PushTo(_registry, "1");
        _host.Insecure($"registry.test:{Port}");
        _host.Options = _host.Options with
        {
            Resolve = (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Loopback]),
            Proxy = new ProxyRules(
                new Dictionary<string, string>
                {
                    ["ALL_PROXY"] = "http://127.0.0.1:1",
                    ["NO_PROXY"] = "*.test",
                }.GetValueOrDefault
            ),
        };

        await _host.PullAsync($"registry.test:{Port}/x:1");
    }

    private void Through(string proxy) =>
        _host.Options = _host.Options with
        {
            Proxy = new ProxyRules(new Dictionary<string, string> { ["HTTPS_PROXY"] = proxy }.GetValueOrDefault),
        };

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
