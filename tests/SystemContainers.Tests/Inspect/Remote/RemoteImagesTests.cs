// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using SystemContainers.Errors;
using SystemContainers.Inspect.Remote;
using SystemContainers.Oci;
using SystemContainers.Pull.Referrers;
using SystemContainers.Tests.Fakes;
using Xunit;

namespace SystemContainers.Tests.Inspect.Remote;

/// <summary>Images and tags in registries, looked at without layers.</summary>
public sealed class RemoteImagesTests : IDisposable
{
    private static readonly Platform s_platform = new("amd64", "linux");

    private readonly PullingHost _host = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private RemoteImages Images => new(_host.Registries, _host.Puller(), _host.Progress);

    public void Dispose() => _host.Dispose();

    [Fact]
    public async Task What_it_says_is_shown_and_no_layer_is_fetched()
    {
        using OciRegistry registry = new();
        FakeImage image = new FakeImage
        {
            ChangeConfig = c => c["config"]!["Labels"] = new JsonObject { ["version"] = "3" },
        }
            .AddGzip(FakeImage.Noise(5000, 1))
            .AddGzip(FakeImage.Noise(9000, 2))
            .AddGzip(FakeImage.Noise(5000, 1))
            .PushTo(registry, "app", "v1");
        _host.Insecure(registry.Host);

        RemoteImage described = await Images.DescribeAsync($"{registry.Host}/app:v1", s_platform, Cancellation);

        Assert.Equal((image.ManifestDigest, image.ManifestDigest), (described.Digest, described.ManifestDigest));
        Assert.Equal(
            (Digest.Sha256(image.Config), "linux/amd64", MediaTypes.OciManifest),
            (described.Id, described.Platform, described.MediaType)
        );
        Assert.Equal([image.Blob(0), image.Blob(1), image.Blob(2)], described.Layers.Select(l => l.Digest));
        Assert.Equal(image.BlobBytes(0).Length + image.BlobBytes(1).Length, described.Size);
        Assert.Equal("3", described.Labels["version"]);
        Assert.Equal((ExportsHint.Unknown, null), (described.Exports, described.ExportsFrom));
        Assert.DoesNotContain(registry.Requests, r => r.Contains(image.Blob(0).ToString(), StringComparison.Ordinal));
        Assert.Equal(image.Manifest, await Images.ManifestAsync($"{registry.Host}/app:v1", Cancellation));
        Assert.Equal(
            image.Config,
            await Images.ConfigAsync($"{registry.Host}/app@{image.ManifestDigest}", s_platform, Cancellation)
        );
    }

    [Theory]
    [InlineData("""{"config":{"Labels":{"atomic.type":"system"}}}""", "Likely", "label atomic.type")]
    [InlineData("""{"config":{"Labels":{"atomic.type":"other"}}}""", "Unknown", null)]
    [InlineData(
        """{"history":[{"created_by":"RUN true"},{"created_by":"COPY ./exports /exports # buildkit"}]}""",
        "Likely",
        "history"
    )]
    [InlineData("""{"history":[null,7,{"created_by":null},{"created_by":"COPY a /b"}]}""", "Unknown", null)]
    [InlineData("""{"history":"/exports"}""", "Unknown", null)]
    public async Task Of_exports_only_what_is_said_is_told(string config, string hint, string? from)
    {
        new FakeImage
        {
            ChangeConfig = c =>
            {
                foreach ((string name, JsonNode? value) in JsonNode.Parse(config)!.AsObject())
                {
                    c[name] = value?.DeepClone();
                }
            },
        }
            .AddGzip([1, 2, 3])
            .WriteTo(_host.In("layout"), "v1");

        RemoteImage described = await Images.DescribeAsync($"oci:{_host.In("layout")}:v1", s_platform, Cancellation);

        Assert.Equal((hint, from), (described.Exports.ToString(), described.ExportsFrom));
    }

    [Fact]
    public void A_step_that_is_no_string_names_nothing() =>
        Assert.False(
            RemoteImages.HistoryNames("""{"history":[{"created_by":"\ud800 /exports"}]}"""u8.ToArray(), "/exports")
        );

