// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json.Nodes;
using SystemContainers.Errors;
using SystemContainers.Linux.Processes;
using SystemContainers.Oci;
using SystemContainers.Pull;
using SystemContainers.Pull.Options;
using SystemContainers.Pull.Sources;
using SystemContainers.Tests.Fakes;
using SystemContainers.Tests.Tar;
using Xunit;

namespace SystemContainers.Tests.Pull;

/// <summary>Archives by hand: what <c>docker save</c> has written over the years, and what nobody should have
/// written.</summary>
public sealed class DockerArchiveTests : IDisposable
{
    private readonly PullingHost _host = new();
    private readonly FakeImage _image = new FakeImage()
        .AddPlain(FakeImage.Noise(200_000, 1))
        .AddPlain(FakeImage.Noise(70_000, 2))
        .Build();

    private string File => _host.In("image.tar");

    public void Dispose() => _host.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData(":etcd:v1")]
    [InlineData(":docker.io/library/etcd:v1")]
    public async Task An_image_is_read_with_and_without_its_name(string suffix)
    {
        Write(Saved());

        PulledImage pulled = await _host.PullAsync($"docker-archive:{File}{suffix}");

        AssertPulled(pulled);
        Assert.Equal(["etcd:v1"], pulled.Names);
        Assert.Equal(Digest.Sha256(_image.Config), pulled.ConfigDigest);
    }

    /// <summary>Whoever would write to it may never come.</summary>
    [Fact]
    public async Task The_wait_for_who_writes_to_a_fifo_can_be_ended()
    {
        Assert.Equal(0, (await ProcessRunner.RunAsync("mkfifo", [File], CancellationToken.None)).ExitCode);
        using CancellationTokenSource end = new(TimeSpan.FromMilliseconds(200));

        Task list = ArchiveContents.ListAsync(File, new PullOptions(), end.Token);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => list.WaitAsync(TimeSpan.FromMinutes(1)));

        // The thread that waits goes on.
        await using FileStream writer = new(File, FileMode.Open, FileAccess.Write);
    }

    [Fact]
    public async Task The_same_image_has_the_same_digest_in_whatever_order_it_lies()
    {
        Write(Saved());
        Digest first = (await _host.PullAsync($"docker-archive:{File}")).ManifestDigest;
        Write(
            new TarBuilder()
                .File("./manifest.json", List())
                .File("./0.tar", Layer(0))
                .File("./1.tar", Layer(1))
                .File("./config.json", Configuration)
        );
        int layers = _host.Sink.Layers.Count;

        Assert.Equal(first, (await _host.PullAsync($"docker-archive:{File}")).ManifestDigest);
        Assert.Equal(layers, _host.Sink.Layers.Count);
    }

    [Fact]
    public async Task A_layer_that_another_image_has_is_a_link()
    {
        Write(
            new TarBuilder()
                .Add('5', "a/")
                .File("a/layer.tar", Layer(0))
                .Add('5', "b/")
                .Add('2', "b/layer.tar", link: "../a/layer.tar")
                .Add('1', "c.tar", link: "d.tar")
                .File("d.tar", Layer(1))
                .File("config.json", Configuration)
                .File("manifest.json", List("b/layer.tar", "c.tar"))
        );

        AssertPulled(await _host.PullAsync($"docker-archive:{File}"));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("zstd")]
    public async Task Compressed_as_a_whole_or_layer_by_layer(string kind)
    {
        Func<byte[], byte[]> pack = kind == "gzip" ? FakeImage.Gzip : Zstd;
        System.IO.File.WriteAllBytes(File, pack(Saved().Finished));
        AssertPulled(await _host.PullAsync($"docker-archive:{File}"));
        _host.Sink.Layers.Clear();

        Write(
            new TarBuilder()
                .File("0.tar", Latin1(pack(_image.Plains[0])))
                .File("1.tar", Layer(1))
                .File("config.json", Configuration)
                .File("manifest.json", List())
        );
        Digest packed = (await _host.PullAsync($"docker-archive:{File}")).ManifestDigest;

        AssertPulled(await _host.PullAsync($"docker-archive:{File}"));
        Assert.Equal(packed, (await _host.PullAsync($"docker-archive:{File}")).ManifestDigest);
    }

    [Fact]
    public async Task A_pipe_is_read_once_and_nothing_of_it_is_left()
    {
        Directory.CreateDirectory(_host.In("spool"));
        _host.Options = _host.Options with { SpoolDirectory = _host.In("spool") };
        await ProcessRunner.RunAsync("mkfifo", [File], default);
        byte[] archive = Saved().Finished;
        Task writer = Task.Run(() =>
        {
            using FileStream pipe = System.IO.File.OpenWrite(File);
            pipe.Write(archive);
        });

        AssertPulled(await _host.PullAsync($"docker-archive:{File}"));

        await writer;
        Assert.Empty(Directory.GetFileSystemEntries(_host.In("spool")));
    }

    [Fact]
    public async Task Of_several_images_one_has_to_be_named()
    {
        JsonArray list = JsonNode.Parse(List())!.AsArray();
        list.Add(JsonNode.Parse(List(["0.tar", "1.tar"], "flannel:v2"))![0]!.DeepClone());
        Write(Parts().File("manifest.json", list.ToJsonString()));

        SysctrException e = await _host.FailAsync($"docker-archive:{File}", ErrorKind.Usage);
        Assert.Contains("etcd:v1, flannel:v2", e.Message, StringComparison.Ordinal);
        await _host.FailAsync($"docker-archive:{File}:etcd:v2", ErrorKind.NotFound);
        AssertPulled(await _host.PullAsync($"docker-archive:{File}:flannel:v2"));
    }

    [Theory]
    [InlineData("../../etc/passwd", ErrorKind.Unsafe)]
    [InlineData("/etc/passwd", ErrorKind.Unsafe)]
    [InlineData("nothing", ErrorKind.Corrupt)]
    [InlineData("loop", ErrorKind.Unsafe)]
    [InlineData("out", ErrorKind.Unsafe)]
    [InlineData("device", ErrorKind.Unsafe)]
    public async Task A_path_that_leads_elsewhere_is_refused(string path, ErrorKind kind)
    {
        TarBuilder archive = Parts().Add('2', "loop", link: "loop").Add('3', "device");
        if (path == "out")
        {
            archive.Add('2', "out", link: "../etc/passwd");
        }

        Write(archive.File("manifest.json", List(path, "1.tar")));

        await _host.FailAsync($"docker-archive:{File}", kind);
        Assert.Empty(_host.Sink.Layers);
    }

    [Fact]
    public async Task A_name_that_stands_twice_is_refused()
    {
        Write(Saved().File("./manifest.json", List("1.tar", "0.tar")));

        SysctrException e = await _host.FailAsync($"docker-archive:{File}", ErrorKind.Unsafe);

        Assert.Contains("manifest.json twice", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[null]")]
    [InlineData("""[{"Config":"config.json","Layers":[null]}]""")]
    [InlineData("""[{"Config":"config.json","Layers":["0.tar"],"Layers":["1.tar"]}]""")]
    [InlineData("""[{"Config":"config.json","Layers":["0.tar"]}]""")]
    [InlineData("""[{"Config":"0.tar","Layers":["0.tar"]}]""")]
    [InlineData("""[{"Layers":["0.tar"]}]""")]
    public async Task A_list_that_says_nonsense_is_corrupt(string list)
    {
        Write(Parts().File("manifest.json", list));

        await _host.FailAsync($"docker-archive:{File}", ErrorKind.Corrupt);
    }

    [Theory]
    [InlineData("manifest.json")]
    [InlineData("config.json")]
    public async Task What_is_read_whole_is_read_up_to_a_limit(string name)
    {
        string huge = new(' ', 9 << 20);
        TarBuilder archive = new TarBuilder().File("0.tar", Layer(0)).File("1.tar", Layer(1));
        Write(
            name == "config.json"
                ? archive.File("config.json", huge).File("manifest.json", List())
                : archive.File("config.json", Configuration).File("manifest.json", huge)
        );

        SysctrException e = await _host.FailAsync($"docker-archive:{File}", ErrorKind.Unsafe);

        Assert.Contains(name, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Layers_that_are_not_those_of_the_configuration_are_corrupt()
    {
        Write(Parts().File("manifest.json", List("1.tar", "0.tar")));

        await _host.FailAsync($"docker-archive:{File}", ErrorKind.Corrupt);
        Assert.Empty(_host.Sink.Layers);
    }

    [Fact]
    public async Task A_cut_archive_is_corrupt_wherever_it_was_cut()
    {
        byte[] whole = Saved().Unfinished;
        for (int length = 0; length < whole.Length; length += 9_973)
        {
            System.IO.File.WriteAllBytes(File, whole[..length]);
            await _host.FailAsync($"docker-archive:{File}", ErrorKind.Corrupt);
        }

        byte[] packed = FakeImage.Gzip(Saved().Finished);
        System.IO.File.WriteAllBytes(File, packed[..(packed.Length / 2)]);
        await _host.FailAsync($"docker-archive:{File}", ErrorKind.Corrupt);
    }

    [Fact]
    public async Task A_compressed_archive_that_grows_beyond_the_limit_is_refused()
    {
        _host.Options = _host.Options with { MaxSpoolBytes = 100_000, SpoolDirectory = _host.Root };
        System.IO.File.WriteAllBytes(File, FakeImage.Gzip(Saved().Finished));

        await _host.FailAsync($"docker-archive:{File}", ErrorKind.Unsafe);
    }

    [Fact]
    public async Task What_it_is_not_is_said()
    {
        await _host.FailAsync($"docker-archive:{File}", ErrorKind.NotFound);
        Assert.Contains(
            "oci:",
            (await _host.FailAsync($"docker-archive:{_host.Root}", ErrorKind.Usage)).Hint,
            StringComparison.Ordinal
        );
        Write(new TarBuilder().File("index.json", "{}"));
        Assert.Contains(
            "oci-archive:",
            (await _host.FailAsync($"docker-archive:{File}", ErrorKind.Corrupt)).Hint,
            StringComparison.Ordinal
        );
        Write(Saved());
        Assert.Contains(
            "docker-archive:",
            (await _host.FailAsync($"oci-archive:{File}", ErrorKind.Corrupt)).Hint,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "docker-archive:",
            (await _host.FailAsync($"oci:{File}", ErrorKind.NotFound)).Hint,
            StringComparison.Ordinal
        );
        System.IO.File.WriteAllBytes(File, [0xFD, .. "7zXZ\0 and more"u8]);
        Assert.Contains(
            "compressed with xz",
            (await _host.FailAsync($"docker-archive:{File}", ErrorKind.Corrupt)).Message,
            StringComparison.Ordinal
        );
        System.IO.File.WriteAllText(File, "no archive at all");
        await _host.FailAsync($"docker-archive:{File}", ErrorKind.Corrupt);
    }

    [Fact]
    public async Task A_policy_for_all_archives_holds_whatever_they_call_themselves()
    {
        Write(Saved());
        _host.Write(
            "policy.json",
            """{"default":[{"type":"insecureAcceptAnything"}],"transports":{"docker-archive":{"":[{"type":"reject"}]}}}"""
        );

        await _host.FailAsync($"docker-archive:{File}", ErrorKind.Policy);
    }

    private string Configuration => Latin1(_image.Config);

    private void AssertPulled(PulledImage pulled)
    {
        Assert.Equal([_image.DiffId(0), _image.DiffId(1)], pulled.DiffIds);
        Assert.Equal(_image.Plains[0], _host.Sink.Layers[_image.DiffId(0)]);
        Assert.Equal(_image.Plains[1], _host.Sink.Layers[_image.DiffId(1)]);
    }

    private TarBuilder Saved() => Parts().File("manifest.json", List());

    private TarBuilder Parts() =>
        new TarBuilder().File("0.tar", Layer(0)).File("1.tar", Layer(1)).File("config.json", Configuration);

    private static string List() => List("0.tar", "1.tar");

    private static string List(params string[] layers) => List(layers, "etcd:v1");

    private static string List(string[] layers, string tag) =>
        new JsonArray(
            new JsonObject
            {
                [nameof(DockerSaveItem.Config)] = "config.json",
                [nameof(DockerSaveItem.RepoTags)] = new JsonArray(tag),
                [nameof(DockerSaveItem.Layers)] = new JsonArray([.. layers.Select(l => (JsonNode)l)]),
            }
        ).ToJsonString();

    private string Layer(int layer) => Latin1(_image.Plains[layer]);

    private static string Latin1(byte[] bytes) => Encoding.Latin1.GetString(bytes);

    private static byte[] Zstd(byte[] plain)
    {
        using ZstdSharp.Compressor compressor = new();
        return compressor.Wrap(plain).ToArray();
    }

    private void Write(TarBuilder archive) => System.IO.File.WriteAllBytes(File, archive.Finished);
}
