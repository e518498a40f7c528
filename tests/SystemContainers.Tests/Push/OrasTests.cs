// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json.Nodes;
using SystemContainers.Oci;
using SystemContainers.Pull.Referrers;
using SystemContainers.Pull.Sources;
using SystemContainers.Push;
using SystemContainers.Reference;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.Tests.Push;

/// <summary>
/// oras as the other side: it reads what we push and write, we pull what it copied, and what either attaches to an
/// image the other lists; over docker-registry, which has no referrers API, and over the registry in this process,
/// which has.
/// </summary>
[Trait("needs", "programs")]
[Trait("needs", "root")]
public sealed class OrasTests : IAsyncLifetime
{
    private const string Type = "application/vnd.example.report.v1+json";

    private readonly PeerBed _bed = new();
    private SkopeoRoot? _programs;
    private byte[] _index = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _programs = await SkopeoRoot.GetAsync();
        await _bed.StartAsync();
        (_index, _) = CopyBed.PushIndex(_bed.Strict, "source", "v1");
    }

    public ValueTask DisposeAsync() => _bed.DisposeAsync();

    [Fact]
    public async Task What_we_push_and_write_it_reads_and_what_it_copies_we_pull()
    {
        string root = _bed.Host.Root;
        await _bed.CopyAsync(_bed.Source, $"oci:{root}/ours:v1", all: true);
        Assert.Equal(
            Encoding.UTF8.GetString(_index),
            await OrasAsync("manifest", "fetch", "--oci-layout", $"{root}/ours:v1")
        );
        foreach (string host in _bed.Hosts)
        {
            await _bed.CopyAsync(_bed.Source, $"docker://{host}/team/app:v1", all: true);
            Assert.Equal(
                Encoding.UTF8.GetString(_index),
                await OrasAsync("manifest", "fetch", "--plain-http", $"{host}/team/app:v1")
            );
            Assert.Equal("v1", await OrasAsync("repo", "tags", "--plain-http", $"{host}/team/app"));

            // Every blob of it is read there, and compared.
            string layout = Path.Join(root, host.Replace(':', '-'));
            await OrasAsync("copy", "--from-plain-http", "--to-oci-layout", $"{host}/team/app:v1", $"{layout}:v1");
            await OrasAsync("copy", "--from-oci-layout", "--to-plain-http", $"{layout}:v1", $"{host}/team/back:v1");
            foreach (string place in (string[])[$"oci:{layout}:v1", $"docker://{host}/team/back:v1"])
            {
                await _bed.CopyAsync(place, $"docker://{_bed.Strict.Host}/pulled:v1", all: true);
                Assert.Equal(_index, _bed.Strict.Repository("pulled").Manifests[Digest.Sha256(_index)].Bytes);
            }
        }

        Assert.Empty(_bed.Strict.Violations);
    }

    [Fact]
    public async Task What_it_attaches_we_list_and_what_we_copy_along_it_lists()
    {
        string report = Path.Join(_bed.Host.Root, "report.json");
        await File.WriteAllTextAsync(report, """{"found": "nothing"}""", Cancellation);
        foreach (string host in _bed.Hosts)
        {
            await _bed.CopyAsync(_bed.Source, $"docker://{host}/app:v1", all: true);
            await OrasAsync(
                "attach",
                "--plain-http",
                "--disable-path-validation",
                "--artifact-type",
                Type,
                $"{host}/app:v1",
                $"{report}:{Type}"
            );

            Descriptor attached = Assert.Single(await ListAsync(host, "app"));
            Assert.Equal(Type, attached.ArtifactType);

            // What oras attaches has the second in it, so that of two hosts it may be one manifest or two.
            string along = $"{_bed.Strict.Host}/along-{host.Replace(':', '-')}:v1";
            await CopyAlongAsync($"docker://{host}/app:v1", $"docker://{along}");
            JsonNode listed = JsonNode.Parse(await OrasAsync("discover", "--plain-http", "--format", "json", along))!;
            JsonNode one = Assert.Single((listed["manifests"] ?? listed["referrers"])!.AsArray())!;
            Assert.Equal((attached.Digest.ToString(), Type), ((string)one["digest"]!, (string)one["artifactType"]!));
        }

        Assert.Empty(_bed.Strict.Violations);
    }

    private async Task<IReadOnlyList<Descriptor>> ListAsync(string host, string repository)
    {
        ImageReference place = ImageReference.Parse($"docker://{host}/{repository}:v1");
        using RegistrySource source = new(
            new RegistryEndpoint(place, Insecure: true, IsMirror: false),
            _bed.Host.Credentials,
            _bed.Host.OwnOptions,
            _bed.Host.Progress
        );
        return await new ReferrerClient(place, source).ListAsync(Digest.Sha256(_index), Cancellation);
    }

    private async Task CopyAlongAsync(string from, string to)
    {
        _bed.Host.Options = _bed.Host.Options with { SpoolDirectory = _bed.Host.Root };
        ImageReference source = ImageReference.Parse(from);
        await using IImageDestination destination = new Destinations(
            _bed.Host.Registries,
            _bed.Host.Credentials,
            _bed.Host.OwnOptions,
            _bed.Host.Progress
        ).Open(ImageReference.Parse(to), source);
        await new ImageCopier(_bed.Host.Progress).CopyAsync(
            _bed.Host.Puller(),
            [source],
            destination,
            new CopyChoice(null) { Recursive = true },
            Cancellation
        );
    }

    /// <summary>Its output, or an exception.</summary>
    private async Task<string> OrasAsync(params string[] words) =>
        (await _programs!.RunAsync("oras", words)).MustSucceed().Output.TrimEnd('\n');
}
