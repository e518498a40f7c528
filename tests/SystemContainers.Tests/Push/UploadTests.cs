// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Push;
using SystemContainers.Tests.Fakes;
using Xunit;

namespace SystemContainers.Tests.Push;

/// <summary>Uploads into a registry that keeps to distribution-spec 1.1 and refuses what does not.</summary>
public sealed class UploadTests : IDisposable
{
    private static readonly FakeImage s_image = new FakeImage()
        .AddGzip(FakeImage.Noise(5_000_000, 1))
        .AddGzip(FakeImage.Noise(3000, 2));

    private readonly CopyBed _bed = new();

    public UploadTests() => s_image.WriteTo(_bed.Host.In("layout"), "v1");

    private string Source => $"oci:{_bed.Host.In("layout")}:v1";

    public void Dispose() => _bed.Dispose();

    [Fact]
    public async Task Blobs_come_first_then_the_manifest_and_last_the_tag()
    {
        using OciRegistry registry = Registry(new());

        CopiedImage copied = await _bed.CopyAsync(Source, $"docker://{registry.Host}/app:v1");

        Assert.Equal((s_image.ManifestDigest, 3, 0), (copied.Digest, copied.Blobs, copied.Present));
        string[] manifests = [.. registry.Requests.Where(r => r.Contains("/manifests/", StringComparison.Ordinal))];
        Assert.Equal([$"PUT /v2/app/manifests/{s_image.ManifestDigest}", "PUT /v2/app/manifests/v1"], manifests);
        Assert.Equal(manifests, registry.Requests.TakeLast(2));
        Assert.Single(registry.Requests, r => r.StartsWith("PATCH", StringComparison.Ordinal));
        Assert.Equal(0, registry.OpenUploads);
    }

