// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Tests.Fakes;
using Xunit;

namespace SystemContainers.Tests.Pull.Http;

/// <summary>
/// Lies of a registry below the level of manifests: framing, ranges, encodings, redirects. Whatever is said, the pull
/// ends with one of our errors, or with the bytes that the digests are of. Others are in LayerTests (ranges, endless
/// and slow bodies), LoginTests (realms) and ManifestTests (documents).
/// </summary>
public sealed class HostileRegistryTests : IDisposable
{
    private readonly FakeRegistry _registry = new();
    private readonly PullingHost _host = new();

    public HostileRegistryTests() => _host.Insecure(_registry.Host);

    private string Image => _registry.Host + "/x:1";

    public void Dispose()
    {
        _host.Dispose();
        _registry.Dispose();
    }

    [Theory]
    [InlineData("200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n")]
    [InlineData("200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nshort")]
    [InlineData("200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n\r\n0\r\n\r\n")]
    [InlineData("200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\nabc")]
    [InlineData("200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7FFFFFFFFFFFFFFF\r\nabc")]
    [InlineData("200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n3\r\nabc\r\n0\r\n\r\n")]
    [InlineData("200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n5\r\nabcde\r\n0\r\n\r\n")]
    [InlineData("200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nabc")]
    [InlineData("200 OK\r\nContent-Length: -1\r\n\r\nabc")]
    [InlineData("200 OK\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabcde")]
    [InlineData("200 OK\r\nContent-Length: 1000000\r\n\r\nabc")]
    [InlineData("200 OK\r\n\r\n")]
    [InlineData("99999 OK\r\n\r\n")]
    [InlineData("100 Continue\r\n\r\n")]
    [InlineData("101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nabc")]
    [InlineData("204 No Content\r\n\r\n")]
    [InlineData("206 Partial Content\r\nContent-Range: bytes 0-2/3\r\nContent-Length: 3\r\n\r\nabc")]
    [InlineData("200\r\n: no name\r\n\r\nabc")]
    [InlineData("")]
    public async Task A_broken_answer_is_an_error_of_ours(string answer)
    {
        byte[] raw = Encoding.ASCII.GetBytes("HTTP/1.1 " + answer);
        _host.Options = _host.Options with { MaxAttempts = 2, StallTimeout = TimeSpan.FromSeconds(5) };
        foreach (string part in new[] { "/manifests/", "/blobs/" })
        {
            new FakeImage().AddPlain(FakeImage.Noise(100_000)).PushTo(_registry, "1");
            _registry.Misbehave = r =>
                r.Path.Contains(part, StringComparison.Ordinal) ? new FakeResponse { Raw = raw } : null;

            SysctrException e = await Assert.ThrowsAsync<SysctrException>(() => _host.PullAsync(Image));

            Assert.True(e.Kind is ErrorKind.Unreachable or ErrorKind.Corrupt or ErrorKind.Unsafe, $"{part}: {e}");
            Assert.Empty(_host.Sink.Layers);
        }
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\n", "X-More: and more\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nX-More: ", "and more")]
    [InlineData("HTTP/1.1 200 ", "and more")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;", "and more")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X-More: and more\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\na\r\n")]
    public async Task What_has_no_end_is_given_up(string begin, string more)
    {
        string block = string.Concat(Enumerable.Repeat(more, 1 + (60_000 / more.Length)));
        _host.Options = _host.Options with { MaxAttempts = 1 };
        _registry.Misbehave = _ => new FakeResponse
        {
            Raw = Encoding.ASCII.GetBytes(begin),
            More = Encoding.ASCII.GetBytes(block),
            Endless = true,
        };

        SysctrException e = await Assert.ThrowsAsync<SysctrException>(() => _host.PullAsync(Image));

        Assert.True(e.Kind is ErrorKind.Unreachable or ErrorKind.Corrupt or ErrorKind.Unsafe, e.ToString());
    }

    /// <summary>We ask for the bytes as they are. A server that packs them all the same is taken by its word: the
    /// digest is of what was sent.</summary>
    [Theory]
    [InlineData("/manifests/")]
    [InlineData("/blobs/")]
    public async Task A_body_that_is_packed_on_the_way_is_corrupt_and_one_that_only_says_so_is_not(string part)
    {
        FakeImage image = new FakeImage().AddGzip(FakeImage.Noise(1000)).PushTo(_registry, "1");
        bool packs = false;
        _registry.Misbehave = r =>
        {
            if (!r.Path.Contains(part, StringComparison.Ordinal))
            {
                return null;
            }

            FakeResponse usual = _registry.Behave(r);
            FakeResponse said = new(usual.Status, packs ? FakeImage.Gzip(usual.Body) : usual.Body)
            {
                Headers = { ["Content-Encoding"] = "gzip" },
            };
            foreach ((string name, string value) in usual.Headers)
            {
                said.Headers[name] = value;
            }

            return said;
        };

        Assert.Equal(
            image.ManifestDigest,
            (await _host.PullAsync($"{_registry.Host}/x@{image.ManifestDigest}")).ManifestDigest
        );
        Assert.All(_registry.Requests, r => Assert.Equal("identity", r.Header("accept-encoding")));

        packs = true;
        _registry.Manifests[image.ManifestDigest.ToString()] = (image.ManifestType, image.Manifest);
        SysctrException e = await Assert.ThrowsAsync<SysctrException>(() =>
            _host.PullAsync($"{_registry.Host}/x@{image.ManifestDigest}")
        );
        Assert.Equal(ErrorKind.Corrupt, e.Kind);
    }

