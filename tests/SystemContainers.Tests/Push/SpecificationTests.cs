// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using SystemContainers.Errors;
using SystemContainers.Inspect.Remote;
using SystemContainers.Oci;
using SystemContainers.Push;
using SystemContainers.Reference;
using SystemContainers.Tests.Fakes;
using SystemContainers.Tests.Pull;
using Xunit;

namespace SystemContainers.Tests.Push;

/// <summary>
/// What the distribution-spec's conformance tests ask of a registry, asked by our client: pull, push and content
/// discovery, of Debian's docker-registry (2.8) and of the registry in this process that refuses what is not as 1.1 has
/// it. One registry of each for all rows.
/// </summary>
[Trait("needs", "programs")]
public sealed class SpecificationTests : IAsyncLifetime
{
    private readonly CopyBed _bed = new();
    private readonly OciRegistry _strict = new() { PageSize = 2 };
    private DockerRegistry? _docker;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string[] Hosts => [_docker!.Host, _strict.Host];

    private RemoteImages Remote => new(_bed.Host.Registries, _bed.Host.Puller(), _bed.Host.Progress);

    public async ValueTask InitializeAsync()
    {
        _docker = await DockerRegistry.StartAsync();
        _bed.Host.Insecure(_strict.Host, _docker.Host);
    }

    public async ValueTask DisposeAsync()
    {
        await _docker!.DisposeAsync();
        Assert.Empty(_strict.Violations);
        _strict.Dispose();
        _bed.Dispose();
    }

    [Fact]
    public async Task Images_of_every_kind_go_there_and_back()
    {
        (string Name, FakeImage Image)[] images =
        [
            (
                "oci",
                new FakeImage().AddGzip(FakeImage.Noise(3_000_000, 1)).AddZstd(FakeImage.Noise(10, 2)).AddPlain([1])
            ),
            (
                "docker",
                new FakeImage { ManifestType = MediaTypes.DockerManifest, ConfigType = MediaTypes.DockerConfig }.Add(
                    [5],
                    FakeImage.Gzip([5]),
                    MediaTypes.DockerLayerGzip
                )
            ),
            ("exactly", new FakeImage().AddPlain(FakeImage.Noise(1 << 20, 3))),
            ("empty", new FakeImage().AddPlain([])),
            ("nothing", new FakeImage()),
            (
                "artifact",
                new FakeImage
                {
                    ConfigType = "application/vnd.example.config",
                    ChangeManifest = m => m["artifactType"] = "application/vnd.example",
                }.Add([7], [7], "application/vnd.example.data")
            ),
            (
                "subject",
                new FakeImage
                {
                    ChangeManifest = m =>
                        m["subject"] = new JsonObject
                        {
                            ["mediaType"] = MediaTypes.OciManifest,
                            ["digest"] = Digest.Sha256([1]).ToString(),
                            ["size"] = 1,
                        },
                }.AddPlain([8])
            ),
        ];
        foreach ((string name, FakeImage image) in images)
        {
            image.WriteTo(_bed.Host.In(name), "v1");
            foreach (string host in Hosts)
            {
                Assert.Equal(
                    image.ManifestDigest,
                    (await _bed.CopyAsync($"oci:{_bed.Host.In(name)}:v1", $"docker://{host}/kinds/{name}:v1")).Digest
                );
                Assert.Equal(
                    0,
                    (await _bed.CopyAsync($"oci:{_bed.Host.In(name)}:v1", $"docker://{host}/kinds/{name}:again")).Blobs
                );
                Assert.Equal(
                    image.Manifest,
                    await Remote.ManifestAsync($"{host}/kinds/{name}@{image.ManifestDigest}", Cancellation)
                );
                Assert.Equal(
                    image.ManifestDigest,
                    (
                        await _bed.CopyAsync(
                            $"docker://{host}/kinds/{name}:again",
                            $"dir:{_bed.Host.In($"back-{name}-{host}")}",
                            preserve: true
                        )
                    ).Digest
                );
            }
        }
    }

    [Fact]
    public async Task What_is_not_there_is_not_found()
    {
        new FakeImage().AddPlain([1]).WriteTo(_bed.Host.In("layout"), "v1");
        foreach (string host in Hosts)
        {
            await _bed.CopyAsync($"oci:{_bed.Host.In("layout")}:v1", $"docker://{host}/there:v1");
            foreach (
                string missing in (string[])
                    [$"{host}/there:v2", $"{host}/there@{Digest.Sha256([2])}", $"{host}/not/there:v1"]
            )
            {
                Assert.Equal(
                    ErrorKind.NotFound,
                    (await Assert.ThrowsAsync<SysctrException>(() => Remote.ManifestAsync(missing, Cancellation))).Kind
                );
            }

            Assert.Equal(
                ErrorKind.NotFound,
                (
                    await Assert.ThrowsAsync<SysctrException>(() => Remote.TagsAsync($"{host}/not/there", Cancellation))
                ).Kind
            );
        }
    }

