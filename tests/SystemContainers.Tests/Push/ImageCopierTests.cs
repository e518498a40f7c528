// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Pull;
using SystemContainers.Push;
using SystemContainers.Tests.Fakes;
using Xunit;

namespace SystemContainers.Tests.Push;

/// <summary>Copies between all places: what arrives is what was sent, or nothing is there.</summary>
public sealed class ImageCopierTests : IDisposable
{
    private readonly CopyBed _bed = new();
    private readonly OciRegistry _registry = new();
    private readonly FakeImage _image = new FakeImage()
        .AddGzip(FakeImage.Noise(200_000, 1))
        .AddZstd(FakeImage.Noise(3000, 2))
        .AddPlain(FakeImage.Noise(300, 3))
        .AddGzip(FakeImage.Noise(200_000, 1));

    public ImageCopierTests()
    {
        _image.PushTo(_registry, "from", "v1");
        _bed.Host.Insecure(_registry.Host);
    }

    private string Source => $"docker://{_registry.Host}/from:v1";

    public void Dispose()
    {
        Assert.Empty(_registry.Violations);
        _registry.Dispose();
        _bed.Dispose();
    }

    /// <summary>There and back: the digest stays, and every layer is what it was.</summary>
    [Theory]
    [InlineData("oci:{0}/layout:name/with:v1")]
    [InlineData("oci:{0}/layout")]
    [InlineData("oci-archive:{0}/archive.tar:v1")]
    [InlineData("oci-archive:{0}/archive.tar")]
    [InlineData("dir:{0}/directory")]
    [InlineData("docker://{1}/to/it:v2")]
    public async Task What_is_copied_is_the_same_there(string place)
    {
        string to = string.Format(null, place, _bed.Host.Root, _registry.Host);

        CopiedImage copied = await _bed.CopyAsync(Source, to, preserve: true);

        Assert.Equal((_image.ManifestDigest, _image.ManifestDigest, 1), (copied.Source, copied.Digest, copied.Images));
        await AssertHasAsync(to);
        CopiedImage back = await _bed.CopyAsync(to, $"docker://{_registry.Host}/back:v1");
        Assert.Equal(_image.ManifestDigest, back.Digest);
        Assert.Equal(
            _image.Manifest,
            _registry.Repository("back").Manifests[_registry.Repository("back").Tags["v1"]].Bytes
        );
    }

    [Fact]
    public async Task A_docker_archive_keeps_the_ID_and_the_layers()
    {
        string to = $"docker-archive:{_bed.Host.In("image.tar")}:team/app:v3";

        CopiedImage copied = await _bed.CopyAsync(Source, to);

        Assert.Null(copied.Digest);
        PulledImage pulled = await _bed.Host.PullAsync(to);
        Assert.Equal(Digest.Sha256(_image.Config), pulled.ConfigDigest);
        Assert.Equal(["docker.io/team/app:v3"], pulled.Names);
        Assert.Equal(_image.Plains[1], _bed.Host.Sink.Layers[_image.DiffId(1)]);
        await _bed.FailAsync(Source, to, ErrorKind.Usage, preserve: true);
    }

    [Theory]
    [InlineData("oci:{0}/layout:v1")]
    [InlineData("oci-archive:{0}/archive.tar:v1")]
    [InlineData("dir:{0}/directory")]
    [InlineData("docker://{1}/to:v1")]
    public async Task An_index_goes_whole_or_one_of_it(string place)
    {
        (byte[] index, FakeImage[] images) = CopyBed.PushIndex(_registry, "several", "v1");
        string from = $"docker://{_registry.Host}/several:v1";
        string to = string.Format(null, place, _bed.Host.Root, _registry.Host);

        Assert.Equal(images[0].ManifestDigest, (await _bed.CopyAsync(from, to)).Digest);
        CopiedImage copied = await _bed.CopyAsync(from, to, all: true);

        Assert.Equal((Digest.Sha256(index), 3), (copied.Digest!.Value, copied.Images));
        Assert.Equal(
            images[1].ManifestDigest,
            (await _bed.Host.PullAsync(to, new Platform("arm64", "linux"))).ManifestDigest
        );
        await _bed.CopyAsync(to, $"docker://{_registry.Host}/back:v1", all: true);
        Assert.Equal(index, _registry.Repository("back").Manifests[Digest.Sha256(index)].Bytes);
    }

    [Fact]
    public async Task A_docker_archive_takes_no_index()
    {
        CopyBed.PushIndex(_registry, "several", "v1");

        await _bed.FailAsync(
            $"docker://{_registry.Host}/several:v1",
            $"docker-archive:{_bed.Host.In("x.tar")}",
            ErrorKind.Usage,
            all: true
        );

        Assert.False(File.Exists(_bed.Host.In("x.tar")));
    }

