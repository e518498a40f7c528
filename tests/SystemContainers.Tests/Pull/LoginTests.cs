// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using SystemContainers.Errors;
using SystemContainers.Pull;
using SystemContainers.Tests.Fakes;
using Xunit;

namespace SystemContainers.Tests.Pull;

/// <summary>Bearer tokens and what a registry may not do with them. Basic is tested with the real registry.</summary>
public sealed class LoginTests : IDisposable
{
    private readonly FakeRegistry _registry = new();
    private readonly FakeRegistry _tokens = new();
    private readonly PullingHost _host = new();
    private readonly List<string> _connected = [];
    private string _valid = "token-1";

    public LoginTests()
    {
        _host.Insecure(_registry.Host);
        _registry.Misbehave = r =>
            r.Header("authorization") == "Bearer " + _valid ? null : Challenge($"http://{_tokens.Host}/token?a=b");
        _tokens.Misbehave = _ => Token(_valid);
    }

    private string Image => _registry.Host + "/team/x:1";

    public void Dispose()
    {
        _host.Dispose();
        _tokens.Dispose();
        _registry.Dispose();
    }

    [Fact]
    public async Task An_anonymous_token_is_fetched_once_and_used_for_all()
    {
        new FakeImage().AddPlain(FakeImage.Noise(10, 1)).AddPlain(FakeImage.Noise(10, 2)).PushTo(_registry, "1");

        await _host.PullAsync(Image);

        FakeRequest request = Assert.Single(_tokens.Requests);
        Assert.Null(request.Header("authorization"));
        Assert.Equal($"service=my%20registry&scope={Uri.EscapeDataString("repository:team/x:pull")}", request.Query);
        Assert.Equal(5, _registry.Requests.Count);
    }

