// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using SystemContainers.Cli.Output;
using SystemContainers.Errors;
using SystemContainers.Images;
using SystemContainers.Inspect.Images;
using SystemContainers.Oci;
using SystemContainers.Push;
using SystemContainers.Push.Layers;
using SystemContainers.Store;
using SystemContainers.Store.Records;
using SystemContainers.Tests.Fakes;
using SystemContainers.Tests.Pull;
using SystemContainers.Verbs.Transfer;
using Xunit;

namespace SystemContainers.Tests.Verbs.Transfer;

/// <summary>Images of the store sent elsewhere and taken back: push, copy, save, load.</summary>
[Trait("needs", "root")]
public sealed class TransferTests : IDisposable
{
    private static readonly CopyChoice s_one = new(Platform.Current);

    private readonly TransferBed _bed = new();
    private readonly FakeImage _image;

    public TransferTests()
    {
        _image = new FakeImage { Architecture = Platform.Current.Architecture }
            .AddGzip(
                new LayerTar()
                    .Dir("etc")
                    .File("etc/name", "one\n", uid: 1, gid: 2)
                    .File("bin/tool", new string('t', 300_000), mode: 0b111_101_101)
                    .Symlink("link", "etc/name")
                    .Link("hard", "etc/name")
                    .Fifo("fifo", mtime: "1600000000.25")
                    .File("attributes", "x", xattrs: ("user.note", [1, 0, 2]))
                    .ToBytes()
            )
            .AddZstd(
                new LayerTar()
                    .Whiteout("etc/.wh.name")
                    .File(new string('d', 120) + "/" + new string('f', 99), "long")
                    .Device('3', "null", 1, 3)
                    .File("empty")
                    .ToBytes()
            )
            .PushTo(_bed.Registry, "from", "v1");
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string From => $"{_bed.Registry.Host}/from:v1";

    public void Dispose() => _bed.Dispose();

    [Fact]
    public async Task A_push_takes_layers_from_where_the_image_was_pulled_and_keeps_the_digest()
    {
        await _bed.PullAsync(From);

        TransferReport report = await _bed.Push.PushAsync(
            From,
            $"oci:{_bed.In("layout")}:v1",
            new PushOptions(PreserveDigests: true),
            Cancellation
        );

        Assert.Equal(
            (_image.ManifestDigest.ToString(), _image.ManifestDigest.ToString(), 3),
            (report.Digest, report.SourceDigest, report.Blobs)
        );
        Assert.Empty(_bed.Notes);
    }

    /// <summary>A system below a directory has its own word about where signatures are; who signed, and what stood
    /// beside the image, is known afterwards without the registry.</summary>
    [Fact]
    public async Task What_a_pull_learnt_of_an_image_is_shown_later()
    {
        OpenPgpSigner signer = new();
        File.WriteAllBytes(_bed.In("root/etc/key.gpg"), signer.Keyring);
        Policy(
            """[{"type":"signedBy","keyType":"GPGKeys","keyPath":"/etc/key.gpg","signedIdentity":{"type":"matchRepository"}}]""",
            """[{"type":"reject"}]""",
            _bed.Registry.Host
        );
        Directory.CreateDirectory(_bed.In("root/etc/containers/registries.d"));
        File.WriteAllText(
            _bed.In("root/etc/containers/registries.d/x.yaml"),
            "default-docker:\n  lookaside: file:///srv/sigs\n"
        );
        JsonObject attestation = FakeImage.Descriptor(MediaTypes.OciManifest, _image.Manifest, "unknown/unknown");
        attestation["annotations"] = new JsonObject
        {
            ["vnd.docker.reference.type"] = "attestation-manifest",
            ["vnd.docker.reference.digest"] = _image.ManifestDigest.ToString(),
        };
        byte[] index = FakeImage.Index(
            FakeImage.Descriptor(MediaTypes.OciManifest, _image.Manifest, $"linux/{Platform.Current.Architecture}"),
            attestation
        );
        _bed.Registry.Repository("from").Put(Digest.Sha256(index), MediaTypes.OciIndex, index, "v2");
        string name = $"{_bed.Registry.Host}/from:v2";
        SysctrException e = await Assert.ThrowsAsync<SysctrException>(() => _bed.PullAsync(name));
        Assert.Equal(ErrorKind.Policy, e.Kind);
        Assert.Contains("file:///srv/sigs", e.Hint, StringComparison.Ordinal);
        string signatures = Directory
            .CreateDirectory(_bed.In($"root/srv/sigs/from@sha256={_image.ManifestDigest.Hex}"))
            .FullName;
        File.WriteAllBytes(
            Path.Join(signatures, "signature-1"),
            signer.Sign(
                System.Text.Encoding.UTF8.GetBytes(
                    "{\"critical\":{\"type\":\"atomic container signature\",\"image\":{\"docker-manifest-digest\":\""
                        + _image.ManifestDigest
                        + "\"},\"identity\":{\"docker-reference\":\""
                        + name
                        + "\"}},\"optional\":{}}"
                )
            )
        );

        await _bed.PullAsync(name);
        CopyChoice compressed = new(Platform.Current, Compress: new Recompression(LayerFormat.Zstd, _bed.Root));
        await _bed.Copy.CopyAsync(
            $"docker://{name}",
            $"oci:{_bed.In("compressed")}:v1",
            compressed,
            offline: false,
            Cancellation
        );
        Assert.EndsWith(
            "for which no signature of the source holds: sign it again",
            Assert.Single(_bed.Notes, n => n.Contains("signed", StringComparison.Ordinal)),
            StringComparison.Ordinal
        );
        ForgetSource();
        ImageDetails details = new ImageReports(_bed.Host).Describe(name);

        Assert.Equal([_image.ManifestDigest.ToString()], details.Attestations);
        Assert.Equal(
            ("signedBy", $"OpenPGP key {Convert.ToHexString(signer.Fingerprint)} (/etc/key.gpg)"),
            (details.Proofs.Single().Requirement, details.Proofs.Single().Signer)
        );
    }

    /// <summary>As skopeo delete: by digest, so that every tag of it goes; docker-registry is asked with and without
    /// leave to delete.</summary>
    [Fact]
    [Trait("needs", "programs")]
    public async Task An_image_is_deleted_in_its_registry()
    {
        await using DockerRegistry open = await DockerRegistry.StartAsync(deletes: true);
        await using DockerRegistry closed = await DockerRegistry.StartAsync();
        File.AppendAllText(
            _bed.In("registries.conf"),
            $"[[registry]]\nlocation = \"{open.Host}\"\ninsecure = true\n[[registry]]\nlocation = \"{closed.Host}\"\ninsecure = true\n"
        );
        FakeImage image = new FakeImage().AddGzip([1]).WriteTo(_bed.In("layout"), "v1");
        FakeImage other = new FakeImage().AddGzip([2]).WriteTo(_bed.In("other"), "v1");
        foreach (
            string to in (string[])
                [
                    $"{open.Host}/app:v1",
                    $"{open.Host}/app:also",
                    $"{closed.Host}/app:v1",
                    $"{_bed.Registry.Host}/app:v1",
                ]
        )
        {
            await _bed.Copy.CopyAsync(
                $"oci:{_bed.In("layout")}:v1",
                "docker://" + to,
                s_one,
                offline: false,
                Cancellation
            );
        }

        await _bed.Copy.CopyAsync(
            $"oci:{_bed.In("other")}:v1",
            $"docker://{open.Host}/app:other",
            s_one,
            offline: false,
            Cancellation
        );
        RemoteDeletion deletion = new(_bed.Host, _bed.Progress);

        Assert.Equal(image.ManifestDigest, await deletion.DeleteAsync($"docker://{open.Host}/app:v1", Cancellation));
        Assert.Equal(
            image.ManifestDigest,
            await deletion.DeleteAsync($"docker://{_bed.Registry.Host}/app:v1", Cancellation)
        );

        Assert.Empty(_bed.Registry.Repository("app").Tags);
        foreach (string gone in (string[])["v1", "also"])
        {
            Assert.Equal(
                ErrorKind.NotFound,
                (
                    await Assert.ThrowsAsync<SysctrException>(() =>
                        deletion.DeleteAsync($"docker://{open.Host}/app:{gone}", Cancellation)
                    )
                ).Kind
            );
        }

        SysctrException refused = await Assert.ThrowsAsync<SysctrException>(() =>
            deletion.DeleteAsync($"docker://{closed.Host}/app:v1", Cancellation)
        );
        Assert.Equal(ErrorKind.Host, refused.Kind);
        Assert.Contains("lets nobody delete", refused.Message, StringComparison.Ordinal);
        Assert.Equal(other.ManifestDigest, await deletion.DeleteAsync($"docker://{open.Host}/app:other", Cancellation));
    }

    /// <summary>Neither where it came from nor the store gives what may not be used (any more), and nothing is
    /// sent.</summary>
    [Theory]
    [InlineData(true, """[{"type":"reject"}]""")]
    [InlineData(false, """[{"type":"reject"}]""")]
    [InlineData(true, """[{"type":"signedBy","keyType":"GPGKeys","keyData":"AAAA"}]""")]
    [InlineData(false, """[{"type":"signedBy","keyType":"GPGKeys","keyData":"AAAA"}]""")]
    public async Task What_the_policy_refuses_is_not_pushed(bool offline, string rule)
    {
        await _bed.PullAsync(From);
        Policy(rule, """[{"type":"insecureAcceptAnything"}]""", _bed.Registry.Host + "/from");

        SysctrException e = await Assert.ThrowsAsync<SysctrException>(() =>
            _bed.Push.PushAsync(From, $"{_bed.Registry.Host}/to:v1", new PushOptions(offline), Cancellation)
        );

        Assert.Equal(ErrorKind.Policy, e.Kind);
        Assert.Empty(_bed.Registry.Repository("to").Blobs);
    }

    /// <summary>Layers are fetched by the digest, which nobody asked for: what the rules say of the name
    /// counts.</summary>
    [Fact]
    public async Task What_is_allowed_by_its_tag_is_pushed_from_where_it_was_pulled()
    {
        Policy("""[{"type":"insecureAcceptAnything"}]""", """[{"type":"reject"}]""", From);
        await _bed.PullAsync(From);

        Assert.Equal(
            _image.ManifestDigest.ToString(),
            (
                await _bed.Push.PushAsync(
                    From,
                    $"oci:{_bed.In("layout")}:v1",
                    new PushOptions(PreserveDigests: true),
                    Cancellation
                )
            ).Digest
        );
    }

    [Fact]
    public async Task A_judgement_does_not_go_to_another_name()
    {
        await _bed.PullAsync(From);
        _bed.Host.OpenStore().Images.Set(Record(From) with { Judgement = "judged" });

        await _bed.Images.TagAsync(From, "registry.example/other:v1", Cancellation);
        Assert.Null(Record("registry.example/other:v1").Judgement);
        await _bed.Images.TagAsync(From, From, Cancellation);
        Assert.Equal("judged", Record(From).Judgement);
    }

    [Fact]
    public async Task A_push_within_one_registry_mounts()
    {
        await _bed.PullAsync(From);
        _bed.Registry.ForgetRequests();

        TransferReport report = await _bed.Push.PushAsync(
            From,
            $"{_bed.Registry.Host}/team/to:v2",
            new PushOptions(),
            Cancellation
        );

        Assert.Equal(_image.ManifestDigest.ToString(), report.Digest);
        Assert.Equal(_image.ManifestDigest, _bed.Registry.Repository("team/to").Tags["v2"]);
        Assert.DoesNotContain(
            _bed.Registry.Requests,
            r =>
                r.StartsWith("GET /v2/from/blobs", StringComparison.Ordinal)
                && r.Contains(_image.Blob(0).ToString(), StringComparison.Ordinal)
        );
    }

    /// <summary>Nobody has the layers any more, but the destination: the digest stays.</summary>
    [Fact]
    public async Task What_the_destination_has_needs_no_source()
    {
        await _bed.PullAsync(From);
        _image.PushTo(_bed.Registry, "mirror", "old");
        ForgetSource();

        TransferReport report = await _bed.Push.PushAsync(
            From,
            $"{_bed.Registry.Host}/mirror:v1",
            new PushOptions(PreserveDigests: true),
            Cancellation
        );

        Assert.Equal((_image.ManifestDigest.ToString(), 0), (report.Digest, report.Blobs));
    }

    /// <summary>What comes back has every file as it was; only the digests are others, and that is said.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Without_a_source_layers_are_packed_anew_and_hold_the_same_files(bool offline)
    {
        await _bed.PullAsync(From);
        ImageRecord before = Record(From);
        if (!offline)
        {
            ForgetSource();
        }

        Assert.Equal(
            ErrorKind.Failed,
            (
                await Assert.ThrowsAsync<SysctrException>(() =>
                    _bed.Push.PushAsync(
                        From,
                        $"{_bed.Registry.Host}/to:v1",
                        new PushOptions(offline, PreserveDigests: true),
                        Cancellation
                    )
                )
            ).Kind
        );
        Assert.Empty(_bed.Registry.Repository("to").Tags);
        TransferReport report = await _bed.Push.PushAsync(
            From,
            $"{_bed.Registry.Host}/to:v1",
            new PushOptions(offline),
            Cancellation
        );
        await _bed.PullAsync($"{_bed.Registry.Host}/to:v1");

        ImageRecord after = Record($"{_bed.Registry.Host}/to:v1");
        Assert.NotEqual(before.ManifestDigest, after.ManifestDigest);
        Assert.Equal(
            (after.ManifestDigest.ToString(), before.ManifestDigest.ToString()),
            (report.Digest, report.SourceDigest)
        );
        Assert.Contains(
            _bed.Notes,
            n =>
                n.Contains(
                    $"its digest is {after.ManifestDigest} there, and was {before.ManifestDigest}",
                    StringComparison.Ordinal
                )
        );
        Assert.Equal(offline, !_bed.Notes.Exists(n => n.Contains("can't be fetched", StringComparison.Ordinal)));
        ContentStore store = _bed.Host.OpenStore();
        Assert.All(
            before.DiffIds.Zip(after.DiffIds),
            pair =>
                Assert.Equal(
                    store.ReadLayer(pair.First).Entries.Select(Told),
                    store.ReadLayer(pair.Second).Entries.Select(Told)
                )
        );

        // Again it is the same: nothing new is sent.
        Assert.Equal(
            (report.Digest, 0),
            (
                (
                    await _bed.Push.PushAsync(
                        From,
                        $"{_bed.Registry.Host}/to:v2",
                        new PushOptions(Offline: true),
                        Cancellation
                    )
                )
                    is var again
                    ? (again.Digest, again.Blobs)
                    : default
            )
        );
    }

    [Fact]
    public async Task A_file_of_the_store_that_was_altered_is_not_packed()
    {
        await _bed.PullAsync(From);
        ContentStore store = _bed.Host.OpenStore();
        LayerEntry entry = store.ReadLayer(_image.DiffId(0)).Entries.Single(e => e.Size == 300_000);
        string path = store.ObjectPath(entry.Object);
        byte[] bytes = File.ReadAllBytes(path);
        bytes[5] ^= 1;
        File.WriteAllBytes(path, bytes);

        SysctrException e = await Assert.ThrowsAsync<SysctrException>(() =>
            _bed.Push.PushAsync(From, $"oci-archive:{_bed.In("a.tar")}", new PushOptions(Offline: true), Cancellation)
        );

        Assert.Equal(ErrorKind.Corrupt, e.Kind);
        Assert.Contains("bin/tool", e.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_bed.In("a.tar")));
    }