    [Fact]
    public async Task A_layout_that_is_there_keeps_what_it_has()
    {
        string layout = _bed.Host.In("layout");
        new FakeImage().AddGzip([1, 2]).WriteTo(layout, "old");
        await _bed.CopyAsync(Source, $"oci:{layout}:v1");
        FakeImage other = new FakeImage().AddGzip([3]).PushTo(_registry, "from", "v2");

        await _bed.CopyAsync($"docker://{_registry.Host}/from:v2", $"oci:{layout}:v1");

        Assert.Equal(other.ManifestDigest, (await _bed.Host.PullAsync($"oci:{layout}:v1")).ManifestDigest);
        await _bed.Host.PullAsync($"oci:{layout}:old");
        CopiedImage again = await _bed.CopyAsync($"docker://{_registry.Host}/from:v2", $"oci:{layout}:v2");
        Assert.Equal((0, 2), (again.Blobs, again.Present));
    }

    /// <summary>Whatever breaks a copy, what was there before is there as it was, and nothing else.</summary>
    [Theory]
    [InlineData("oci:{0}/place:v1")]
    [InlineData("oci-archive:{0}/place")]
    [InlineData("docker-archive:{0}/place")]
    [InlineData("dir:{0}/place")]
    public async Task A_copy_that_breaks_leaves_nothing(string place)
    {
        string to = string.Format(null, place, _bed.Host.Root);
        byte[] right = _registry.Repository("from").Blobs[_image.Blob(1)];
        _registry.Repository("from").Blobs[_image.Blob(1)] = FakeImage.Noise(right.Length, 77);
        string[] before = Directory.GetFileSystemEntries(_bed.Host.Root);
        await _bed.FailAsync(Source, to, ErrorKind.Corrupt);
        Assert.Equal(before, Directory.GetFileSystemEntries(_bed.Host.Root));

        _registry.Repository("from").Blobs[_image.Blob(1)] = right;
        await _bed.CopyAsync(Source, to);
        Digest there = (await _bed.Host.PullAsync(to)).ConfigDigest;
        string[] after = Directory.GetFileSystemEntries(_bed.Host.Root);
        FakeImage broken = new FakeImage().AddGzip(FakeImage.Noise(50)).PushTo(_registry, "from", "v2");
        _registry.Repository("from").Blobs.TryRemove(broken.Blob(0), out _);
        await _bed.FailAsync($"docker://{_registry.Host}/from:v2", to, ErrorKind.NotFound);

        Assert.Equal(there, (await _bed.Host.PullAsync(to)).ConfigDigest);
        Assert.Equal(after, Directory.GetFileSystemEntries(_bed.Host.Root));
    }

    [Theory]
    [InlineData("oci:")]
    [InlineData("dir:")]
    public async Task What_is_something_else_is_left_alone(string transport)
    {
        Directory.CreateDirectory(_bed.Host.In("mine"));
        File.WriteAllText(_bed.Host.In("mine/letter"), "text");

        await _bed.FailAsync(Source, transport + _bed.Host.In("mine"), ErrorKind.Conflict);
        await _bed.FailAsync(Source, transport + _bed.Host.In("mine/letter"), ErrorKind.Conflict);
        await _bed.FailAsync(Source, "oci-archive:" + _bed.Host.In("mine"), ErrorKind.Conflict);
        await _bed.FailAsync(Source, transport + _bed.Host.In("no/such/place"), ErrorKind.Usage);

        Assert.Equal("text", File.ReadAllText(_bed.Host.In("mine/letter")));
    }

    [Fact]
    public async Task A_mirror_that_lies_is_passed_over_and_an_archive_is_whole_all_the_same()
    {
        using FakeRegistry mirror = new();
        _image.PushTo(mirror, "v1");
        mirror.Blobs[_image.Blob(0).ToString()] = FakeImage.Noise(_image.BlobBytes(0).Length, 5);
        _bed.Host.Write(
            "registries.conf",
            $"""
            [[registry]]
            location = "{_registry.Host}"
            insecure = true
            [[registry.mirror]]
            location = "{mirror.Host}"
            insecure = true
            """
        );

        await _bed.CopyAsync(Source, $"oci-archive:{_bed.Host.In("a.tar")}:v1");

        await AssertHasAsync($"oci-archive:{_bed.Host.In("a.tar")}:v1");
    }

    [Fact]
    public async Task The_policy_is_asked_for_the_source()
    {
        _bed.Host.Write(
            "policy.json",
            "{\"default\":[{\"type\":\"insecureAcceptAnything\"}],\"transports\":{\"dir\":{\""
                + _bed.Host.Root
                + "\":[{\"type\":\"reject\"}]}}}"
        );
        await _bed.CopyAsync(Source, "dir:" + _bed.Host.In("d"));

        await _bed.FailAsync("dir:" + _bed.Host.In("d"), $"docker://{_registry.Host}/to:v1", ErrorKind.Policy);
    }

    /// <summary>As in a pull: what has to be signed and is not is not copied, one image or an index, and nothing of it
    /// is sent.</summary>
    [Theory]
    [InlineData("from:v1", false)]
    [InlineData("several:v1", false)]
    [InlineData("several:v1", true)]
    public async Task What_has_to_be_signed_is_not_copied_without(string image, bool all)
    {
        CopyBed.PushIndex(_registry, "several", "v1");
        using System.Security.Cryptography.ECDsa key = System.Security.Cryptography.ECDsa.Create(
            System.Security.Cryptography.ECCurve.NamedCurves.nistP256
        );
        string data = Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes(key.ExportSubjectPublicKeyInfoPem()));
        _bed.Host.Write("policy.json", "{\"default\":[{\"type\":\"sigstoreSigned\",\"keyData\":\"" + data + "\"}]}");