    [Fact]
    public async Task The_users_password_goes_to_the_token_server_and_not_to_the_registry()
    {
        new FakeImage().PushTo(_registry, "1");
        _host.Login(_registry.Host + "/team", "me", "pass:wörd");

        await _host.PullAsync(Image);

        string basic = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("me:pass:wörd"));
        Assert.Equal(basic, Assert.Single(_tokens.Requests).Header("authorization"));
        Assert.DoesNotContain(
            _registry.Requests,
            r => r.Header("authorization")?.StartsWith("Basic", StringComparison.Ordinal) == true
        );
    }

    [Fact]
    public async Task The_scope_is_ours_whatever_the_registry_asks_for()
    {
        new FakeImage().PushTo(_registry, "1");
        _registry.Misbehave = r =>
            r.Header("authorization") is not null
                ? null
                : new FakeResponse(401)
                {
                    Headers =
                    {
                        ["WWW-Authenticate"] =
                            $"Bearer realm=\"http://{_tokens.Host}/token\",scope=\"repository:private/vault:pull,push\"",
                    },
                };

        await _host.PullAsync(Image);

        Assert.DoesNotContain("vault", Assert.Single(_tokens.Requests).Query, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("?scope=repository:secret:push")]
    [InlineData("?scope=repository:secret:push&service=other")]
    [InlineData("?x=1;scope=repository:secret:push")]
    [InlineData("?%73cope=repository:secret:push&account=root&offline_token=true")]
    public async Task The_realms_own_query_asks_for_nothing(string query)
    {
        new FakeImage().PushTo(_registry, "1");
        _host.Login(_registry.Host, "me", "pass");
        Func<FakeRequest, FakeResponse?> usual = _registry.Misbehave;
        _registry.Misbehave = r => usual(r) is null ? null : Challenge($"http://{_tokens.Host}/token{query}");

        await _host.PullAsync(Image);

        Assert.Equal(
            $"service=my%20registry&scope={Uri.EscapeDataString("repository:team/x:pull")}",
            Assert.Single(_tokens.Requests).Query
        );
    }

    [Fact]
    public async Task The_realms_own_query_asks_for_nothing_with_an_identity_token_either()
    {
        new FakeImage().PushTo(_registry, "1");
        _host.Write("auth.json", "{\"auths\":{\"" + _registry.Host + "\":{\"identitytoken\":\"refresh/me\"}}}");
        Func<FakeRequest, FakeResponse?> usual = _registry.Misbehave;
        _registry.Misbehave = r =>
            usual(r) is null ? null : Challenge($"http://{_tokens.Host}/token?scope=repository:secret:push");

        await _host.PullAsync(Image);

        Assert.Equal("", Assert.Single(_tokens.Requests).Query);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    [InlineData("10.1.2.3")]
    [InlineData("169.254.169.254")]
    [InlineData("fd00::1")]
    [InlineData("64:ff9b::7f00:1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("0.0.0.0")]
    public async Task A_token_server_whose_name_leads_inside_gets_nothing_from_a_registry_of_the_internet(string inside)
    {
        Resolve(registry: ["93.184.216.34"], tokens: [inside]);

        SysctrException e = await FailNamedAsync();

        Assert.Empty(_tokens.Requests);
        Assert.Contains("inside this host or network", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("10.0.0.5", "127.0.0.1")]
    [InlineData("10.0.0.5", "169.254.169.254")]
    [InlineData("169.254.0.5", "10.0.0.5")]
    public async Task A_registry_inside_names_no_token_server_closer_to_us_than_itself(string registry, string tokens)
    {
        Resolve([registry], [tokens]);

        await FailNamedAsync();

        Assert.Empty(_tokens.Requests);
    }

    [Theory]
    [InlineData("93.184.216.34", "93.184.216.35")]
    [InlineData("10.0.0.5", "192.168.1.1")]
    [InlineData("10.0.0.5", "fd00::1")]
    [InlineData("127.0.0.1", "127.0.0.1")]
    [InlineData("127.0.0.1", "10.0.0.6")]
    public async Task A_token_server_where_the_registry_is_or_on_the_internet_is_asked(string registry, string tokens)
    {
        Resolve([registry], [tokens]);

        await PullNamedAsync();

        Assert.Single(_tokens.Requests);
    }

    [Fact]
    public async Task Of_several_addresses_of_a_token_server_only_allowed_ones_are_connected_to()
    {
        Resolve(registry: ["93.184.216.34"], tokens: ["127.0.0.1", "93.184.216.35"]);

        await PullNamedAsync();

        Assert.DoesNotContain("127.0.0.1", _connected);
        Assert.Contains("93.184.216.35", _connected);
    }

    [Fact]
    public async Task A_registry_that_moves_inside_for_the_next_connection_is_still_one_of_the_internet()
    {
        Resolve(registry: ["93.184.216.34"], tokens: ["127.0.0.1"]);
        Func<string, CancellationToken, Task<IPAddress[]>> first = _host.Options.Resolve;
        int asked = 0;
        _host.Options = _host.Options with
        {
            Resolve = (name, token) =>
                name == "registry.test" && ++asked > 2
                    ? Task.FromResult<IPAddress[]>([IPAddress.Loopback])
                    : first(name, token),
        };
        bool seen = false;
        Func<FakeRequest, FakeResponse?> usual = _registry.Misbehave;

        // The first connection is one for TLS, which this registry does not speak.
        _registry.Misbehave = r => !seen && (seen = true) ? FakeRegistry.Error(503, "BUSY", "come again") : usual(r);

        await FailNamedAsync();

        Assert.Empty(_tokens.Requests);
    }

    [Theory]
    [InlineData("127.0.0.1", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("10.0.0.6", true)]
    public async Task A_redirect_leads_to_no_service_of_this_host(string storage, bool allowed)
    {
        Resolve(registry: ["93.184.216.34"], tokens: [storage]);
        FakeImage image = new FakeImage().AddPlain(FakeImage.Noise(1000)).PushTo(_registry, "1");
        image.PushTo(_tokens, "1");
        _registry.Misbehave = r =>
            r.Path.Contains("/blobs/", StringComparison.Ordinal)
                ? new FakeResponse(307) { Headers = { ["Location"] = $"http://tokens.test:{Port(_tokens)}{r.Path}" } }
                : null;
        _tokens.Misbehave = static _ => null;

        if (allowed)
        {
            await PullNamedAsync();
            return;
        }

        await FailNamedAsync();
        Assert.Empty(_tokens.Requests);
    }

    [Fact]
    public async Task An_expired_token_is_renewed_in_the_middle_of_a_layer()
    {
        FakeImage image = new FakeImage().AddPlain(FakeImage.Noise(100_000)).PushTo(_registry, "1");
        Func<FakeRequest, FakeResponse?> strict = _registry.Misbehave;
        _registry.Misbehave = r =>
        {
            if (
                r.Path.EndsWith(image.Blob(0).ToString(), StringComparison.Ordinal)
                && r.Header("authorization") == "Bearer token-1"
                && _valid == "token-1"
            )
            {
                _valid = "token-2";
                return new FakeResponse(200, image.BlobBytes(0)) { CutAfter = 30_000 };
            }

            return strict(r);
        };

        await _host.PullAsync(Image);

        Assert.Equal(image.Plains[0], _host.Sink.Layers[image.DiffId(0)]);
        Assert.Equal(2, _tokens.Requests.Count);
    }

    [Fact]
    public async Task An_identity_token_is_exchanged()
    {
        new FakeImage().PushTo(_registry, "1");
        _host.Write("auth.json", "{\"auths\":{\"" + _registry.Host + "\":{\"identitytoken\":\"refresh/me\"}}}");
        _tokens.Misbehave = r =>
            r.Method == "POST" ? new FakeResponse(200, """{"access_token":"token-1"}"""u8.ToArray()) : null;

        await _host.PullAsync(Image);

        FakeRequest request = Assert.Single(_tokens.Requests);
        Assert.Contains("grant_type=refresh_token", request.Body, StringComparison.Ordinal);
        Assert.Contains("refresh_token=refresh%2Fme", request.Body, StringComparison.Ordinal);
        Assert.Null(request.Header("authorization"));
    }

    [Theory]
    [InlineData("http://169.254.169.254/latest/")]
    [InlineData("http://10.1.2.3/token")]
    [InlineData("http://localhost:1/token")]
    [InlineData("http://me@127.0.0.1/token")]
    [InlineData("ftp://127.0.0.1/token")]
    [InlineData("token")]
    [InlineData("")]
    public async Task A_hostile_realm_is_refused_before_credentials_are_looked_up(string realm)
    {
        // A file that can't be read would be an error of its own; so nobody has looked.
        _host.Write("auth.json", "not json");
        _registry.Misbehave = _ => Challenge(realm);

        SysctrException e = await _host.FailAsync(Image, ErrorKind.Unauthorized);

        Assert.DoesNotContain("auth.json", e.Message, StringComparison.Ordinal);
        Assert.Contains("token server", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_that_is_not_accepted_ends_as_unauthorized_after_one_login()
    {
        new FakeImage().PushTo(_registry, "1");
        _tokens.Misbehave = static _ => Token("other");

        SysctrException e = await _host.FailAsync(Image, ErrorKind.Unauthorized);

        Assert.Single(_tokens.Requests);
        Assert.Contains("sysctr login " + _registry.Host, e.Hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"token":"a\r\nX-Evil: 1"}""")]
    [InlineData("""{"token":""}""")]
    [InlineData("{}")]
    [InlineData("secret-but-no-json")]
    public async Task A_token_that_is_none_is_refused_and_not_shown(string answer)
    {
        _tokens.Misbehave = _ => new FakeResponse(200, Encoding.UTF8.GetBytes(answer));

        SysctrException e = await _host.FailAsync(Image, ErrorKind.Unauthorized);

        Assert.DoesNotContain("secret", e.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_password_is_told_by_the_token_server()
    {
        _host.Login(_registry.Host, "me", "wrong");
        _tokens.Misbehave = static _ => FakeRegistry.Error(401, "UNAUTHORIZED", "incorrect username or password");

        SysctrException e = await _host.FailAsync(Image, ErrorKind.Unauthorized);

        Assert.Contains("incorrect username or password", e.Message, StringComparison.Ordinal);
        Assert.Contains(
            $"credentials of 'me' from {_host.In("auth.json")} are not accepted",
            e.Message,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("wrong", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(401, "without credentials, for there are none", "are not accepted")]
    [InlineData(403, "without credentials, for there are none", "do not allow it")]
    public async Task Wrong_credentials_are_told_from_none(int status, string none, string wrong)
    {
        _registry.Misbehave = r =>
            r.Header("authorization") is null || status == 401
                ? new FakeResponse(401) { Headers = { ["WWW-Authenticate"] = "Basic realm=\"x\"" } }
                : new FakeResponse(403);
        Assert.Contains(none, (await _host.FailAsync(Image, ErrorKind.Unauthorized)).Message, StringComparison.Ordinal);

        _host.Login(_registry.Host, "me", "pass");
        SysctrException e = await _host.FailAsync(Image, ErrorKind.Unauthorized);

        Assert.Contains(
            $"the credentials of 'me' from {_host.In("auth.json")} {wrong}",
            e.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_registry_that_wants_basic_and_gets_nothing_is_unauthorized()
    {
        _registry.Misbehave = static _ => new FakeResponse(401)
        {
            Headers = { ["WWW-Authenticate"] = "Basic realm=\"x\"" },
        };

        await _host.FailAsync(Image, ErrorKind.Unauthorized);
        Assert.Single(_registry.Requests);
    }

    private static int Port(FakeRegistry registry) =>
        int.Parse(registry.Host.Split(':')[1], CultureInfo.InvariantCulture);

    /// <summary>Names for the two servers, at addresses that this machine need not have: whatever is connected to is
    /// one of the two.</summary>
    private void Resolve(string[] registry, string[] tokens)
    {
        new FakeImage().PushTo(_registry, "1");
        _host.Insecure($"registry.test:{Port(_registry)}").Login($"registry.test:{Port(_registry)}", "me", "pass");
        Func<FakeRequest, FakeResponse?> usual = _registry.Misbehave;
        _registry.Misbehave = r => usual(r) is null ? null : Challenge($"http://tokens.test:{Port(_tokens)}/token");
        _host.Options = _host.Options with
        {
            Resolve = (name, _) =>
                Task.FromResult<IPAddress[]>([
                    .. (name == "registry.test" ? registry : tokens).Select(IPAddress.Parse),
                ]),
            Connect = async (address, token) =>
            {
                _connected.Add(address.Address.ToString());
                Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(IPAddress.Loopback, address.Port, token);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
    }

    private Task<PulledImage> PullNamedAsync() => _host.PullAsync($"registry.test:{Port(_registry)}/team/x:1");

    private Task<SysctrException> FailNamedAsync() =>
        _host.FailAsync($"registry.test:{Port(_registry)}/team/x:1", ErrorKind.Unauthorized);

    private static FakeResponse Challenge(string realm) =>
        new(401)
        {
            Headers =
            {
                ["WWW-Authenticate"] =
                    $"Bearer realm=\"{realm}\",service=\"my registry\",scope=\"repository:team/x:pull\"",
            },
        };

    private static FakeResponse Token(string token) =>
        new(200, Encoding.UTF8.GetBytes("{\"token\":\"" + token + "\",\"expires_in\":300}"));
}
