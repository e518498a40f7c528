// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json.Nodes;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Pull;
using SystemContainers.Tests.Fakes;
using Xunit;

namespace SystemContainers.Tests.Pull;

/// <summary>Manifests, indexes and configurations, true and hostile.</summary>
public sealed class ManifestTests : IDisposable
{
    private const string OciManifest = "application/vnd.oci.image.manifest.v1+json";
    private const string OciIndex = "application/vnd.oci.image.index.v1+json";

    private readonly FakeRegistry _registry = new();
    private readonly PullingHost _host = new();

    public ManifestTests() => _host.Insecure(_registry.Host);

    private string Image => _registry.Host + "/x:1";

    public void Dispose()
    {
        _host.Dispose();
        _registry.Dispose();
    }

    [Fact]
    public async Task An_index_gives_the_manifest_of_the_platform()
    {
        FakeImage amd = new FakeImage().AddPlain(FakeImage.Noise(10, 1)).PushTo(_registry, "amd");
        FakeImage arm = new FakeImage { Architecture = "arm64" }
            .AddPlain(FakeImage.Noise(10, 2))
            .PushTo(_registry, "arm");
        Push(
            OciIndex,
            FakeImage.Index(
                FakeImage.Descriptor(OciManifest, FakeImage.Noise(9), "unknown/unknown"),
                FakeImage.Descriptor(OciManifest, arm.Manifest, "linux/arm64/v8"),
                FakeImage.Descriptor(OciManifest, amd.Manifest, "linux/amd64")
            )
        );

        Assert.Equal(amd.ManifestDigest, (await _host.PullAsync(Image)).ManifestDigest);
        Assert.Equal(arm.ManifestDigest, (await _host.PullAsync(Image, new Platform("arm64", "linux"))).ManifestDigest);
        Assert.Equal(
            arm.ManifestDigest,
            (await _host.PullAsync(Image, new Platform("arm64", "linux", "v8"))).ManifestDigest
        );
    }

