using System.Text;
using SystemContainers.Errors;
using SystemContainers.Tests.Fakes;
using Xunit;

namespace SystemContainers.Tests.Pull;

/// <summary>Bearer tokens and what a registry may not do with them. Basic is tested with the real registry.</summary>
public sealed class LoginTests : IDisposable
{
    private readonly FakeRegistry _registry = new();
    private readonly FakeRegistry _tokens = new();
    private readonly PullingHost _host = new();
    private string _valid = "token-1";

    public LoginTests()
    {
        _host.Insecure(_registry.Host);
        _registry.Misbehave = r => r.Header("authorization") == "Bearer " + _valid ? null : Challenge($"http://{_tokens.Host}/token?a=b");
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
        Assert.Equal(
            $"a=b&service=my%20registry&scope={Uri.EscapeDataString("repository:team/x:pull")}", request.Query);
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
        Assert.DoesNotContain(_registry.Requests, r => r.Header("authorization")?.StartsWith("Basic", StringComparison.Ordinal) == true);
    }

    [Fact]
    public async Task The_scope_is_ours_whatever_the_registry_asks_for()
    {
        new FakeImage().PushTo(_registry, "1");
        _registry.Misbehave = r => r.Header("authorization") is not null ? null : new FakeResponse(401)
        {
            Headers = { ["WWW-Authenticate"] = $"Bearer realm=\"http://{_tokens.Host}/token\",scope=\"repository:private/vault:pull,push\"" },
        };

        await _host.PullAsync(Image);

        Assert.DoesNotContain("vault", Assert.Single(_tokens.Requests).Query, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_expired_token_is_renewed_in_the_middle_of_a_layer()
    {
        FakeImage image = new FakeImage().AddPlain(FakeImage.Noise(100_000)).PushTo(_registry, "1");
        Func<FakeRequest, FakeResponse?> strict = _registry.Misbehave;
        _registry.Misbehave = r =>
        {
            if (r.Path.EndsWith(image.Blob(0).ToString(), StringComparison.Ordinal) && r.Header("authorization") == "Bearer token-1" && _valid == "token-1")
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
        _tokens.Misbehave = r => r.Method == "POST" ? new FakeResponse(200, """{"access_token":"token-1"}"""u8.ToArray()) : null;

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
        Assert.Contains("skopeo login " + _registry.Host, e.Hint, StringComparison.Ordinal);
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
        Assert.DoesNotContain("wrong", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_registry_that_wants_basic_and_gets_nothing_is_unauthorized()
    {
        _registry.Misbehave = static _ => new FakeResponse(401) { Headers = { ["WWW-Authenticate"] = "Basic realm=\"x\"" } };

        await _host.FailAsync(Image, ErrorKind.Unauthorized);
        Assert.Single(_registry.Requests);
    }

    private static FakeResponse Challenge(string realm) => new(401)
    {
        Headers = { ["WWW-Authenticate"] = $"Bearer realm=\"{realm}\",service=\"my registry\",scope=\"repository:team/x:pull\"" },
    };

    private static FakeResponse Token(string token) => new(200, Encoding.UTF8.GetBytes("{\"token\":\"" + token + "\",\"expires_in\":300}"));
}