    [Fact]
    public async Task An_index_is_shown_with_its_platforms_and_attestations()
    {
        using OciRegistry registry = new();
        FakeImage[] images =
        [
            .. new[] { "amd64", "arm64" }.Select(a =>
                new FakeImage { Architecture = a }
                    .AddGzip(FakeImage.Noise(100))
                    .PushTo(registry, "app")
            ),
        ];
        JsonObject attestation = FakeImage.Descriptor(MediaTypes.OciManifest, images[0].Manifest, "unknown/unknown");
        attestation["annotations"] = new JsonObject { ["vnd.docker.reference.type"] = "attestation-manifest" };
        byte[] index = FakeImage.Index(
            FakeImage.Descriptor(MediaTypes.OciManifest, images[0].Manifest, "linux/amd64"),
            FakeImage.Descriptor(MediaTypes.OciManifest, images[1].Manifest, "linux/arm64"),
            attestation
        );
        registry.Repository("app").Put(Digest.Sha256(index), MediaTypes.OciIndex, index, "v1");
        _host.Insecure(registry.Host);

        RemoteImage described = await Images.DescribeAsync(
            $"{registry.Host}/app:v1",
            new Platform("arm64", "linux"),
            Cancellation
        );

        Assert.Equal((Digest.Sha256(index), images[1].ManifestDigest), (described.Digest, described.ManifestDigest));
        Assert.Equal(
            [("linux/amd64", images[0].ManifestDigest), ("linux/arm64", images[1].ManifestDigest)],
            described.Platforms.Select(p => (p.Platform, p.Digest))
        );
        Assert.Equal(1, described.Attestations);
        SysctrException e = await Assert.ThrowsAsync<SysctrException>(() =>
            Images.DescribeAsync($"{registry.Host}/app:v1", new Platform("s390x", "linux"), Cancellation)
        );
        Assert.Equal(ErrorKind.NotFound, e.Kind);
    }

    /// <summary>The fallback tag of a registry that answers the referrers API with something else than 404, as old ones
    /// do, and cosign 2's tag.</summary>
    [Theory]
    [InlineData(404)]
    [InlineData(405)]
    [InlineData(400)]
    public async Task What_is_attached_is_listed_and_not_judged(int status)
    {
        using OciRegistry registry = new()
        {
            Fail = r => r.Url!.AbsolutePath.Contains("/referrers/", StringComparison.Ordinal) ? status : null,
        };
        FakeImage image = new FakeImage().AddGzip([1]).PushTo(registry, "app", "v1");
        byte[] payload = "{}"u8.ToArray();
        FakeImage signature = new FakeImage
        {
            ChangeManifest = m =>
                m["layers"] = new JsonArray(
                    FakeImage.Descriptor("application/vnd.dev.cosign.simplesigning.v1+json", payload)
                ),
        };
        signature.PushTo(registry, "app", image.ManifestDigest.ToString().Replace(':', '-') + ".sig");
        FakeImage notation = new FakeImage
        {
            ChangeManifest = m =>
            {
                m["artifactType"] = "application/vnd.cncf.notary.signature";
                m["layers"] = new JsonArray(FakeImage.Descriptor("application/jose+json", payload));
            },
        }.PushTo(registry, "app", "n");
        byte[] index = FakeImage.Index(FakeImage.Descriptor(MediaTypes.OciManifest, notation.Manifest));
        registry
            .Repository("app")
            .Put(Digest.Sha256(index), MediaTypes.OciIndex, index, image.ManifestDigest.ToString().Replace(':', '-'));
        _host.Insecure(registry.Host);

        RemoteImage described = await Images.DescribeAsync($"{registry.Host}/app:v1", s_platform, Cancellation);

        Assert.Null(described.AttachedFault);
        Assert.Equal(
            [ReferrerKind.Notation, ReferrerKind.Signature],
            described.Attached!.Select(a => a.Kind).Order().Reverse()
        );
    }