    [Fact]
    public async Task Images_without_a_network_go_by_one_archive_and_have_their_names_again()
    {
        FakeImage second = new FakeImage { Architecture = Platform.Current.Architecture }
            .Add(_image.Plains[0], _image.BlobBytes(0), MediaTypes.OciLayerGzip)
            .AddGzip(new LayerTar().File("second").ToBytes())
            .PushTo(_bed.Registry, "team/second", "v2");
        await _bed.PullAsync(From);
        await _bed.PullAsync($"{_bed.Registry.Host}/team/second:v2");
        string archive = _bed.In("images.tar");

        IReadOnlyList<TransferReport> saved = await _bed.Save.SaveAsync(
            [From, $"{_bed.Registry.Host}/team/second:v2", From],
            archive,
            new PushOptions(),
            Cancellation
        );

        Assert.Equal([(3, 0), (2, 1)], saved.Select(s => (s.Blobs, s.Present)));
        using TransferBed other = new();
        IReadOnlyList<StoredImage> loaded = await other.Load.LoadAsync(archive, Cancellation);
        Assert.Equal(
            [
                ($"docker://{From}", _image.ManifestDigest),
                ($"docker://{_bed.Registry.Host}/team/second:v2", second.ManifestDigest),
            ],
            loaded.Select(l => (l.Record.Reference, l.Record.ManifestDigest))
        );
        Assert.Equal(_image.DiffId(1), other.Host.OpenStore().Images.Find($"docker://{From}")!.DiffIds[1]);
    }

