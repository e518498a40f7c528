// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Oci;
using SystemContainers.Pull;
using SystemContainers.Push;
using SystemContainers.TestBed;
using SystemContainers.Tests.Fakes;
using SystemContainers.Tests.Verbs.Transfer;
using SystemContainers.Verbs.Transfer;
using Xunit;

namespace SystemContainers.Tests.Push;

/// <summary>
/// What we write, skopeo, podman, umoci and Debian's docker-registry read, and the other way round; over
/// docker-registry and over the registry in this process that refuses whatever is not as distribution-spec 1.1 has it.
/// </summary>
[Trait("needs", "programs")]
public sealed class InteropTests : IAsyncLifetime
{
    private readonly PeerBed _bed = new();
    private FakeImage[] _images = [];
    private byte[] _index = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await Packages.EnsureAsync();
        await _bed.StartAsync();
        _images =
        [
            .. new[] { "amd64", "arm64" }.Select(a =>
                new FakeImage { Architecture = a }
                    .AddGzip(new LayerTar().Dir("etc").File("etc/shared", new string('s', 2_000_000)).ToBytes())
                    .AddGzip(new LayerTar().File("etc/name", a).ToBytes())
                    .PushTo(_bed.Strict, "source")
            ),
        ];
        _index = FakeImage.Index(
            FakeImage.Descriptor(MediaTypes.OciManifest, _images[0].Manifest, "linux/amd64"),
            FakeImage.Descriptor(MediaTypes.OciManifest, _images[1].Manifest, "linux/arm64")
        );
        _bed.Strict.Repository("source").Put(Digest.Sha256(_index), MediaTypes.OciIndex, _index, "v1");
    }

    public ValueTask DisposeAsync() => _bed.DisposeAsync();

    [Fact]
    public async Task What_we_push_others_pull()
    {
        foreach (string host in _bed.Hosts)
        {
            CopiedImage copied = await _bed.CopyAsync(_bed.Source, $"docker://{host}/team/app:v1", all: true);
            CopiedImage again = await _bed.CopyAsync(_bed.Source, $"docker://{host}/team/app:v2", all: true);

            Assert.Equal((Digest.Sha256(_index), 0), (copied.Digest!.Value, again.Blobs));
            Assert.Equal(
                Encoding.UTF8.GetString(_index),
                (await SkopeoAsync("inspect", "--raw", "--tls-verify=false", $"docker://{host}/team/app:v1")).TrimEnd(
                    '\n'
                )
            );
            await SkopeoAsync(
                "copy",
                "--quiet",
                "--all",
                "--src-tls-verify=false",
                $"docker://{host}/team/app:v1",
                $"dir:{_bed.Host.In(host)}"
            );
            Assert.Contains(
                "v2",
                await SkopeoAsync("list-tags", "--tls-verify=false", $"docker://{host}/team/app"),
                StringComparison.Ordinal
            );
            Assert.Equal(
                "amd64",
                await PodmanReadsAsync(
                    "pull",
                    "--quiet",
                    "--tls-verify=false",
                    "--arch",
                    "amd64",
                    $"{host}/team/app:v1"
                )
            );
        }

        Assert.Empty(_bed.Strict.Violations);
    }

    [Fact]
    public async Task What_we_write_others_read()
    {
        string root = _bed.Host.Root;
        await _bed.CopyAsync(_bed.Source, $"oci:{root}/layout:v1");
        await _bed.CopyAsync(_bed.Source, $"oci:{root}/all:v1", all: true);
        await _bed.CopyAsync(_bed.Source, $"oci-archive:{root}/oci.tar:v1");
        await _bed.CopyAsync(_bed.Source, $"docker-archive:{root}/docker.tar:quay.io/team/app:v1");
        await _bed.CopyAsync(_bed.Source, $"dir:{root}/directory");

        string manifest = Encoding.UTF8.GetString(_images[0].Manifest);
        Assert.Equal(manifest, (await SkopeoAsync("inspect", "--raw", $"oci:{root}/layout:v1")).TrimEnd('\n'));
        Assert.Equal(manifest, (await SkopeoAsync("inspect", "--raw", $"oci-archive:{root}/oci.tar:v1")).TrimEnd('\n'));
        Assert.Equal(manifest, (await SkopeoAsync("inspect", "--raw", $"dir:{root}/directory")).TrimEnd('\n'));
        Assert.Equal(
            Encoding.UTF8.GetString(_index),
            (await SkopeoAsync("inspect", "--raw", $"oci:{root}/all:v1")).TrimEnd('\n')
        );
        foreach (
            string place in (string[])
                [
                    "oci:layout:v1",
                    "oci-archive:oci.tar:v1",
                    "docker-archive:docker.tar:quay.io/team/app:v1",
                    "dir:directory",
                ]
        )
        {
            // Every blob of it is read there, and compared.
            await SkopeoAsync(
                "copy",
                "--quiet",
                place
                    .Replace(":", $":{root}/", StringComparison.Ordinal)
                    .Replace($":{root}/v1", ":v1", StringComparison.Ordinal)
                    .Replace($":{root}/quay", ":quay", StringComparison.Ordinal),
                $"dir:{root}/read-{place.Split(':')[0]}"
            );
        }

        Assert.Equal("amd64", await PodmanReadsAsync("load", "--quiet", "--input", $"{root}/docker.tar"));
        Assert.Equal("amd64", await PodmanReadsAsync("load", "--quiet", "--input", $"{root}/oci.tar"));
        await Command.MustAsync("umoci", "unpack", "--image", $"{root}/layout:v1", $"{root}/bundle");
        Assert.Equal("amd64", await File.ReadAllTextAsync($"{root}/bundle/rootfs/etc/name", Cancellation));
    }

    [Fact]
    public async Task What_others_write_we_copy_and_pull()
    {
        string root = _bed.Host.Root;
        string[] places =
        [
            $"oci:{root}/layout:v1",
            $"oci-archive:{root}/oci.tar:v1",
            $"docker-archive:{root}/docker.tar:quay.io/team/app:v1",
            $"dir:{root}/directory",
            $"docker://{_bed.Docker.Host}/skopeo:v1",
            $"docker://{_bed.Strict.Host}/skopeo:v1",
        ];
        foreach (string place in places)
        {
            await SkopeoAsync(
                "copy",
                "--quiet",
                "--src-tls-verify=false",
                "--dest-tls-verify=false",
                "--override-arch",
                "amd64",
                _bed.Source,
                place
            );
            await _bed.CopyAsync(place, $"docker://{_bed.Strict.Host}/back:v1");
            PulledImage pulled = await _bed.Host.PullAsync($"docker://{_bed.Strict.Host}/back:v1");
            Assert.Equal([_images[0].DiffId(0), _images[0].DiffId(1)], pulled.DiffIds);
        }

        // umoci packs a new layer; podman pushes into both registries what it has.
        await Command.MustAsync("umoci", "unpack", "--image", $"{root}/layout:v1", $"{root}/bundle");
        await File.WriteAllTextAsync($"{root}/bundle/rootfs/etc/new", "new", Cancellation);
        await Command.MustAsync("umoci", "repack", "--image", $"{root}/layout:v2", $"{root}/bundle");
        await _bed.CopyAsync($"oci:{root}/layout:v2", $"docker://{_bed.Docker.Host}/umoci:v2");
        string[] podman = Podman();
        await Command.MustAsync("podman", [.. podman, "load", "--quiet", "--input", $"{root}/docker.tar"]);
        foreach (string host in _bed.Hosts)
        {
            await Command.MustAsync(
                "podman",
                [.. podman, "push", "--quiet", "--tls-verify=false", "quay.io/team/app:v1", $"{host}/podman:v1"]
            );
            Assert.Equal(2, (await _bed.Host.PullAsync($"docker://{host}/podman:v1")).DiffIds.Count);
        }
    }

    /// <summary>Layers of umoci are written again bit for bit, whatever is in them: the ID stays, and only the
    /// compressed bytes are others.</summary>
    [Fact]
    [Trait("needs", "root")]
    public async Task What_umoci_packed_keeps_its_ID_when_it_is_packed_anew()
    {
        using TransferBed bed = new();
        string layout = _bed.Host.In("umoci");
        await Command.MustAsync("umoci", "init", "--layout", layout);
        await Command.MustAsync("umoci", "new", "--image", $"{layout}:v1");
        await Command.MustAsync("umoci", "unpack", "--image", $"{layout}:v1", _bed.Host.In("bundle"));
        string rootfs = _bed.Host.In("bundle/rootfs");
        await Command.MustAsync(
            "sh",
            "-ec",
            $"cd {rootfs}; mkdir -p etc {new string('d', 90)}/{new string('e', 90)}; echo a > etc/a; ln etc/a etc/hard; ln -s a etc/soft; mkfifo fifo; chmod 4755 etc/a; chown 70000:3000000 etc; "
                + $"touch grüße {new string('d', 90)}/{new string('e', 90)}/{new string('f', 120)}; head -c 3000000 /dev/zero > large; touch -d @1600000000.25 etc/a; setfattr -n user.note -v x large 2>/dev/null || true"
        );
        await Command.MustAsync("umoci", "repack", "--image", $"{layout}:v1", _bed.Host.In("bundle"));
        await bed.PullAsync($"oci:{layout}:v1", "quay.io/umoci:v1");

        await bed.Push.PushAsync(
            "quay.io/umoci:v1",
            $"oci-archive:{_bed.Host.In("anew.tar")}:v1",
            new PushOptions(Offline: true),
            Cancellation
        );

        Assert.Contains(bed.Notes, n => n.EndsWith("; its ID stays", StringComparison.Ordinal));
        Assert.Equal(
            (await _bed.Host.PullAsync($"oci:{layout}:v1")).ConfigDigest,
            (await _bed.Host.PullAsync($"oci-archive:{_bed.Host.In("anew.tar")}:v1")).ConfigDigest
        );
    }

    /// <summary>In one archive: each by its name, what they share once.</summary>
    [Fact]
    [Trait("needs", "root")]
    public async Task What_we_save_others_read_and_what_they_save_we_load()
    {
        using TransferBed bed = new();
        foreach (string name in (string[])["one", "two"])
        {
            new FakeImage { Architecture = Platform.Current.Architecture }
                .AddGzip(new LayerTar().File("shared", new string('s', 100_000)).ToBytes())
                .AddGzip(new LayerTar().File("etc/name", name).ToBytes())
                .PushTo(bed.Registry, $"team/{name}", "v1");
            await bed.PullAsync($"{bed.Registry.Host}/team/{name}:v1");
        }

        string archive = _bed.Host.In("images.tar");
        await bed.Save.SaveAsync(
            [$"{bed.Registry.Host}/team/one:v1", $"{bed.Registry.Host}/team/two:v1"],
            archive,
            new PushOptions(),
            Cancellation
        );
        foreach (string name in (string[])["one", "two"])
        {
            await SkopeoAsync(
                "copy",
                "--quiet",
                $"oci-archive:{archive}:{bed.Registry.Host}/team/{name}:v1",
                $"oci:{_bed.Host.In("read")}:{name}"
            );
            await Command.MustAsync("umoci", "unpack", "--image", $"{_bed.Host.In("read")}:{name}", _bed.Host.In(name));
            Assert.Equal(name, await File.ReadAllTextAsync(_bed.Host.In($"{name}/rootfs/etc/name"), Cancellation));
        }

        string[] podman = Podman();
        await SkopeoAsync(
            "copy",
            "--quiet",
            $"oci:{_bed.Host.In("read")}:one",
            $"docker-archive:{_bed.Host.In("one.tar")}:quay.io/team/one:v1"
        );
        await Command.MustAsync("podman", [.. podman, "load", "--quiet", "--input", _bed.Host.In("one.tar")]);
        await Command.MustAsync("podman", [.. podman, "tag", "quay.io/team/one:v1", "quay.io/team/same:v1"]);
        await Command.MustAsync(
            "podman",
            [
                .. podman,
                "save",
                "--quiet",
                "--multi-image-archive",
                "--output",
                _bed.Host.In("several.tar"),
                "quay.io/team/one:v1",
                "quay.io/team/same:v1",
            ]
        );

        Assert.Equal(
            ["docker://quay.io/team/one:v1", "docker://quay.io/team/same:v1"],
            (await bed.Load.LoadAsync(_bed.Host.In("several.tar"), Cancellation))
                .Select(i => i.Record.Reference)
                .Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    [Trait("needs", "root")]
    public async Task Podmans_store_is_reached_by_skopeo()
    {
        using TransferBed bed = new();
        FakeImage image = new FakeImage { Architecture = Platform.Current.Architecture }
            .AddGzip(new LayerTar().File("etc/name", "stored").ToBytes())
            .PushTo(bed.Registry, "app", "v1");
        string place = $"containers-storage:[vfs@{_bed.Host.In("storage")}+{_bed.Host.In("run")}]localhost/app:v1";
        CopyChoice one = new(Platform.Current);

        await bed.Copy.CopyAsync($"docker://{bed.Registry.Host}/app:v1", place, one, offline: false, Cancellation);
        TransferReport back = await bed.Copy.CopyAsync(
            place,
            $"oci:{_bed.Host.In("back")}:v1",
            one,
            offline: false,
            Cancellation
        );
        await bed.Copy.CopyAsync(place, "sysctr:quay.io/app:v1", one, offline: false, Cancellation);

        Assert.Equal((place, 2), (back.Source, back.Blobs));
        Assert.Equal(image.DiffId(0), bed.Host.OpenStore().Images.Find("docker://quay.io/app:v1")!.DiffIds[0]);
        Assert.Equal("stored", await PodmanShowsAsync("localhost/app:v1"));
        Assert.Empty(
            Directory.Exists(bed.In("root/var/lib/sysctr/scratch"))
                ? Directory.GetDirectories(bed.In("root/var/lib/sysctr/scratch"))
                : []
        );
    }

    private static async Task<string> SkopeoAsync(params string[] words) =>
        (await Command.MustAsync("skopeo", ["--insecure-policy", .. words])).Output;

    private string[] Podman() =>
        ["--root", _bed.Host.In("storage"), "--runroot", _bed.Host.In("run"), "--storage-driver", "vfs"];

    /// <summary>What podman's command gives as the image's name has this in /etc/name.</summary>
    private async Task<string> PodmanReadsAsync(params string[] words)
    {
        string said = (await Command.MustAsync("podman", [.. Podman(), .. words])).Output.Trim();
        return await PodmanShowsAsync(said.Split('\n')[^1].Replace("Loaded image: ", "", StringComparison.Ordinal));
    }

    private async Task<string> PodmanShowsAsync(string image)
    {
        string mounted = (await Command.MustAsync("podman", [.. Podman(), "image", "mount", image])).Output.Trim();
        return await File.ReadAllTextAsync(Path.Join(mounted, "etc/name"), Cancellation);
    }
}
