// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using SystemContainers.Chunked;
using SystemContainers.Oci;
using SystemContainers.Pull;
using SystemContainers.Push;
using SystemContainers.Push.Layers;
using SystemContainers.Reference;
using SystemContainers.Store;
using SystemContainers.TestBed;
using SystemContainers.Tests.Fakes;
using Xunit;

namespace SystemContainers.Tests.Pull.Chunked;

/// <summary>
/// zstd:chunked as Debian 13's skopeo and containers-storage have it: what that writes we fetch in parts, what we write
/// that fetches in parts; over Debian's docker-registry, through a proxy that counts.
/// </summary>
[Trait("needs", "programs")]
public sealed class ChunkedInteropTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Files = 2000;

    private static readonly Platform s_platform = new("amd64", "linux");

    // In /tmp, which the other root has too.
    private readonly string _directory = Directory.CreateDirectory($"/tmp/sysctr-chunked-{Guid.NewGuid():N}").FullName;
    private readonly PullingHost _host = new();
    private DockerRegistry _registry = null!;
    private CountingProxy _proxy = null!;
    private SkopeoRoot _skopeo = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _skopeo = await SkopeoRoot.GetAsync();
        _registry = await DockerRegistry.StartAsync();
        _proxy = new CountingProxy(_registry.Host);
        _host.Insecure(_proxy.Host, _registry.Host);
        Image(changed: false).WriteTo($"{_directory}/layout", "1");
        Image(changed: true).WriteTo($"{_directory}/layout2", "2");
    }

    public async ValueTask DisposeAsync()
    {
        _proxy?.Dispose();
        if (_registry is not null)
        {
            await _registry.DisposeAsync();
        }

        _host.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>One file in a hundred is another one.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Of_an_update_little_more_travels_than_what_changed(bool bySkopeo)
    {
        await WriteAsync("layout", "1", bySkopeo);
        await WriteAsync("layout2", "2", bySkopeo);
        string name = $"{_proxy.Host}/{(bySkopeo ? "skopeo" : "sysctr")}";
        using ContentStore store = ContentStore.Open(_host.In("store"));
        PulledImage first = await PullAsync(store, name + ":1");

        long before = _proxy.Received;
        PulledImage second = await PullAsync(store, name + ":2");
        long travelled = _proxy.Received - before;

        using ContentStore whole = ContentStore.Open(_host.In("whole"));
        before = _proxy.Received;
        await PullAsync(whole, name + ":2");
        long everything = _proxy.Received - before;
        Descriptor layer = Layer(second);
        ChunkedLayer chunked = ChunkedLayer.Of(layer)!;
        string repository = name.Split('/')[1];
        HashSet<ContentSum> here =
        [
            .. (await ReadTocAsync(repository, Layer(first))).Files.SelectMany(f => f.Chunks).Select(c => c.Sum),
        ];
        long changed = (await ReadTocAsync(repository, layer))
            .Files.SelectMany(f => f.Chunks)
            .Where(c => !here.Contains(c.Sum))
            .Sum(c => c.End - c.Start);
        long tables = chunked.Toc.Length + chunked.TarSplit.Length;
        output.WriteLine(
            $"written by {(bySkopeo ? "skopeo" : "sysctr")}: blob {layer.Size}, whole pull {everything}, update {travelled}: changed chunks {changed}, table of contents {chunked.Toc.Length}, tar-split {chunked.TarSplit.Length}"
        );

        // Manifest, configuration and a head for each request and answer are told apart from what is proportional to
        // the change.
        int heads = 1024 * ((Files / 100) + 6);
        Assert.InRange(travelled, changed + tables, (changed * 1.2) + tables + heads);
        Assert.True(travelled < everything / 4, $"{travelled} of {everything}");
        Assert.Equal(whole.ReadLayer(second.DiffIds[0]).ToBytes(), store.ReadLayer(second.DiffIds[0]).ToBytes());
        Assert.Empty(store.VerifyLayer(second.DiffIds[0]));
    }

    /// <summary>Into containers-storage, with overlay, which is asked to fetch parts; it says so, and the proxy
    /// counts.</summary>
    [Fact]
    public async Task What_we_write_containers_storage_fetches_in_parts()
    {
        await WriteAsync("layout", "1", bySkopeo: false);
        await WriteAsync("layout2", "2", bySkopeo: false);
        await File.WriteAllTextAsync(
            $"{_directory}/storage.conf",
            $"""
            [storage]
            driver = "overlay"
            graphroot = "{_directory}/storage"
            runroot = "{_directory}/run"
            [storage.options]
            pull_options = {"{"}enable_partial_images = "true", use_hard_links = "false", ostree_repos = ""{"}"}
            """,
            Cancellation
        );
        long all = 0;
        foreach (string tag in (string[])["1", "2"])
        {
            long before = _proxy.Received;
            CommandResult result = await _skopeo.RunWithStorageAsync(
                $"{_directory}/storage.conf",
                "--debug",
                "--insecure-policy",
                "copy",
                "--src-tls-verify=false",
                "--override-arch",
                "amd64",
                $"docker://{_proxy.Host}/sysctr:{tag}",
                $"containers-storage:localhost/x:{tag}"
            );
            long travelled = _proxy.Received - before;
            output.WriteLine($"containers-storage fetched {travelled} for {tag}");
            result.MustSucceed();
            Assert.Contains("Retrieved partial blob", result.Error, StringComparison.Ordinal);
            all = tag == "1" ? travelled : all;
            Assert.True(tag == "1" || travelled < all / 4, $"{travelled} of {all}");
        }
    }

    /// <summary>Every blob is read, unpacked and compared there.</summary>
    [Fact]
    public async Task What_we_write_is_the_archive_that_it_was()
    {
        foreach (LayerFormat format in Enum.GetValues<LayerFormat>())
        {
            await CopyAsync($"oci:{_directory}/layout:1", $"docker://{_registry.Host}/format:{(int)format}", format);
            (
                await _skopeo.RunAsync(
                    "skopeo",
                    "--insecure-policy",
                    "copy",
                    "--quiet",
                    "--src-tls-verify=false",
                    "--dest-decompress",
                    $"docker://{_registry.Host}/format:{(int)format}",
                    $"dir:{_directory}/{format}"
                )
            ).MustSucceed();
            JsonNode manifest = JsonNode.Parse(
                await File.ReadAllTextAsync($"{_directory}/{format}/manifest.json", Cancellation)
            )!;
            Assert.Equal(Image(changed: false).DiffId(0).ToString(), (string?)manifest["layers"]![0]!["digest"]);
            await PullAsync(_host.Sink, $"{_registry.Host}/format:{(int)format}");
            _host.Sink.Layers.Clear();
        }
    }

    private static Descriptor Layer(PulledImage image) =>
        JsonSerializer.Deserialize(image.Manifest, OciJson.Default.ImageManifest)!.Layers[0];

    private async Task<Toc> ReadTocAsync(string repository, Descriptor layer)
    {
        using HttpClient client = new();
        byte[] blob = await client.GetByteArrayAsync(
            new Uri($"http://{_registry.Host}/v2/{repository}/blobs/{layer.Digest}"),
            Cancellation
        );
        ChunkedLayer chunked = ChunkedLayer.Of(layer)!;
        return TocReader.Read(blob.AsSpan((int)chunked.Toc.Offset, (int)chunked.Toc.Length), chunked);
    }

    private async Task<PulledImage> PullAsync(ILayerSink sink, string image)
    {
        PulledImage pulled = await _host.PullAsync(image, s_platform, sink, Cancellation);
        (sink as ContentStore)?.Commit();
        return pulled;
    }

    private static FakeImage Image(bool changed)
    {
        LayerTar tar = new LayerTar().Dir("usr/");
        for (int i = 0; i < Files; i++)
        {
            // Half of it packs, as in most files; sizes around those of a distribution's.
            int size = 2000 + (i * 7919 % 30_000);
            int seed = changed && i % 100 == 50 ? i + 1_000_000 : i;
            tar.File(
                $"usr/file{i}",
                Encoding.Latin1.GetString(FakeImage.Noise(size / 2, seed))
                    + new string((char)('a' + (i % 26)), size / 2)
            );
        }

        return new FakeImage().AddGzip(tar.ToBytes());
    }

    private Task WriteAsync(string layout, string tag, bool bySkopeo) =>
        bySkopeo
            ? SkopeoAsync(
                "--insecure-policy",
                "copy",
                "--quiet",
                "--dest-tls-verify=false",
                "--dest-compress-format",
                "zstd:chunked",
                $"oci:{_directory}/{layout}:{tag}",
                $"docker://{_registry.Host}/skopeo:{tag}"
            )
            : CopyAsync(
                $"oci:{_directory}/{layout}:{tag}",
                $"docker://{_registry.Host}/sysctr:{tag}",
                LayerFormat.ZstdChunked
            );

    private async Task SkopeoAsync(params string[] words) => (await _skopeo.RunAsync("skopeo", words)).MustSucceed();

    private async Task CopyAsync(string from, string to, LayerFormat format)
    {
        ImageReference source = ImageReference.Parse(from);
        await using IImageDestination destination = new Destinations(
            _host.Registries,
            _host.Credentials,
            _host.OwnOptions,
            _host.Progress
        ).Open(ImageReference.Parse(to), source);
        await new ImageCopier(_host.Progress).CopyAsync(
            _host.Puller(),
            [source],
            destination,
            new CopyChoice(s_platform, Compress: new Recompression(format, _directory)),
            Cancellation
        );
    }
}