    [Fact]
    public async Task What_has_no_name_of_a_registry_is_kept_by_the_archive_s()
    {
        await _bed.PullAsync(From);
        string archive = _bed.In("image.tar");
        await _bed.Copy.CopyAsync($"sysctr:{From}", $"oci-archive:{archive}:v1", s_one, offline: false, Cancellation);

        StoredImage loaded = Assert.Single(await _bed.Load.LoadAsync(archive, Cancellation));

        Assert.Equal($"oci-archive:{archive}@{_image.ManifestDigest}", loaded.Record.Reference);
        Assert.Contains(_bed.Notes, n => n.Contains("no name of a registry", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_docker_archive_is_loaded_by_its_names()
    {
        await _bed.PullAsync(From);
        await _bed.Copy.CopyAsync(
            $"sysctr:{From}",
            $"docker-archive:{_bed.In("d.tar")}:quay.io/team/app:v3",
            s_one,
            offline: false,
            Cancellation
        );

        StoredImage loaded = Assert.Single(await _bed.Load.LoadAsync(_bed.In("d.tar"), Cancellation));

        Assert.Equal(
            ("docker://quay.io/team/app:v3", Digest.Sha256(_image.Config)),
            (loaded.Record.Reference, loaded.Record.ConfigDigest)
        );
    }

    [Theory]
    [InlineData("etcd", "oci:/x")]
    [InlineData("docker://quay.io/x", "y")]
    [InlineData("sysctr:a", "sysctr:b")]
    [InlineData("docker://quay.io/x", "docker-daemon")]
    public async Task Places_of_a_copy_say_their_transport(string from, string to) =>
        Assert.Equal(
            ErrorKind.Usage,
            (
                await Assert.ThrowsAsync<SysctrException>(() =>
                    _bed.Copy.CopyAsync(from, to, s_one, offline: false, Cancellation)
                )
            ).Kind
        );

    /// <summary>Before anything is asked: neither the places nor skopeo need be there.</summary>
    [Theory]
    [InlineData("sysctr:quay.io/x", "oci:/x", true, true)]
    [InlineData("docker://quay.io/x", "sysctr:quay.io/x", true, true)]
    [InlineData("docker-daemon:x:1", "oci:/x", true, true)]
    [InlineData("containers-storage:x", "oci:/x", true, true)]
    [InlineData("docker://quay.io/x", "containers-storage:x", true, false)]
    [InlineData("docker://quay.io/x", "docker-daemon:x:1", true, false)]
    public async Task A_platform_is_not_chosen_where_there_is_only_one(string from, string to, bool all, bool platform)
    {
        List<CopyChoice> choices = [];
        choices.AddRange(all ? [new CopyChoice(null, IsTyped: true)] : []);
        choices.AddRange(platform ? [s_one with { IsTyped = true }] : []);
        foreach (CopyChoice choice in choices)
        {
            SysctrException e = await Assert.ThrowsAsync<SysctrException>(() =>
                _bed.Copy.CopyAsync(from, to, choice, offline: true, Cancellation)
            );

            Assert.Equal(ErrorKind.Usage, e.Kind);
            Assert.EndsWith(choice.Platform is null ? "--all" : "--platform", e.Message, StringComparison.Ordinal);
        }
    }

    /// <summary>One without a name is kept by the archive's; of several it can't be told which is meant.</summary>
    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    public async Task A_docker_archive_s_image_without_a_name_is_loaded(string tags)
    {
        await _bed.PullAsync(From);
        string archive = _bed.In("d.tar");
        await _bed.Copy.CopyAsync($"sysctr:{From}", $"docker-archive:{archive}", s_one, offline: false, Cancellation);
        Replace(archive, "\"RepoTags\":null", $"\"RepoTags\":{tags}".PadRight("\"RepoTags\":null".Length));

        StoredImage loaded = Assert.Single(await _bed.Load.LoadAsync(archive, Cancellation));

        Assert.Equal(
            ($"docker-archive:{archive}", Digest.Sha256(_image.Config)),
            (loaded.Record.Reference, loaded.Record.ConfigDigest)
        );
        Assert.Contains(_bed.Notes, n => n.Contains("no name of a registry", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_docker_archive_s_images_without_a_name_are_passed_over_among_others()
    {
        await _bed.PullAsync(From);
        string archive = _bed.In("d.tar");
        await _bed.Copy.CopyAsync(
            $"sysctr:{From}",
            $"docker-archive:{archive}:quay.io/team/app:v3",
            s_one,
            offline: false,
            Cancellation
        );
        using (FileStream tar = File.OpenRead(archive))
        using (System.Formats.Tar.TarReader reader = new(tar))
        using (FileStream target = File.Create(_bed.In("two.tar")))
        using (System.Formats.Tar.TarWriter writer = new(target, System.Formats.Tar.TarEntryFormat.Ustar))
        {
            while (reader.GetNextEntry() is { } entry)
            {
                if (entry.Name == "manifest.json")
                {
                    string list = new StreamReader(entry.DataStream!).ReadToEnd();
                    string nameless = list[1..^1]
                        .Replace("[\"quay.io/team/app:v3\"]", "null", StringComparison.Ordinal);
                    entry = new System.Formats.Tar.UstarTarEntry(
                        System.Formats.Tar.TarEntryType.RegularFile,
                        "manifest.json"
                    )
                    {
                        DataStream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes($"[{nameless},{list[1..]}")),
                    };
                }

                writer.WriteEntry(entry);
            }
        }

        StoredImage loaded = Assert.Single(await _bed.Load.LoadAsync(_bed.In("two.tar"), Cancellation));

        Assert.Equal("docker://quay.io/team/app:v3", loaded.Record.Reference);
        Assert.Contains(_bed.Notes, n => n.Contains("passed over", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_copy_into_the_store_is_a_pull_by_a_name()
    {
        TransferReport report = await _bed.Copy.CopyAsync(
            $"docker://{From}",
            "sysctr:quay.io/my/name:v1",
            s_one,
            offline: false,
            Cancellation
        );

        Assert.Equal("docker://quay.io/my/name:v1", report.Destination);

        // What of the layers was fetched the pull knows.
        string json = Reports.ToJson(report);
        Assert.All(
            (string[])["blobs", "bytes", "present"],
            member => Assert.DoesNotContain($"\"{member}\"", json, StringComparison.Ordinal)
        );
        Assert.Contains("\"images\": 1", json, StringComparison.Ordinal);
        Assert.Equal(_image.ManifestDigest, Record("quay.io/my/name:v1").ManifestDigest);
    }

    [Fact]
    public async Task What_the_store_does_not_have_is_not_found()
    {
        Assert.Equal(
            ErrorKind.NotFound,
            (
                await Assert.ThrowsAsync<SysctrException>(() =>
                    _bed.Push.PushAsync(From, null, new PushOptions(), Cancellation)
                )
            ).Kind
        );
        Assert.Equal(
            ErrorKind.NotFound,
            (
                await Assert.ThrowsAsync<SysctrException>(() => _bed.Load.LoadAsync(_bed.In("none.tar"), Cancellation))
            ).Kind
        );
    }

    /// <summary>Other text of the same length in a file.</summary>
    private static void Replace(string file, string old, string text)
    {
        string whole = System.Text.Encoding.Latin1.GetString(File.ReadAllBytes(file));
        Assert.Contains(old, whole, StringComparison.Ordinal);
        File.WriteAllBytes(
            file,
            System.Text.Encoding.Latin1.GetBytes(whole.Replace(old, text, StringComparison.Ordinal))
        );
    }

    private ImageRecord Record(string name) => _bed.Host.OpenStore().Images.Find("docker://" + name)!;

    private void Policy(string rule, string others, string scope)
    {
        Directory.CreateDirectory(_bed.In("root/etc/containers"));
        File.WriteAllText(
            _bed.In("root/etc/containers/policy.json"),
            "{\"default\":" + others + ",\"transports\":{\"docker\":{\"" + scope + "\":" + rule + "}}}"
        );
    }

    private void ForgetSource()
    {
        _bed.Registry.Repository("from").Manifests.Clear();
        _bed.Registry.Repository("from").Blobs.Clear();
    }

    private static (string, string, string, int, uint, uint, long, int, string, long, ObjectKey, uint, uint) Told(
        LayerEntry entry
    ) =>
        (
            entry.Type.ToString(),
            Convert.ToHexString(entry.Name),
            Convert.ToHexString(entry.LinkName),
            entry.Metadata.Mode,
            entry.Metadata.Uid,
            entry.Metadata.Gid,
            entry.Metadata.MtimeSeconds,
            entry.Metadata.MtimeNanoseconds,
            string.Join(
                ',',
                entry.Metadata.Xattrs.Select(x => Convert.ToHexString(x.Name) + Convert.ToHexString(x.Value))
            ),
            entry.Size,
            entry.Object,
            entry.DeviceMajor,
            entry.DeviceMinor
        );
}