        await _bed.FailAsync(
            $"docker://{_registry.Host}/{image}",
            $"docker://{_registry.Host}/to:v1",
            ErrorKind.Policy,
            all
        );

        Assert.DoesNotContain(
            _registry.Requests,
            r => r.StartsWith("POST", StringComparison.Ordinal) || r.StartsWith("PUT", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_foreign_layer_and_a_size_below_zero_are_refused()
    {
        new FakeImage()
            .Add([1], [1], "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip")
            .PushTo(_registry, "bad", "foreign");
        new FakeImage { ChangeManifest = m => m["layers"]![0]!["size"] = -1 }
            .AddGzip([1])
            .PushTo(_registry, "bad", "size");

        await _bed.FailAsync($"docker://{_registry.Host}/bad:foreign", "dir:" + _bed.Host.In("d"), ErrorKind.Corrupt);
        await _bed.FailAsync($"docker://{_registry.Host}/bad:size", "dir:" + _bed.Host.In("d"), ErrorKind.Corrupt);
    }

    [Fact]
    public async Task An_index_of_too_many_is_refused_and_one_of_it_can_be_had()
    {
        byte[] index = FakeImage.Index([
            FakeImage.Descriptor(MediaTypes.OciManifest, _image.Manifest, "linux/amd64"),
            .. Enumerable
                .Range(0, 1000)
                .Select(i => FakeImage.Descriptor(MediaTypes.OciManifest, FakeImage.Noise(20, i), "linux/other")),
        ]);
        _registry.Repository("from").Put(Digest.Sha256(index), MediaTypes.OciIndex, index, "many");

        await _bed.FailAsync(
            $"docker://{_registry.Host}/from:many",
            "dir:" + _bed.Host.In("d"),
            ErrorKind.Unsafe,
            all: true
        );
        Assert.Equal(
            _image.ManifestDigest,
            (await _bed.CopyAsync($"docker://{_registry.Host}/from:many", "dir:" + _bed.Host.In("d"))).Digest
        );
    }

    /// <summary>Each manifest is within its own bound, and their sum is not.</summary>
    [Fact]
    [Trait("needs", "time")]
    public async Task Manifests_that_are_too_large_together_are_refused()
    {
        byte[][] manifests =
        [
            .. Enumerable
                .Range(0, 17)
                .Select(i =>
                    new FakeImage
                    {
                        ChangeManifest = m =>
                            m["annotations"] = new System.Text.Json.Nodes.JsonObject
                            {
                                ["pad"] = i + new string('x', (4 << 20) - 2000),
                            },
                    }
                        .PushTo(_registry, "large", $"v{i}")
                        .Manifest
                ),
        ];
        byte[] index = FakeImage.Index([
            .. manifests.Select(m => FakeImage.Descriptor(MediaTypes.OciManifest, m, "linux/amd64")),
        ]);
        _registry.Repository("large").Put(Digest.Sha256(index), MediaTypes.OciIndex, index, "all");

        SysctrException e = await _bed.FailAsync(
            $"docker://{_registry.Host}/large:all",
            "dir:" + _bed.Host.In("d"),
            ErrorKind.Unsafe,
            all: true
        );

        Assert.Contains("bytes together", e.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_bed.Host.In("d")));
    }

    [Fact]
    public async Task A_manifest_of_too_many_layers_is_refused()
    {
        FakeImage image = new();
        for (int i = 0; i <= OciLimits.MaxLayers; i++)
        {
            image.AddPlain([1]);
        }

        image.PushTo(_registry, "many", "v1");

        await _bed.FailAsync($"docker://{_registry.Host}/many:v1", "dir:" + _bed.Host.In("d"), ErrorKind.Unsafe);
    }

    /// <summary>A layer that says that it is a configuration, and one that is the configuration itself.</summary>
    [Theory]
    [InlineData(MediaTypes.OciConfig)]
    [InlineData(MediaTypes.DockerConfig)]
    public async Task A_docker_archive_takes_no_layer_that_is_a_configuration(string type)
    {
        new FakeImage().Add([1], [1], type).PushTo(_registry, "bad", "layer");

        SysctrException e = await _bed.FailAsync(
            $"docker://{_registry.Host}/bad:layer",
            $"docker-archive:{_bed.Host.In("x.tar")}",
            ErrorKind.Corrupt
        );

        Assert.Contains("is no layer", e.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_bed.Host.Root, "*x.tar*"));
    }

    private async Task AssertHasAsync(string place)
    {
        PulledImage pulled = await _bed.Host.PullAsync(place);
        Assert.Equal(_image.ManifestDigest, pulled.ManifestDigest);
        Assert.All(
            Enumerable.Range(0, 4),
            i => Assert.Equal(_image.Plains[i], _bed.Host.Sink.Layers[_image.DiffId(i)])
        );
        _bed.Host.Sink.Layers.Clear();
    }
}
