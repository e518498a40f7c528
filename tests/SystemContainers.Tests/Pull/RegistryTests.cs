// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Errors;
using SystemContainers.Pull;
using SystemContainers.Reference;
using SystemContainers.Tests.Fakes;
using Xunit;

namespace SystemContainers.Tests.Pull;

/// <summary>What a registry answers, where it redirects to, and which of several is asked.</summary>
public sealed class RegistryTests : IDisposable
{
    private readonly FakeRegistry _registry = new();
    private readonly FakeRegistry _other = new();
    private readonly PullingHost _host = new();

    public RegistryTests() => _host.Insecure(_registry.Host);

    private string Image => _registry.Host + "/x:1";

    public void Dispose()
    {
        _host.Dispose();
        _other.Dispose();
        _registry.Dispose();
    }

    [Fact]
    public async Task An_unknown_image_is_not_found_in_the_registrys_words()
    {
        SysctrException e = await _host.FailAsync(Image, ErrorKind.NotFound);

        Assert.Contains($"{_registry.Host}/x:1", e.Message, StringComparison.Ordinal);
        Assert.Contains("manifest unknown (HTTP 404)", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_registry_that_is_not_there_is_unreachable_at_once()
    {
        FakeRegistry gone = new();
        string host = gone.Host;
        gone.Dispose();

        SysctrException e = await _host.FailAsync(host + "/x:1", ErrorKind.Unreachable);

        Assert.Contains("refused", e.Message, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(_host.Progress.Events, p => p.StartsWith("retrying", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Plain_http_is_not_spoken_unless_allowed()
    {
        new FakeImage().PushTo(_other, "1");

        SysctrException e = await _host.FailAsync(_other.Host + "/x:1", ErrorKind.Unreachable);

        Assert.Contains("insecure = true", e.Hint, StringComparison.Ordinal);
        Assert.Empty(_other.Requests);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(503)]
    public async Task A_busy_registry_is_asked_again(int status)
    {
        FakeImage image = new FakeImage().AddPlain(FakeImage.Noise(1000)).PushTo(_registry, "1");
        int calls = 0;
        _registry.Misbehave = _ =>
            Interlocked.Increment(ref calls) % 2 == 1
                ? new FakeResponse(status) { Headers = { ["Retry-After"] = "120" } }
                : null;

        await _host.PullAsync(Image);

        Assert.Equal(image.Plains[0], _host.Sink.Layers[image.DiffId(0)]);
        Assert.Equal(6, calls);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    public async Task A_registry_that_stays_busy_is_unreachable_after_a_few_attempts(int status)
    {
        _registry.Misbehave = _ => FakeRegistry.Error(status, "TOOMANYREQUESTS", "slow down");

        SysctrException e = await _host.FailAsync(Image, ErrorKind.Unreachable);

        Assert.Contains("slow down", e.Message, StringComparison.Ordinal);
        Assert.Equal(_host.Options.MaxAttempts, _registry.Requests.Count);
    }

    [Fact]
    public async Task A_manifest_that_is_cut_is_fetched_again()
    {
        FakeImage image = new FakeImage().PushTo(_registry, "1");
        int calls = 0;
        _registry.Misbehave = _ =>
            Interlocked.Increment(ref calls) == 1 ? new FakeResponse(200, image.Manifest) { CutAfter = 20 } : null;

        Assert.Equal(image.ManifestDigest, (await _host.PullAsync(Image)).ManifestDigest);
    }

    [Trait("needs", "time")]
    [Fact]
    public async Task A_registry_that_says_nothing_is_given_up()
    {
        _host.Options = _host.Options with
        {
            StallTimeout = TimeSpan.FromSeconds(2),
            ConnectTimeout = TimeSpan.FromSeconds(2),
            MaxAttempts = 2,
        };
        _registry.Misbehave = _ => new FakeResponse(200, FakeImage.Noise(100)) { CutAfter = 10, Hang = true };

        await _host.FailAsync(Image, ErrorKind.Unreachable);
        Assert.Equal(2, _registry.Requests.Count);
    }

    [Fact]
    public async Task An_errors_body_is_read_to_a_limit_and_can_not_drive_the_terminal()
    {
        _registry.Misbehave = _ =>
            FakeRegistry.Error(403, "DENIED", "no\\u001b[2J way\\nat all" + new string('x', 1000));
        SysctrException e = await _host.FailAsync(Image, ErrorKind.Unauthorized);
        Assert.DoesNotContain(e.Message, char.IsControl);
        Assert.True(e.Message.Length < 400);

        _registry.Misbehave = _ => new FakeResponse(403, new byte[10_000]) { Endless = true };
        await _host.FailAsync(Image, ErrorKind.Unauthorized);
    }

    [Fact]
    public async Task A_redirect_to_storage_is_followed_without_credentials_and_with_the_range()
    {
        FakeImage image = new FakeImage().AddPlain(FakeImage.Noise(100_000)).PushTo(_registry, "1");
        _host.Login(_registry.Host, "me", "secret");
        string name = image.Blob(0).ToString();
        int calls = 0;
        _registry.Misbehave = r =>
            r.Header("authorization") is null
                ? new FakeResponse(401) { Headers = { ["WWW-Authenticate"] = "Basic realm=\"x\"" } }
            : r.Path.EndsWith(name, StringComparison.Ordinal)
                ? new FakeResponse(307)
                {
                    Headers = { ["Location"] = $"http://{_other.Host}/bucket/{name}?signature=abc" },
                }
            : null;
        _other.Blobs[name] = image.BlobBytes(0);
        _other.Misbehave = _ =>
            Interlocked.Increment(ref calls) == 1
                ? new FakeResponse(200, image.BlobBytes(0)) { CutAfter = 40_000 }
                : null;

        await _host.PullAsync(Image);

        Assert.Equal(image.Plains[0], _host.Sink.Layers[image.DiffId(0)]);
        Assert.Equal(2, _other.Requests.Count);
        Assert.Equal("bytes=40000-", _other.Requests[1].Header("range"));
        Assert.All(_other.Requests, r => Assert.Null(r.Header("authorization")));
        Assert.All(_other.Requests, r => Assert.Equal("signature=abc", r.Query));
    }

    [Fact]
    public async Task A_redirect_there_and_back_gets_no_credentials_any_more()
    {
        new FakeImage().PushTo(_registry, "1");
        _host.Login(_registry.Host, "me", "secret");
        _registry.Misbehave = r =>
            r.Path.StartsWith("/back", StringComparison.Ordinal) ? null
            : r.Header("authorization") is null
                ? new FakeResponse(401) { Headers = { ["WWW-Authenticate"] = "Basic realm=\"x\"" } }
            : new FakeResponse(302) { Headers = { ["Location"] = $"http://{_other.Host}/away" } };
        _other.Misbehave = _ => new FakeResponse(302)
        {
            Headers = { ["Location"] = $"http://{_registry.Host}/back/manifests/none" },
        };

        await _host.FailAsync(Image, ErrorKind.NotFound);

        Assert.Null(
            _registry.Requests.First(r => r.Path.StartsWith("/back", StringComparison.Ordinal)).Header("authorization")
        );
    }

    [Fact]
    public async Task A_storage_service_can_not_ask_for_the_registrys_credentials()
    {
        new FakeImage().PushTo(_registry, "1");
        _host.Login(_registry.Host, "me", "secret");
        _registry.Misbehave = _ => new FakeResponse(307) { Headers = { ["Location"] = $"http://{_other.Host}/x" } };
        _other.Misbehave = r =>
            r.Path == "/token"
                ? new FakeResponse(200, """{"token":"t"}"""u8.ToArray())
                : new FakeResponse(401)
                {
                    Headers =
                    {
                        ["WWW-Authenticate"] = $"Bearer realm=\"http://{_other.Host}/token\", Basic realm=\"x\"",
                    },
                };

        await _host.FailAsync(Image, ErrorKind.Unauthorized);

        Assert.DoesNotContain(_other.Requests, r => r.Path == "/token" || r.Header("authorization") is not null);
    }

    [Fact]
    public async Task A_loop_of_redirects_ends()
    {
        _registry.Misbehave = r => new FakeResponse(302) { Headers = { ["Location"] = r.Path + "x" } };

        await _host.FailAsync(Image, ErrorKind.Unsafe);
        Assert.Equal(6, _registry.Requests.Count);
    }

    [Fact]
    public async Task A_redirect_from_tls_to_plain_is_refused_and_the_message_keeps_the_signature_secret()
    {
        using TestCertificates certificates = new();
        using FakeRegistry secure = new(certificates.Server);
        _host.Write($"certs.d/{secure.Host}/ca.crt", certificates.AuthorityPem);
        secure.Misbehave = _ => new FakeResponse(302)
        {
            Headers = { ["Location"] = $"http://{_other.Host}/b?X-Signature=abc" },
        };

        SysctrException e = await _host.FailAsync(secure.Host + "/x:1", ErrorKind.Unsafe);

        Assert.Contains(_other.Host, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("Signature", e.ToString(), StringComparison.Ordinal);
        Assert.Empty(_other.Requests);
    }

    [Fact]
    public async Task A_private_ca_counts_for_its_host_only()
    {
        using TestCertificates certificates = new();
        using FakeRegistry first = new(certificates.Server);
        using FakeRegistry second = new(certificates.Server);
        FakeImage image = new FakeImage().AddPlain(FakeImage.Noise(10)).PushTo(first, "1").PushTo(second, "1");
        _host.Write($"certs.d/{first.Host}/ca.crt", certificates.AuthorityPem);

        Assert.Equal(image.ManifestDigest, (await _host.PullAsync(first.Host + "/x:1")).ManifestDigest);
        SysctrException e = await _host.FailAsync(second.Host + "/x:1", ErrorKind.Unreachable);

        Assert.Contains($"certs.d/{second.Host}/ca.crt", e.Hint, StringComparison.Ordinal);
        Assert.Empty(second.Requests);
    }

    [Fact]
    public async Task A_client_certificate_is_shown_where_there_is_one_for_the_host()
    {
        using TestCertificates certificates = new();
        using FakeRegistry secure = new(certificates.Server) { ClientThumbprint = certificates.Client.Thumbprint };
        FakeImage image = new FakeImage().AddPlain(FakeImage.Noise(10)).PushTo(secure, "1");
        _host.Write($"certs.d/{secure.Host}/ca.crt", certificates.AuthorityPem);
        await _host.FailAsync(secure.Host + "/x:1", ErrorKind.Unreachable);

        _host.Write($"certs.d/{secure.Host}/client.cert", certificates.Client.ExportCertificatePem());
        await _host.FailAsync(secure.Host + "/x:1", ErrorKind.Unreachable);

        _host.Write($"certs.d/{secure.Host}/client.key", TestCertificates.KeyPem(certificates.Client));
        Assert.Equal(image.ManifestDigest, (await _host.PullAsync(secure.Host + "/x:1")).ManifestDigest);
    }

    [Fact]
    public async Task Insecure_takes_a_certificate_of_nobody_but_not_where_the_registry_sends_us()
    {
        using TestCertificates certificates = new();
        using FakeRegistry secure = new(certificates.Server);
        using FakeRegistry storage = new(certificates.Server);
        FakeImage image = new FakeImage().AddPlain(FakeImage.Noise(10)).PushTo(secure, "1");
        _host.Insecure(secure.Host);
        Assert.Equal(image.ManifestDigest, (await _host.PullAsync(secure.Host + "/x:1")).ManifestDigest);

        secure.Misbehave = _ => new FakeResponse(302) { Headers = { ["Location"] = $"https://{storage.Host}/b" } };
        SysctrException e = await _host.FailAsync(secure.Host + "/x:1", ErrorKind.Unreachable);
        Assert.Contains($"certs.d/{storage.Host}/ca.crt", e.Hint, StringComparison.Ordinal);
        Assert.Empty(storage.Requests);
    }

    [Fact]
    public async Task A_broken_certificate_file_is_named()
    {
        _host.Write($"certs.d/{_registry.Host}/client.cert", "no certificate");

        SysctrException e = await _host.FailAsync(Image, ErrorKind.Unreachable);

        Assert.Contains("client.cert", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_mirror_that_lacks_the_image_or_lies_gives_way_to_the_registry(bool lies)
    {
        FakeImage image = new FakeImage().AddPlain(FakeImage.Noise(1000)).PushTo(_registry, "1");
        _host.Write(
            "registries.conf",
            $"""
            [[registry]]
            prefix = "images.example"
            location = "{_registry.Host}"
            insecure = true
            [[registry.mirror]]
            location = "{_other.Host}/cache"
            insecure = true
            """
        );
        if (lies)
        {
            image.PushTo(_other, "1");
            _other.Blobs[image.Blob(0).ToString()] = FakeImage.Noise(1000, 9);
        }

        PulledImage pulled = await _host.PullAsync("images.example/x:1");

        Assert.Equal("images.example/x:1", pulled.Reference.Identity);
        Assert.Equal(image.Plains[0], _host.Sink.Layers[image.DiffId(0)]);
        Assert.StartsWith("/v2/cache/x/manifests/1", _other.Requests[0].Path, StringComparison.Ordinal);
    }

    [Fact]
    public async Task When_mirror_and_registry_fail_both_reasons_are_told_and_the_registrys_counts()
    {
        _host.Write(
            "registries.conf",
            $"""
            [[registry]]
            prefix = "images.example"
            location = "{_registry.Host}"
            insecure = true
            [[registry.mirror]]
            location = "{_other.Host}/cache"
            insecure = true
            """
        );
        _other.Misbehave = _ => new FakeResponse(403);

        SysctrException e = await _host.FailAsync("images.example/x:1", ErrorKind.NotFound);

        Assert.Contains($"{_other.Host}/cache/x:1", e.Message, StringComparison.Ordinal);
        Assert.Contains($"{_registry.Host}/x:1", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_blocked_image_is_not_asked_for()
    {
        _host.Write("registries.conf", $"[[registry]]\nlocation = \"{_registry.Host}\"\nblocked = true");

        await _host.FailAsync(Image, ErrorKind.Policy);
        Assert.Empty(_registry.Requests);
    }

    [Fact]
    public async Task A_short_name_is_found_in_the_first_registry_that_has_it()
    {
        FakeImage image = new FakeImage().AddPlain(FakeImage.Noise(10)).PushTo(_other, "latest");
        _host.Insecure(_other.Host);
        ImageReference[] candidates =
        [
            ImageReference.Parse(_registry.Host + "/etcd"),
            ImageReference.Parse(_other.Host + "/etcd"),
        ];

        PulledImage pulled = await _host.PullAsync(candidates);

        Assert.Equal(image.ManifestDigest, pulled.ManifestDigest);
        Assert.Equal(_other.Host, pulled.Reference.Registry);
    }

    [Fact]
    public async Task A_registry_that_lies_does_not_make_a_short_name_mean_another_registry()
    {
        new FakeImage().AddPlain(FakeImage.Noise(10)).PushTo(_other, "latest");
        _registry.Manifests["latest"] = ("application/vnd.oci.image.manifest.v1+json", Encoding.UTF8.GetBytes("{"));
        _host.Insecure(_other.Host);

        SysctrException e = await Assert.ThrowsAsync<SysctrException>(() =>
            _host.PullAsync([
                ImageReference.Parse(_registry.Host + "/etcd"),
                ImageReference.Parse(_other.Host + "/etcd"),
            ])
        );

        Assert.Equal(ErrorKind.Corrupt, e.Kind);
        Assert.Empty(_other.Requests);
    }

    [Fact]
    public async Task A_policy_refuses_before_anything_is_asked()
    {
        new FakeImage().PushTo(_registry, "1");
        _host.Write("policy.json", """{"default":[{"type":"reject"}]}""");

        await _host.FailAsync(Image, ErrorKind.Policy);
        Assert.Empty(_registry.Requests);
    }
}