    [Fact]
    public async Task An_entry_that_can_not_be_verified_spoils_no_index_and_is_named_where_it_is_the_one()
    {
        FakeImage amd = new FakeImage().PushTo(_registry, "amd");
        JsonObject blake = FakeImage.Descriptor(OciManifest, amd.Manifest, "linux/arm64");
        blake["digest"] = "blake3:6c3c624b58dbbcd3c0dd82b4c53f04194d1247c6eebdaab7c610cf7d66709b3b";
        Push(OciIndex, FakeImage.Index(blake, FakeImage.Descriptor(OciManifest, amd.Manifest, "linux/amd64")));

        Assert.Equal(amd.ManifestDigest, (await _host.PullAsync(Image)).ManifestDigest);
        SysctrException e = await Assert.ThrowsAsync<SysctrException>(() =>
            _host.PullAsync(Image, new Platform("arm64", "linux"))
        );

        Assert.Equal(ErrorKind.Corrupt, e.Kind);
        Assert.Contains("blake3:", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_image_beside_its_attestation_needs_no_platform()
    {
        FakeImage amd = new FakeImage().PushTo(_registry, "amd");
        Push(
            OciIndex,
            FakeImage.Index(
                FakeImage.Descriptor(OciManifest, FakeImage.Noise(9), "unknown/unknown"),
                FakeImage.Descriptor(OciManifest, amd.Manifest)
            )
        );

        Assert.Equal(amd.ManifestDigest, (await _host.PullAsync(Image)).ManifestDigest);
    }

    [Fact]
    public async Task Null_is_how_BuildKit_writes_that_there_are_no_layers()
    {
        FakeImage empty = new()
        {
            ChangeManifest = m => m["layers"] = null,
            ChangeConfig = c => c["rootfs"]!["diff_ids"] = null,
        };
        empty.PushTo(_registry, "1");

        Assert.Empty((await _host.PullAsync(Image)).DiffIds);
    }

    [Fact]
    public async Task A_missing_platform_is_not_found_and_says_what_there_is()
    {
        FakeImage arm = new FakeImage { Architecture = "arm64" }.PushTo(_registry, "arm");
        Push(
            OciIndex,
            FakeImage.Index(
                FakeImage.Descriptor(OciManifest, arm.Manifest, "linux/arm64/v8"),
                FakeImage.Descriptor(OciManifest, arm.Manifest, "linux/s390x")
            )
        );

        SysctrException e = await _host.FailAsync(Image, ErrorKind.NotFound);

        Assert.Contains("linux/amd64", e.Message, StringComparison.Ordinal);
        Assert.Contains("linux/arm64/v8, linux/s390x", e.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_image_for_another_platform_is_not_found_without_an_index_too()
    {
        new FakeImage { Architecture = "arm64" }.PushTo(_registry, "1");

        SysctrException e = await _host.FailAsync(Image, ErrorKind.NotFound);

        Assert.Contains("linux/arm64", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Indexes_nested_without_end_are_refused()
    {
        byte[] inner = new FakeImage().PushTo(_registry, "amd").Manifest;
        string type = OciManifest;
        for (int i = 0; i < 5; i++)
        {
            inner = FakeImage.Index(FakeImage.Descriptor(type, inner, "linux/amd64"));
            type = OciIndex;
            _registry.Manifests[Digest.Sha256(inner).ToString()] = (OciIndex, inner);
        }

        Push(OciIndex, inner);

        await _host.FailAsync(Image, ErrorKind.Unsafe);
    }

    [Fact]
    public async Task An_index_that_lies_about_the_size_is_corrupt()
    {
        FakeImage amd = new FakeImage().PushTo(_registry, "amd");
        JsonObject descriptor = FakeImage.Descriptor(OciManifest, amd.Manifest, "linux/amd64");
        descriptor["size"] = amd.Manifest.Length + 1;
        Push(OciIndex, FakeImage.Index(descriptor));

        await _host.FailAsync(Image, ErrorKind.Corrupt);
    }

    [Fact]
    public async Task A_digest_that_the_user_gave_holds()
    {
        FakeImage image = new FakeImage().AddPlain(FakeImage.Noise(10)).PushTo(_registry, "1");
        string pinned = $"{_registry.Host}/x@{image.ManifestDigest}";
        Assert.Equal(image.ManifestDigest, (await _host.PullAsync(pinned)).ManifestDigest);

        _registry.Manifests[image.ManifestDigest.ToString()] = (OciManifest, [.. image.Manifest, (byte)'\n']);
        SysctrException e = await _host.FailAsync(pinned, ErrorKind.Corrupt);

        Assert.Contains(image.ManifestDigest.ToString(), e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_digest_wins_over_a_tag()
    {
        FakeImage old = new FakeImage().AddPlain(FakeImage.Noise(10, 1)).PushTo(_registry, "1");
        new FakeImage().AddPlain(FakeImage.Noise(10, 2)).PushTo(_registry, "1");

        Assert.Equal(old.ManifestDigest, (await _host.PullAsync($"{Image}@{old.ManifestDigest}")).ManifestDigest);
    }

    [Fact]
    public async Task A_body_that_is_not_what_the_registry_announces_is_corrupt()
    {
        FakeImage image = new FakeImage().PushTo(_registry, "1");
        _registry.Misbehave = r =>
            r.Path.Contains("/manifests/", StringComparison.Ordinal)
                ? new FakeResponse(200, image.Manifest, OciManifest)
                {
                    Headers = { ["Docker-Content-Digest"] = Digest.Sha256([]).ToString() },
                }
                : null;

        await _host.FailAsync(Image, ErrorKind.Corrupt);
    }

    [Fact]
    public async Task A_manifest_of_more_than_four_mebibytes_is_refused()
    {
        _registry.Misbehave = _ => new FakeResponse(200, new byte[100], OciManifest)
        {
            SaysLength = 5 << 20,
            CutAfter = 100,
        };

        await _host.FailAsync(Image, ErrorKind.Unsafe);
        Assert.Single(_registry.Requests);
    }

    [Fact]
    public async Task An_endless_manifest_is_refused()
    {
        _registry.Misbehave = _ => new FakeResponse(200, new byte[100_000], OciManifest) { Endless = true };

        await _host.FailAsync(Image, ErrorKind.Unsafe);
    }

    [Theory]
    [InlineData("both kinds", OciManifest, """{"schemaVersion":2,"manifests":[],"layers":[],"config":{}}""")]
    [InlineData("neither kind", OciManifest, """{"schemaVersion":2}""")]
    [InlineData("a manifest called index", OciIndex, """{"schemaVersion":2,"layers":[],"config":{}}""")]
    [InlineData(
        "two names for it",
        OciIndex,
        """{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","manifests":[]}"""
    )]
    [InlineData("a key twice", OciManifest, """{"schemaVersion":2,"layers":[],"layers":[],"config":{}}""")]
    [InlineData("cut", OciManifest, """{"schemaVersion":2,"layers":""")]
    [InlineData("no object", OciManifest, "[]")]
    [InlineData("nulls", OciManifest, """{"schemaVersion":2,"layers":null,"config":null}""")]
    [InlineData(
        "null layer",
        OciManifest,
        """{"schemaVersion":2,"layers":[null],"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":0}}"""
    )]
    [InlineData(
        "a path for a digest",
        OciManifest,
        """{"schemaVersion":2,"layers":[],"config":{"mediaType":"x","digest":"sha256:../../../etc/passwd","size":1}}"""
    )]
    [InlineData(
        "schema 1",
        "application/vnd.docker.distribution.manifest.v1+prettyjws",
        """{"schemaVersion":1,"fsLayers":[]}"""
    )]
    [InlineData("schema 1 without a type", "application/json", """{"schemaVersion":1,"fsLayers":[]}""")]
    [InlineData("another type", "application/vnd.example+json", """{"schemaVersion":2,"layers":[],"config":{}}""")]
    public async Task A_manifest_of_doubtful_kind_is_refused(string what, string type, string body)
    {
        Push(type, Encoding.UTF8.GetBytes(body));

        SysctrException e = await _host.FailAsync(Image, ErrorKind.Corrupt);

        Assert.True(
            !what.StartsWith("schema 1", StringComparison.Ordinal)
                || e.Message.Contains("schema 1", StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("text/plain; charset=utf-8")]
    public async Task A_server_that_knows_no_media_types_can_serve_images(string type)
    {
        FakeImage image = new FakeImage().AddPlain(FakeImage.Noise(10)).PushTo(_registry, "1");
        Push(type, image.Manifest);

        Assert.Equal(image.ManifestDigest, (await _host.PullAsync(Image)).ManifestDigest);
    }

    [Fact]
    public async Task A_configuration_with_other_layers_than_the_manifest_is_corrupt()
    {
        new FakeImage
        {
            ChangeConfig = static c => c["rootfs"]!["diff_ids"]!.AsArray().Add(Digest.Sha256([]).ToString()),
        }
            .AddPlain(FakeImage.Noise(10))
            .PushTo(_registry, "1");

        await _host.FailAsync(Image, ErrorKind.Corrupt);
        Assert.Empty(_host.Sink.Layers);
    }

    [Theory]
    [InlineData("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "foreign")]
    [InlineData("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", "foreign")]
    [InlineData("application/vnd.oci.image.layer.v1.tar+gzip+encrypted", "can't be unpacked")]
    [InlineData("application/vnd.example.wasm", "can't be unpacked")]
    public async Task A_layer_of_another_kind_is_refused_before_any_is_fetched(string type, string reason)
    {
        byte[] bytes = FakeImage.Noise(10);
        FakeImage image = new FakeImage()
            .AddPlain(FakeImage.Noise(10, 2))
            .Add(bytes, bytes, type)
            .PushTo(_registry, "1");

        SysctrException e = await _host.FailAsync(Image, ErrorKind.Corrupt);

        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
        Assert.Empty(_registry.BlobRequests(image.Blob(0)));
    }

    [Fact]
    public async Task Something_that_is_no_image_is_refused_by_name()
    {
        new FakeImage { ConfigType = "application/vnd.cncf.helm.config.v1+json" }.PushTo(_registry, "1");

        SysctrException e = await _host.FailAsync(Image, ErrorKind.Corrupt);

        Assert.Contains("helm", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_configuration_of_more_than_eight_mebibytes_is_not_fetched()
    {
        FakeImage image = new FakeImage { ChangeManifest = static m => m["config"]!["size"] = 9 << 20 }.PushTo(
            _registry,
            "1"
        );

        await _host.FailAsync(Image, ErrorKind.Unsafe);
        Assert.Empty(_registry.BlobRequests(Digest.Sha256(image.Config)));
    }

    [Fact]
    public async Task Docker_schema_2_is_pulled()
    {
        byte[] plain = FakeImage.Noise(1000);
        FakeImage image = new FakeImage
        {
            ManifestType = "application/vnd.docker.distribution.manifest.v2+json",
            ConfigType = "application/vnd.docker.container.image.v1+json",
        }
            .Add(plain, FakeImage.Gzip(plain), "application/vnd.docker.image.rootfs.diff.tar.gzip")
            .PushTo(_registry, "1");

        PulledImage pulled = await _host.PullAsync(Image);

        Assert.Equal(image.ManifestDigest, pulled.ManifestDigest);
        Assert.Equal(plain, _host.Sink.Layers[image.DiffId(0)]);
    }

    private void Push(string type, byte[] bytes) => _registry.Manifests["1"] = (type, bytes);
}
