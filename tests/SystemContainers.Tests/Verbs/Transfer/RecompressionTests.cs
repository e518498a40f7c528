// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.Chunked;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Push;
using SystemContainers.Push.Layers;
using SystemContainers.Tests.Fakes;
using SystemContainers.Tests.Tar;
using SystemContainers.Verbs.Transfer;
using Xunit;

namespace SystemContainers.Tests.Verbs.Transfer;

/// <summary>Images sent with their layers compressed anew: <c>--compression-format</c> and
/// <c>--dest-compress-format</c>.</summary>
[Trait("needs", "root")]
public sealed class RecompressionTests : IDisposable
{
    private static readonly LayerTar s_tar = new LayerTar()
        .Dir("etc/")
        .File("etc/name", "one\n", uid: 1, gid: 2)
        .File("bin/tool", new string('t', 300_000), mode: 0b111_101_101);

    private readonly TransferBed _bed = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string From => $"{_bed.Registry.Host}/from:v1";

    public void Dispose() => _bed.Dispose();

    /// <summary>From where it was pulled, and from the store; either way the ID stays, for these archives come out as
    /// they were.</summary>
    [Theory]
    [InlineData("zstd:chunked", false)]
    [InlineData("zstd:chunked", true)]
    [InlineData("zstd", false)]
    [InlineData("zstd", true)]
    public async Task A_push_compresses_what_is_not_of_the_format(string name, bool offline)
    {
        LayerFormat format = LayerFormats.Parse(name, "--compression-format")!.Value;
        FakeImage image = Image()
            .AddGzip(s_tar.ToBytes())
            .AddGzip(new LayerTar().File("empty").ToBytes())
            .PushTo(_bed.Registry, "from", "v1");
        await _bed.PullAsync(From);

        TransferReport report = await _bed.Push.PushAsync(
            From,
            $"{_bed.Registry.Host}/to:v1",
            new PushOptions(offline, Format: format),
            Cancellation
        );
        TransferReport again = await _bed.Push.PushAsync(
            From,
            $"{_bed.Registry.Host}/to:v2",
            new PushOptions(offline, Format: format),
            Cancellation
        );

        ImageManifest manifest = Manifest("to", "v1");
        Assert.All(
            manifest.Layers,
            l =>
                Assert.Equal(
                    (MediaTypes.OciLayerZstd, format == LayerFormat.ZstdChunked),
                    (l.MediaType, ChunkedLayer.Of(l) is not null)
                )
        );
        Assert.Equal(Digest.Sha256(image.Config), manifest.Config.Digest);
        Assert.Equal((report.Digest, 0), (again.Digest, again.Blobs));
        Assert.NotEqual(report.Digest, report.SourceDigest);
        Assert.Contains(_bed.Notes, n => n.EndsWith("its ID stays", StringComparison.Ordinal));
        await _bed.PullAsync($"{_bed.Registry.Host}/to:v1");
        Assert.Equal(
            image.DiffId(0),
            _bed.Host.OpenStore().Images.Find($"docker://{_bed.Registry.Host}/to:v1")!.DiffIds[0]
        );
    }

    [Fact]
    public async Task What_is_of_the_format_already_stays_what_it_is()
    {
        FakeImage image = Image().AddChunked(s_tar.ToBytes()).PushTo(_bed.Registry, "from", "v1");
        await _bed.PullAsync(From);

        TransferReport report = await _bed.Push.PushAsync(
            From,
            $"{_bed.Registry.Host}/to:v1",
            new PushOptions(PreserveDigests: true, Format: LayerFormat.ZstdChunked),
            Cancellation
        );
        TransferReport copied = await CopyAsync($"docker://{From}", $"oci:{_bed.In("layout")}:v1", LayerFormat.Zstd);

        Assert.Equal(
            (image.ManifestDigest.ToString(), image.ManifestDigest.ToString()),
            (report.Digest, copied.Digest)
        );
    }

    [Fact]
    public async Task An_image_of_Dockers_becomes_one_of_OCIs()
    {
        FakeImage image = Image();
        (image.ManifestType, image.ConfigType) = (MediaTypes.DockerManifest, MediaTypes.DockerConfig);
        image
            .Add(s_tar.ToBytes(), FakeImage.Gzip(s_tar.ToBytes()), MediaTypes.DockerLayerGzip)
            .PushTo(_bed.Registry, "from", "v1");

        await CopyAsync($"docker://{From}", $"docker://{_bed.Registry.Host}/to:v1", LayerFormat.ZstdChunked);

        ImageManifest manifest = Manifest("to", "v1");
        Assert.Equal(
            (MediaTypes.OciManifest, MediaTypes.OciConfig, Digest.Sha256(image.Config), MediaTypes.OciLayerZstd),
            (manifest.MediaType, manifest.Config.MediaType, manifest.Config.Digest, manifest.Layers[0].MediaType)
        );
    }

    /// <summary>A manifest of the one with layers of the other is refused by some registries.</summary>
    [Fact]
    public async Task An_image_of_Dockers_stays_one_with_gzip()
    {
        FakeImage image = Image();
        (image.ManifestType, image.ConfigType) = (MediaTypes.DockerManifest, MediaTypes.DockerConfig);
        image.Add(s_tar.ToBytes(), s_tar.ToBytes(), MediaTypes.DockerLayer).PushTo(_bed.Registry, "from", "v1");

        await CopyAsync($"docker://{From}", $"docker://{_bed.Registry.Host}/to:v1", LayerFormat.Gzip);

        ImageManifest manifest = Manifest("to", "v1");
        Assert.Equal(
            (MediaTypes.DockerManifest, MediaTypes.DockerConfig, MediaTypes.DockerLayerGzip),
            (manifest.MediaType, manifest.Config.MediaType, manifest.Layers[0].MediaType)
        );
    }