    /// <summary>Of the rest of a blob: more bytes than were asked for, fewer, and others.</summary>
    [Theory]
    [InlineData("longer", false)]
    [InlineData("shorter", true)]
    [InlineData("other", false)]
    [InlineData("again", false)]
    public async Task A_range_that_is_not_the_rest(string lie, bool comesRight)
    {
        _host.Options = _host.Options with { MaxAttempts = 8 };
        byte[] plain = FakeImage.Noise(100_000);
        FakeImage image = new FakeImage().AddPlain(plain).PushTo(_registry, "1");
        _registry.Misbehave = r =>
        {
            if (!r.Path.EndsWith(image.Blob(0).ToString(), StringComparison.Ordinal))
            {
                return null;
            }

            int from = (int)r.RangeStart;
            if (from == 0)
            {
                return new FakeResponse(200, plain) { CutAfter = 50_000 };
            }

            byte[] rest = lie switch
            {
                "longer" => [.. plain[from..], 1, 2, 3],
                "shorter" => plain[from..Math.Min(from + 20_000, plain.Length)],
                "again" => plain[..(plain.Length - from)],
                _ => new byte[plain.Length - from],
            };
            return new FakeResponse(206, rest)
            {
                Headers = { ["Content-Range"] = $"bytes {from}-{plain.Length - 1}/{plain.Length}" },
            };
        };

        if (comesRight)
        {
            await _host.PullAsync(Image);
            Assert.Equal(plain, _host.Sink.Layers[image.DiffId(0)]);
            return;
        }

        await _host.FailAsync(Image, ErrorKind.Corrupt);
        Assert.Empty(_host.Sink.Layers);
    }

    [Theory]
    [InlineData("file:///etc/shadow")]
    [InlineData("ftp://127.0.0.1/x")]
    [InlineData("gopher://127.0.0.1/x")]
    [InlineData("data:text/plain,x")]
    [InlineData("unix:///run/docker.sock")]
    [InlineData("http://user:secret@127.0.0.1/x")]
    [InlineData("//user@127.0.0.1/x")]
    [InlineData("http://")]
    [InlineData("http:///x")]
    [InlineData("http://[::1")]
    public async Task A_redirect_leads_to_no_other_scheme_and_names_no_user(string location)
    {
        _registry.Misbehave = _ => new FakeResponse(307) { Headers = { ["Location"] = location } };

        SysctrException e = await Assert.ThrowsAsync<SysctrException>(() => _host.PullAsync(Image));

        Assert.True(e.Kind is ErrorKind.Unsafe or ErrorKind.Unreachable, e.ToString());
        Assert.DoesNotContain("secret", e.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(_registry.Requests, r => !r.Path.StartsWith("/v2/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_index_of_a_hundred_thousand_entries_is_more_than_a_manifest_may_be()
    {
        string entries = string.Join(
            ',',
            Enumerable
                .Range(0, 100_000)
                .Select(i =>
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{{\"mediaType\":\"{MediaTypes.OciManifest}\",\"digest\":\"sha256:{i:x64}\",\"size\":2,\"platform\":{{\"architecture\":\"a{i}\",\"os\":\"linux\"}}}}"
                    )
                )
        );
        _registry.Manifests["1"] = (
            MediaTypes.OciIndex,
            Encoding.ASCII.GetBytes(
                $"{{\"schemaVersion\":2,\"mediaType\":\"{MediaTypes.OciIndex}\",\"manifests\":[{entries}]}}"
            )
        );

        await _host.FailAsync(Image, ErrorKind.Unsafe);
    }

    /// <summary>As many as fit: read, searched once, and refused in a line.</summary>
    [Fact]
    public async Task An_index_as_large_as_a_manifest_may_be_is_read()
    {
        string Entries(int count) =>
            string.Join(
                ',',
                Enumerable
                    .Range(0, count)
                    .Select(i =>
                        string.Create(
                            CultureInfo.InvariantCulture,
                            $"{{\"digest\":\"sha256:{i:x64}\",\"size\":2,\"platform\":{{\"architecture\":\"a{i}\",\"os\":\"b\"}}}}"
                        )
                    )
            );
        byte[] index = Encoding.ASCII.GetBytes(
            $"{{\"schemaVersion\":2,\"mediaType\":\"{MediaTypes.OciIndex}\",\"manifests\":[{Entries(25_000)}]}}"
        );
        Assert.InRange(index.Length, OciLimits.MaxManifestBytes / 2, OciLimits.MaxManifestBytes);
        _registry.Manifests["1"] = (MediaTypes.OciIndex, index);

        SysctrException e = await Assert.ThrowsAsync<SysctrException>(() => _host.PullAsync(Image));

        Assert.True(e.Kind is ErrorKind.NotFound or ErrorKind.Corrupt, e.ToString());
        Assert.True(e.Message.Length + (e.Hint?.Length ?? 0) < 2000);
    }
}