    [Fact]
    public async Task What_is_there_is_not_sent_again()
    {
        using OciRegistry registry = Registry(new());
        await _bed.CopyAsync(Source, $"docker://{registry.Host}/app:v1");
        registry.ForgetRequests();

        CopiedImage again = await _bed.CopyAsync(Source, $"docker://{registry.Host}/app:v2");

        Assert.Equal((0, 3), (again.Blobs, again.Present));
        Assert.DoesNotContain(registry.Requests, r => r.StartsWith("POST", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 1)]
    public async Task Another_repository_s_blobs_are_mounted_where_the_registry_can(bool mounts, int patches)
    {
        using OciRegistry registry = Registry(new() { Mounts = mounts });
        s_image.PushTo(registry, "team/from", "v1");

        await _bed.CopyAsync($"docker://{registry.Host}/team/from:v1", $"docker://{registry.Host}/to:v1");

        Assert.Equal(
            3,
            registry.Requests.Count(r =>
                r.Contains("?mount=sha256:", StringComparison.Ordinal)
                && r.EndsWith("&from=team%2Ffrom", StringComparison.Ordinal)
            )
        );
        Assert.Equal(patches, registry.Requests.Count(r => r.StartsWith("PATCH", StringComparison.Ordinal)));
        Assert.Equal(
            mounts ? 0 : 3,
            registry.Requests.Count(r => r.StartsWith("GET /v2/team/from/blobs", StringComparison.Ordinal))
        );
        Assert.Equal(s_image.ManifestDigest, registry.Repository("to").Tags["v1"]);
    }

    /// <summary>A large blob goes on where it was cut, again and again, and a small one begins anew.</summary>
    [Fact]
    public async Task An_upload_that_is_cut_goes_on_where_it_was()
    {
        int cuts = 0;
        using OciRegistry registry = Registry(
            new() { CutBody = r => r.HttpMethod == "PATCH" && Interlocked.Increment(ref cuts) <= 4 ? 1_100_000 : null }
        );

        await _bed.CopyAsync(Source, $"docker://{registry.Host}/app:v1");

        Assert.Equal(s_image.BlobBytes(0), registry.Repository("app").Blobs[s_image.Blob(0)]);
        string[] patches = [.. registry.Requests.Where(r => r.StartsWith("PATCH", StringComparison.Ordinal))];
        Assert.Equal(5, patches.Length);
        Assert.Equal(
            4,
            registry.Requests.Count(r => r.StartsWith("GET /v2/app/blobs/uploads/", StringComparison.Ordinal))
        );
        Assert.Single(patches.Select(p => p.Split('?')[0]).Distinct());
        Assert.Contains(
            _bed.Host.Progress.Events,
            r => r.Contains("going on at byte 4400000 of", StringComparison.Ordinal)
        );
    }

    /// <summary>What comes from another registry is not fetched again for each cut.</summary>
    [Fact]
    public async Task A_source_is_read_once_whatever_is_cut()
    {
        int cuts = 0;
        using OciRegistry from = Registry(new());
        using OciRegistry to = new()
        {
            CutBody = r => r.HttpMethod == "PATCH" && Interlocked.Increment(ref cuts) <= 3 ? 1_100_000 : null,
        };
        _bed.Host.Insecure(from.Host, to.Host);
        await _bed.CopyAsync(Source, $"docker://{from.Host}/app:v1");
        from.ForgetRequests();

        await _bed.CopyAsync($"docker://{from.Host}/app:v1", $"docker://{to.Host}/app:v1");

        Assert.Equal(s_image.BlobBytes(0), to.Repository("app").Blobs[s_image.Blob(0)]);
        Assert.Equal(4, to.Requests.Count(r => r.StartsWith("PATCH", StringComparison.Ordinal)));
        Assert.Single(from.Requests, r => r.Contains($"/blobs/{s_image.Blob(0)}", StringComparison.Ordinal));
    }

    /// <summary>The first request is no chunk, for which a registry need not be ready; those that go on say
    /// where.</summary>
    [Fact]
    public async Task Only_an_upload_that_goes_on_says_where_it_does()
    {
        int cuts = 0;
        System.Collections.Concurrent.ConcurrentQueue<string?> ranges = [];
        using OciRegistry registry = Registry(
            new()
            {
                Fail = r =>
                {
                    if (r.HttpMethod == "PATCH")
                    {
                        ranges.Enqueue(r.Headers["Content-Range"]);
                    }

                    return null;
                },
                CutBody = r => r.HttpMethod == "PATCH" && Interlocked.Increment(ref cuts) == 1 ? 1_100_000 : null,
            }
        );

        await _bed.CopyAsync(Source, $"docker://{registry.Host}/app:v1");

        Assert.Equal([null, $"1100000-{s_image.BlobBytes(0).Length - 1}"], ranges);
    }

    /// <summary>An upload's address stays what the registry said, and what another host lacks makes no registry
    /// plain.</summary>
    [Theory]
    [InlineData("https://{0}/v2/app/blobs/uploads/1")]
    [InlineData("https://127.0.0.1:1/v2/app/blobs/uploads/1")]
    public async Task An_upload_s_address_is_not_tried_without_TLS(string location)
    {
        using FakeRegistry registry = new();
        registry.Misbehave = r =>
            r.Path.EndsWith("/uploads/", StringComparison.Ordinal)
                ? new FakeResponse(202) { Headers = { ["Location"] = string.Format(null, location, registry.Host) } }
                : new FakeResponse(404);
        _bed.Host.Insecure(registry.Host);

        await _bed.FailAsync(Source, $"docker://{registry.Host}/app:v1", ErrorKind.Unreachable);

        Assert.DoesNotContain(registry.Requests, r => r.Path.EndsWith("/uploads/1", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_session_that_is_lost_begins_anew()
    {
        int cuts = 0;
        using OciRegistry registry = Registry(
            new()
            {
                CutBody = r => r.HttpMethod == "PATCH" && Interlocked.Increment(ref cuts) == 1 ? 2_000_000 : null,
                Fail = r =>
                    r.HttpMethod == "GET" && r.Url!.AbsolutePath.Contains("/blobs/uploads/", StringComparison.Ordinal)
                        ? 404
                        : null,
            }
        );

        await _bed.CopyAsync(Source, $"docker://{registry.Host}/app:v1");

        Assert.Equal(s_image.BlobBytes(0), registry.Repository("app").Blobs[s_image.Blob(0)]);
    }

    /// <summary>However much it takes of each, a registry that forgets every upload gets it no sooner.</summary>
    [Fact]
    public async Task A_registry_that_loses_each_session_is_given_up()
    {
        int asked = 0;
        using OciRegistry registry = Registry(
            new()
            {
                CutBody = r => r.HttpMethod == "PATCH" ? 2_000_000 : null,
                Fail = r =>
                    r.HttpMethod == "GET"
                    && r.Url!.AbsolutePath.Contains("/blobs/uploads/", StringComparison.Ordinal)
                    && Interlocked.Increment(ref asked) % 2 == 0
                        ? 404
                        : null,
            }
        );

        await _bed.FailAsync(Source, $"docker://{registry.Host}/app:v1", ErrorKind.Unreachable);

        Assert.InRange(registry.Requests.Count(r => r.StartsWith("PATCH", StringComparison.Ordinal)), 3, 8);
    }

    [Theory]
    [InlineData("PATCH", 503)]
    [InlineData("PUT", 429)]
    [InlineData("POST", 502)]
    [InlineData("HEAD", 500)]
    public async Task A_busy_registry_is_asked_again(string method, int status)
    {
        int failed = 0;
        using OciRegistry registry = Registry(
            new() { Fail = r => r.HttpMethod == method && Interlocked.Increment(ref failed) <= 1 ? status : null }
        );

        await _bed.CopyAsync(Source, $"docker://{registry.Host}/app:v1");

        Assert.Equal(s_image.ManifestDigest, registry.Repository("app").Tags["v1"]);
    }

    [Theory]
    [InlineData("PATCH", 403, ErrorKind.Unauthorized)]
    [InlineData("POST", 405, ErrorKind.Unreachable)]
    [InlineData("PUT", 500, ErrorKind.Unreachable)]
    public async Task What_is_refused_for_good_ends_and_no_name_is_there(string method, int status, int kind)
    {
        using OciRegistry registry = Registry(new() { Fail = r => r.HttpMethod == method ? status : null });

        SysctrException e = await _bed.FailAsync(Source, $"docker://{registry.Host}/app:v1", (ErrorKind)kind);

        Assert.Contains($"HTTP {status}", e.Message, StringComparison.Ordinal);
        Assert.Empty(registry.Repository("app").Tags);
    }

    [Fact]
    public async Task A_token_to_push_and_to_mount_is_asked_for()
    {
        using OciRegistry registry = Registry(new() { Login = ("me", "s3cret") });
        s_image.PushTo(registry, "from", "v1");
        await _bed.FailAsync(Source, $"docker://{registry.Host}/app:v1", ErrorKind.Unauthorized);
        _bed.Host.Login(registry.Host, "me", "s3cret");

        await _bed.CopyAsync(Source, $"docker://{registry.Host}/app:v1");
        await _bed.CopyAsync($"docker://{registry.Host}/from:v1", $"docker://{registry.Host}/to:v1");

        Assert.Contains(
            registry.Requests,
            r =>
                r.StartsWith("GET /token", StringComparison.Ordinal)
                && r.Contains(
                    "scope=repository%3Ato%3Apull%2Cpush&scope=repository%3Afrom%3Apull",
                    StringComparison.Ordinal
                )
        );
        Assert.DoesNotContain(registry.Requests, r => r.StartsWith("PATCH /v2/to/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_source_that_lies_is_to_blame_and_nothing_of_it_gets_a_name()
    {
        using OciRegistry registry = Registry(new());
        string blob = Path.Combine(_bed.Host.In("layout"), "blobs/sha256", s_image.Blob(0).Hex);
        byte[] bytes = File.ReadAllBytes(blob);
        bytes[^1] ^= 1;
        File.WriteAllBytes(blob, bytes);

        SysctrException e = await _bed.FailAsync(Source, $"docker://{registry.Host}/app:v1", ErrorKind.Corrupt);

        Assert.Contains("its digest is", e.Message, StringComparison.Ordinal);
        Assert.Empty(registry.Repository("app").Tags);
        Assert.DoesNotContain(s_image.Blob(0), registry.Repository("app").Blobs.Keys);
    }

    [Fact]
    public async Task A_digest_in_the_destination_s_name_is_what_has_to_arrive()
    {
        using OciRegistry registry = Registry(new());

        await _bed.CopyAsync(Source, $"docker://{registry.Host}/app@{s_image.ManifestDigest}");
        Assert.Empty(registry.Repository("app").Tags);
        Assert.True(registry.Repository("app").Manifests.ContainsKey(s_image.ManifestDigest));

        await _bed.FailAsync(Source, $"docker://{registry.Host}/app@{Digest.Sha256([1])}", ErrorKind.Usage);
    }

    [Fact]
    public async Task What_registries_conf_blocks_is_not_pushed_to_and_its_mirrors_get_nothing()
    {
        using OciRegistry mirror = new();
        using OciRegistry registry = new();
        _bed.Host.Write(
            "registries.conf",
            $"""
            [[registry]]
            location = "{registry.Host}"
            insecure = true
            [[registry.mirror]]
            location = "{mirror.Host}"
            insecure = true
            [[registry]]
            location = "{mirror.Host}"
            blocked = true
            """
        );

        await _bed.CopyAsync(Source, $"docker://{registry.Host}/app:v1");
        await _bed.FailAsync(Source, $"docker://{mirror.Host}/app:v1", ErrorKind.Policy);

        Assert.Empty(mirror.Requests);
    }

    private OciRegistry Registry(OciRegistry registry)
    {
        _bed.Host.Insecure(registry.Host);
        return registry;
    }
}