    /// <summary>podman's own writer fails there, and its reader refuses a table with a name twice.</summary>
    [Fact]
    public async Task An_archive_that_has_no_table_of_contents_becomes_plain_zstd()
    {
        FakeImage image = Image()
            .AddGzip(new TarBuilder().File("a", "1").File("a", "2").Finished)
            .PushTo(_bed.Registry, "from", "v1");

        await CopyAsync($"docker://{From}", $"docker://{_bed.Registry.Host}/to:v1", LayerFormat.ZstdChunked);

        Descriptor layer = Assert.Single(Manifest("to", "v1").Layers);
        Assert.Equal((MediaTypes.OciLayerZstd, null), (layer.MediaType, layer.Annotations));
        await _bed.PullAsync($"{_bed.Registry.Host}/to:v1");
        Assert.Equal(
            [image.DiffId(0)],
            _bed.Host.OpenStore().Images.Find($"docker://{_bed.Registry.Host}/to:v1")!.DiffIds
        );
    }

    /// <summary>Else a layer that nobody verified would be written anew under digests that hold.</summary>
    [Fact]
    public async Task A_layer_that_is_not_what_the_configuration_says_is_not_sent()
    {
        Image()
            .Add(FakeImage.Noise(100), FakeImage.Gzip(s_tar.ToBytes()), MediaTypes.OciLayerGzip)
            .PushTo(_bed.Registry, "from", "v1");

        SysctrException e = await Assert.ThrowsAsync<SysctrException>(() =>
            CopyAsync($"docker://{From}", $"docker://{_bed.Registry.Host}/to:v1", LayerFormat.ZstdChunked)
        );

        Assert.Equal(ErrorKind.Corrupt, e.Kind);
        Assert.Empty(_bed.Registry.Repository("to").Manifests);
    }

    [Fact]
    public async Task What_can_not_be_is_refused_before_anything_is_sent()
    {
        Image().AddGzip(s_tar.ToBytes()).PushTo(_bed.Registry, "from", "v1");
        await _bed.PullAsync(From);
        Recompression compress = new(LayerFormat.ZstdChunked, _bed.Root);
        (string To, CopyChoice Choice)[] refused =
        [
            ($"docker://{_bed.Registry.Host}/to:v1", new CopyChoice(null, Compress: compress)),
            (
                $"docker://{_bed.Registry.Host}/to:v1",
                new CopyChoice(Platform.Current, PreserveDigests: true, Compress: compress)
            ),
            ($"docker-archive:{_bed.In("a.tar")}:x/a:v1", new CopyChoice(Platform.Current, Compress: compress)),
            ("sysctr:quay.io/x:v1", new CopyChoice(Platform.Current, Compress: compress)),
        ];
        foreach ((string to, CopyChoice choice) in refused)
        {
            Assert.Equal(
                ErrorKind.Usage,
                (
                    await Assert.ThrowsAsync<SysctrException>(() =>
                        _bed.Copy.CopyAsync($"docker://{From}", to, choice, offline: false, Cancellation)
                    )
                ).Kind
            );
        }

        SysctrException e = await Assert.ThrowsAsync<SysctrException>(() =>
            _bed.Push.PushAsync(
                From,
                $"{_bed.Registry.Host}/to:v1",
                new PushOptions(PreserveDigests: true, Format: LayerFormat.Zstd),
                Cancellation
            )
        );
        Assert.Equal(ErrorKind.Usage, e.Kind);
        Assert.Empty(_bed.Registry.Repository("to").Blobs);
        Assert.Equal(
            ErrorKind.Usage,
            Assert.Throws<SysctrException>(() => LayerFormats.Parse("xz", "--compression-format")).Kind
        );
    }

    /// <summary>Zeros without end pack to nothing, and cost time and room to pack.</summary>
    [Theory]
    [InlineData("gzip")]
    [InlineData("zstd")]
    public async Task A_layer_without_end_is_not_compressed_without_end(string format)
    {
        await using FileStream target = File.Create(_bed.In("blob"));
        Task<Stream> Open(CancellationToken token) => Task.FromResult<Stream>(new MemoryStream(new byte[1_000_000]));

        SysctrException e = await Assert.ThrowsAsync<SysctrException>(() =>
            LayerWriter.WriteAsync(
                Open,
                target,
                LayerFormats.Parse(format, "--x")!.Value,
                Cancellation,
                maxBytes: 999_999
            )
        );

        Assert.Equal(ErrorKind.Unsafe, e.Kind);
        target.SetLength(0);
        await LayerWriter.WriteAsync(
            Open,
            target,
            LayerFormats.Parse(format, "--x")!.Value,
            Cancellation,
            maxBytes: 1_000_000
        );
    }

    private static FakeImage Image() => new() { Architecture = Platform.Current.Architecture };

    private Task<TransferReport> CopyAsync(string from, string to, LayerFormat format) =>
        _bed.Copy.CopyAsync(
            from,
            to,
            new CopyChoice(Platform.Current, Compress: new Recompression(format, _bed.Root)),
            offline: false,
            Cancellation
        );

    private ImageManifest Manifest(string repository, string tag)
    {
        OciRepository there = _bed.Registry.Repository(repository);
        return JsonSerializer.Deserialize(there.Manifests[there.Tags[tag]].Bytes, OciJson.Default.ImageManifest)!;
    }
}
