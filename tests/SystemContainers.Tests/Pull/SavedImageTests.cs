// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using SystemContainers.Checkout;
using SystemContainers.Errors;
using SystemContainers.Pull;
using SystemContainers.Store;
using SystemContainers.TestBed;
using SystemContainers.Tests.Checkout;
using SystemContainers.Tests.Fakes;
using SystemContainers.Tree;
using Xunit;

namespace SystemContainers.Tests.Pull;

/// <summary>Archives that skopeo, podman and buildah wrote of a layout's image: the same check-out as from the
/// layout.</summary>
[Trait("needs", "programs")]
public sealed class SavedImageTests : IAsyncLifetime
{
    private readonly PullingHost _host = new();
    private SortedDictionary<string, string> _expected = [];

    private string Layout => _host.In("layout");

    public async ValueTask InitializeAsync()
    {
        await Packages.EnsureAsync();
        new FakeImage()
            .AddGzip(
                new LayerTar()
                    .Dir("etc")
                    .File("etc/name", "one\n", uid: 1, gid: 2)
                    .File("usr/bin/tool", "x", mode: 0b111_101_101)
                    .Symlink("link", "etc/name")
                    .ToBytes()
            )
            .AddGzip(new LayerTar().File("etc/name", "two\n").File("big", new string('b', 300_000)).ToBytes())
            .WriteTo(Layout, "v1");
        _expected = await CheckedOutAsync($"oci:{Layout}:v1");
    }

    public ValueTask DisposeAsync()
    {
        _host.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task From_skopeo()
    {
        await SkopeoAsync($"oci:{Layout}:v1", $"docker-archive:{_host.In("docker.tar")}:etcd:v1");
        await SkopeoAsync($"oci:{Layout}:v1", $"oci-archive:{_host.In("oci.tar")}:v1");

        Assert.Equal(_expected, await CheckedOutAsync($"docker-archive:{_host.In("docker.tar")}:etcd:v1"));
        Assert.Equal(_expected, await CheckedOutAsync($"oci-archive:{_host.In("oci.tar")}:v1"));
        Assert.Equal(_expected, await CheckedOutAsync($"oci-archive:{_host.In("oci.tar")}"));

        // The manifest that a docker archive lacks is the one that skopeo would make.
        PulledImage pulled = await _host.PullAsync($"docker-archive:{_host.In("docker.tar")}");
        CommandResult raw = await Command.MustAsync(
            "skopeo",
            "--insecure-policy",
            "inspect",
            "--raw",
            $"docker-archive:{_host.In("docker.tar")}"
        );
        Assert.Equal(raw.Output.TrimEnd('\n'), System.Text.Encoding.UTF8.GetString(pulled.Manifest));
        Assert.Equal(
            (await _host.PullAsync($"oci:{Layout}:v1")).ManifestDigest,
            (await _host.PullAsync($"oci-archive:{_host.In("oci.tar")}")).ManifestDigest
        );
    }

    [Fact]
    public async Task From_podman_and_buildah()
    {
        string[] storage = await PodmanAsync();
        await Command.MustAsync(
            "podman",
            [.. storage, "tag", "docker.io/library/etcd:v1", "localhost/etcd:v1", "localhost/etcd:v2"]
        );
        await Command.MustAsync(
            "podman",
            [.. storage, "save", "--quiet", "--output", _host.In("podman.tar"), "localhost/etcd:v1"]
        );
        await Command.MustAsync(
            "podman",
            [
                .. storage,
                "save",
                "--quiet",
                "--format",
                "oci-archive",
                "--output",
                _host.In("podman-oci.tar"),
                "localhost/etcd:v1",
            ]
        );
        await Command.MustAsync(
            "podman",
            [
                .. storage,
                "save",
                "--quiet",
                "--multi-image-archive",
                "--output",
                _host.In("several.tar"),
                "localhost/etcd:v1",
                "localhost/etcd:v2",
            ]
        );
        await Command.MustAsync(
            "buildah",
            [
                .. storage,
                "push",
                "--quiet",
                "localhost/etcd:v1",
                $"docker-archive:{_host.In("buildah.tar")}:localhost/etcd:v1",
            ]
        );

        Assert.Equal(_expected, await CheckedOutAsync($"docker-archive:{_host.In("podman.tar")}"));
        Assert.Equal(_expected, await CheckedOutAsync($"oci-archive:{_host.In("podman-oci.tar")}"));
        Assert.Equal(_expected, await CheckedOutAsync($"docker-archive:{_host.In("several.tar")}:localhost/etcd:v2"));
        Assert.Equal(_expected, await CheckedOutAsync($"docker-archive:{_host.In("buildah.tar")}"));
    }

    [Fact]
    public async Task From_a_daemon_by_name_and_by_ID()
    {
        string[] storage = await PodmanAsync();
        string socket = _host.In("daemon.sock");
        _host.Options = _host.Options with { DockerSocket = "unix://" + socket, SpoolDirectory = _host.Root };
        Assert.Contains(
            "no daemon",
            (await _host.FailAsync("docker-daemon:etcd:v1", ErrorKind.Unreachable)).Message,
            StringComparison.Ordinal
        );
        using Process daemon = Process.Start(
            "podman",
            [.. storage, "system", "service", "--time", "60", "unix://" + socket]
        );
        for (int i = 0; i < 300 && !File.Exists(socket); i++)
        {
            await Task.Delay(100);
        }

        try
        {
            Assert.Equal(_expected, await CheckedOutAsync("docker-daemon:etcd:v1"));
            PulledImage byName = await _host.PullAsync("docker-daemon:etcd:v1");
            PulledImage byId = await _host.PullAsync($"docker-daemon:{byName.ConfigDigest}");
            Assert.Equal(byName.ManifestDigest, byId.ManifestDigest);
            Assert.Contains(
                "no such image",
                (await _host.FailAsync("docker-daemon:etcd:v2", ErrorKind.NotFound)).Message,
                StringComparison.Ordinal
            );
        }
        finally
        {
            daemon.Kill();
        }
    }

    /// <summary>Options of a podman whose store has the image as docker.io/library/etcd:v1.</summary>
    private async Task<string[]> PodmanAsync()
    {
        string[] storage = ["--root", _host.In("storage"), "--runroot", _host.In("run"), "--storage-driver", "vfs"];
        await SkopeoAsync($"oci:{Layout}:v1", $"docker-archive:{_host.In("loaded.tar")}:etcd:v1");
        await Command.MustAsync("podman", [.. storage, "load", "--quiet", "--input", _host.In("loaded.tar")]);
        return storage;
    }

    private static Task<CommandResult> SkopeoAsync(string from, string to) =>
        Command.MustAsync("skopeo", "--insecure-policy", "copy", "--quiet", from, to);

    private async Task<SortedDictionary<string, string>> CheckedOutAsync(string image)
    {
        string place = Directory.CreateTempSubdirectory("sysctr-saved-").FullName;
        try
        {
            using ContentStore store = ContentStore.Open(Path.Combine(place, "store"));
            PulledImage pulled = await _host.PullAsync(image, sink: store);
            store.Commit();
            TreeCheckout.Write(MergedTree.Build(store, pulled.DiffIds), Path.Combine(place, "rootfs"), []);
            return await TreeListing.OfAsync(Path.Combine(place, "rootfs"));
        }
        finally
        {
            Directory.Delete(place, recursive: true);
        }
    }
}