    [Fact]
    public async Task Blobs_are_mounted_and_tags_move_and_are_listed()
    {
        FakeImage first = new FakeImage().AddGzip(FakeImage.Noise(2_000_000, 1)).WriteTo(_bed.Host.In("first"), "v1");
        FakeImage second = new FakeImage().AddGzip(FakeImage.Noise(100, 2)).WriteTo(_bed.Host.In("second"), "v1");
        foreach (string host in Hosts)
        {
            await _bed.CopyAsync($"oci:{_bed.Host.In("first")}:v1", $"docker://{host}/team/from:v1");
            _bed.Host.Progress.Events.Clear();
            await _bed.CopyAsync($"docker://{host}/team/from:v1", $"docker://{host}/team/to:latest");

            // Mounted: nothing of the layer came by.
            Assert.DoesNotContain(
                _bed.Host.Progress.Events,
                e => e.StartsWith($"bytes {first.Blob(0)}", StringComparison.Ordinal)
            );
            await _bed.CopyAsync($"oci:{_bed.Host.In("second")}:v1", $"docker://{host}/team/to:latest");
            Assert.Equal(
                second.ManifestDigest,
                (await Remote.DescribeAsync($"{host}/team/to", new Platform("amd64", "linux"), Cancellation)).Digest
            );
            Assert.Equal(
                first.Manifest,
                await Remote.ManifestAsync($"{host}/team/to@{first.ManifestDigest}", Cancellation)
            );
            foreach (string tag in (string[])["v1", "V2", "v1.1_x", "0"])
            {
                await _bed.CopyAsync($"oci:{_bed.Host.In("second")}:v1", $"docker://{host}/team/to:{tag}");
            }

            Assert.Equal(
                ["0", "V2", "latest", "v1", "v1.1_x"],
                (await Remote.TagsAsync($"{host}/team/to", Cancellation)).Tags
            );
        }
    }

    /// <summary>docker-registry gives up a session that was cut, so all of the blob goes again; the other one goes
    /// on.</summary>
    [Fact]
    public async Task A_cut_in_an_upload_is_got_over()
    {
        FakeImage image = new FakeImage().AddGzip(FakeImage.Noise(6_000_000, 1)).WriteTo(_bed.Host.In("layout"), "v1");
        foreach (string host in Hosts)
        {
            using CuttingProxy proxy = new(host, 3_000_000, cuts: 2);
            _bed.Host.Insecure(proxy.Host);

            await _bed.CopyAsync($"oci:{_bed.Host.In("layout")}:v1", $"docker://{proxy.Host}/cut:v1");

            Assert.True(proxy.Left <= 0, "nothing was cut");
            Assert.Equal(
                image.ManifestDigest,
                (
                    await _bed.CopyAsync(
                        $"docker://{host}/cut:v1",
                        $"dir:{_bed.Host.In("back-" + host)}",
                        preserve: true
                    )
                ).Digest
            );
        }

        Assert.Contains(
            _bed.Host.Progress.Events,
            e =>
                e.StartsWith("retrying", StringComparison.Ordinal)
                && e.Contains("going on at byte", StringComparison.Ordinal)
                && !e.Contains("byte 0 of", StringComparison.Ordinal)
        );
    }

    /// <summary>A registry that does not take the manifest leaves no tag, and says why.</summary>
    [Fact]
    public async Task A_manifest_without_its_blobs_is_refused_by_both()
    {
        FakeImage image = new FakeImage().AddPlain(FakeImage.Noise(50)).WriteTo(_bed.Host.In("layout"), "v1");
        foreach (string host in Hosts)
        {
            ImageReference to = ImageReference.Parse($"docker://{host}/incomplete:v1");
            await using IImageDestination destination = new Destinations(
                _bed.Host.Registries,
                _bed.Host.Credentials,
                _bed.Host.OwnOptions,
                _bed.Host.Progress
            ).Open(to, source: null);
            SystemContainers.Pull.ManifestDocument manifest = SystemContainers.Pull.ManifestDocument.Read(
                new SystemContainers.Pull.Sources.RawManifest(null, image.Manifest, null),
                image.ManifestDigest,
                null,
                "reading"
            );

            SysctrException e = await Assert.ThrowsAsync<SysctrException>(() =>
                destination.PutManifestAsync(manifest, Cancellation)
            );

            Assert.Contains("HTTP 40", e.Message, StringComparison.Ordinal);
            _strict.Violations.Clear();
        }
    }
}