    [Fact]
    public async Task A_registry_that_tells_nothing_of_it_is_no_reason_to_tell_nothing_of_the_image()
    {
        using OciRegistry registry = new()
        {
            Fail = r => r.Url!.AbsolutePath.Contains("/referrers/", StringComparison.Ordinal) ? 403 : null,
        };
        new FakeImage().AddGzip([1]).PushTo(registry, "app", "v1");
        _host.Insecure(registry.Host);

        RemoteImage described = await Images.DescribeAsync($"{registry.Host}/app:v1", s_platform, Cancellation);

        Assert.Null(described.Attached);
        Assert.Contains("HTTP 403", described.AttachedFault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Policy_and_digests_hold_as_in_a_pull()
    {
        using FakeRegistry registry = new();
        FakeImage image = new FakeImage().AddGzip([1]).PushTo(registry, "v1");
        _host.Insecure(registry.Host);
        registry.Blobs[Digest.Sha256(image.Config).ToString()] = FakeImage.Noise(image.Config.Length);
        Assert.Equal(
            ErrorKind.Corrupt,
            (
                await Assert.ThrowsAsync<SysctrException>(() =>
                    Images.DescribeAsync($"{registry.Host}/app:v1", s_platform, Cancellation)
                )
            ).Kind
        );

        _host.Write("policy.json", """{"default":[{"type":"reject"}]}""");
        Assert.Equal(
            ErrorKind.Policy,
            (
                await Assert.ThrowsAsync<SysctrException>(() =>
                    Images.ManifestAsync($"{registry.Host}/app:v1", Cancellation)
                )
            ).Kind
        );
    }

    [Theory]
    [InlineData(1, 7)]
    [InlineData(3, 3)]
    [InlineData(1000, 1)]
    public async Task Tags_come_page_by_page_and_in_order(int pageSize, int pages)
    {
        using OciRegistry registry = new() { PageSize = pageSize };
        string[] tags = ["v10", "v2", "latest", "A", "z_1", "0.1", "v2.1-rc"];
        new FakeImage().AddGzip([1]).PushTo(registry, "team/app", tags);
        _host.Insecure(registry.Host);

        TagList list = await Images.TagsAsync($"{registry.Host}/team/app:ignored", Cancellation);

        Assert.Equal(tags.Order(StringComparer.Ordinal), list.Tags);
        Assert.Equal($"{registry.Host}/team/app", list.Repository);
        Assert.Equal(pages, registry.Requests.Count);
    }

    [Theory]
    [InlineData("""{"name":"app","tags":null}""", "", 0)]
    [InlineData("""{"name":"app","tags":["a",null,"a"]}""", "", 0)]
    [InlineData("""{"name":"app","tags":["a"]}""", "</v2/app/tags/list?n=1000>; rel=\"next\"", ErrorKind.Unsafe)]
    [InlineData(
        """{"name":"app","tags":["a"]}""",
        "<http://example.org/v2/app/tags/list>; rel=\"next\"",
        ErrorKind.Unsafe
    )]
    [InlineData("""{"name":"app","tags":["a"]}""", "</v2/app/other>; rel=\"last\"", 0)]
    [InlineData("""{"name":"app","tags":"a"}""", "", ErrorKind.Corrupt)]
    [InlineData("""[]""", "", ErrorKind.Corrupt)]
    public async Task Lists_of_a_hostile_registry_end(string page, string link, int kind)
    {
        using FakeRegistry registry = new();
        registry.Misbehave = _ =>
        {
            FakeResponse response = new(200, System.Text.Encoding.UTF8.GetBytes(page), "application/json");
            if (link.Length > 0)
            {
                response.Headers["Link"] = link;
            }

            return response;
        };
        _host.Insecure(registry.Host);

        Task<TagList> asked = Images.TagsAsync($"{registry.Host}/app", Cancellation);

        if (kind == 0)
        {
            Assert.InRange((await asked).Tags.Count, 0, 2);
        }
        else
        {
            Assert.Equal((ErrorKind)kind, (await Assert.ThrowsAsync<SysctrException>(() => asked)).Kind);
        }
    }

    [Fact]
    public async Task Only_a_registry_has_tags() =>
        Assert.Equal(
            ErrorKind.Usage,
            (await Assert.ThrowsAsync<SysctrException>(() => Images.TagsAsync("oci:/nowhere", Cancellation))).Kind
        );
}
