// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Pull.Referrers;
using SystemContainers.Pull.Sources;
using SystemContainers.Push;
using SystemContainers.Reference;
using SystemContainers.Tests.Fakes;
using SystemContainers.Tests.Pull.Referrers;
using Xunit;

namespace SystemContainers.Tests.Push;

/// <summary>What is attached to an image, copied with it, to registries with and without the referrers API.</summary>
public sealed class ReferrerCopyTests : IDisposable
{
    private readonly CopyBed _bed = new();
    private readonly OciRegistry _from = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        Assert.Empty(_from.Violations);
        _from.Dispose();
        _bed.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task All_that_is_attached_is_there_before_the_name(bool api)
    {
        using OciRegistry to = new() { HasReferrers = api };
        _bed.Host.Insecure(_from.Host, to.Host);
        Digest image = await AttachedAsync();

        CopiedImage copied = await CopyAsync(to, recursive: true);

        Assert.Equal(4, copied.Attached);
        IReadOnlyList<Referrer> before = await ReferrersAsync(_from, image);
        Assert.Equal(4, before.Count);
        Assert.Equal(
            before.Select(r => $"{r.Kind} {r.Blob.Digest}").Order(StringComparer.Ordinal),
            (await ReferrersAsync(to, image)).Select(r => $"{r.Kind} {r.Blob.Digest}").Order(StringComparer.Ordinal)
        );
        Assert.Equal(!api, to.Repository("copy").Tags.ContainsKey($"sha256-{image.Hex}"));
        string[] puts = [.. to.Requests.Where(r => r.StartsWith("PUT /v2/copy/manifests/", StringComparison.Ordinal))];
        Assert.Equal("PUT /v2/copy/manifests/1", puts[^1]);

        // Nothing is listed twice.
        await CopyAsync(to, recursive: true);
        Assert.Equal(before.Count, (await ReferrersAsync(to, image)).Count);
        Assert.Empty(to.Violations);
    }

    [Fact]
    public async Task Without_the_option_the_image_alone_is_copied()
    {
        using OciRegistry to = new();
        _bed.Host.Insecure(_from.Host, to.Host);
        Digest image = await AttachedAsync();

        Assert.Equal(0, (await CopyAsync(to, recursive: false)).Attached);

        Assert.Equal([image], to.Repository("copy").Manifests.Keys);
    }

    [Fact]
    public async Task Other_signatures_at_the_destination_are_not_replaced()
    {
        using OciRegistry to = new();
        _bed.Host.Insecure(_from.Host, to.Host);
        Digest image = await AttachedAsync();
        using RegistryPusher other = new(to.Host, "copy");
        await other.AttachAsync(image, ("theirs"u8.ToArray(), new Dictionary<string, string>()));
        Digest theirs = to.Repository("copy").Tags[$"sha256-{image.Hex}.sig"];

        SysctrException e = await Assert.ThrowsAsync<SysctrException>(() => CopyAsync(to, recursive: true));

        Assert.Equal(ErrorKind.Conflict, e.Kind);
        Assert.Equal(theirs, to.Repository("copy").Tags[$"sha256-{image.Hex}.sig"]);
        Assert.DoesNotContain("1", to.Repository("copy").Tags.Keys);
    }

    /// <summary>distribution-spec, "Pushing Manifests with Subject": others' entries stay.</summary>
    [Fact]
    public async Task A_manifest_about_another_is_listed_where_the_registry_does_not_do_it()
    {
        using OciRegistry to = new() { HasReferrers = false };
        _bed.Host.Insecure(to.Host);
        using RegistryPusher pusher = new(to.Host, "copy");
        Digest image = await pusher.ImageAsync("a");
        await pusher.BundlesAsync(image, pusher.SizeOf(image), "theirs"u8.ToArray());
        FakeImage signature = new FakeImage
        {
            ConfigType = "application/vnd.example.config",
            ChangeManifest = m =>
            {
                m["subject"] = FakeImage.Descriptor(
                    MediaTypes.OciManifest,
                    to.Repository("copy").Manifests[image].Bytes
                );
                m["annotations"] = new System.Text.Json.Nodes.JsonObject { ["org.example.note"] = "mine" };
            },
        }
            .AddPlain([8])
            .WriteTo(_bed.Host.In("layout"), "s");

        await _bed.CopyAsync($"oci:{_bed.Host.In("layout")}:s", $"docker://{to.Host}/copy:s");
        await _bed.CopyAsync($"oci:{_bed.Host.In("layout")}:s", $"docker://{to.Host}/copy:again");

        ImageIndex list = ImageIndex.Parse(
            to.Repository("copy").Manifests[to.Repository("copy").Tags[$"sha256-{image.Hex}"]].Bytes
        );
        Assert.Equal(2, list.Manifests.Count);
        Descriptor mine = Assert.Single(list.Manifests, m => m.Digest == signature.ManifestDigest);
        Assert.Equal(
            ("application/vnd.example.config", "mine", (long)signature.Manifest.Length),
            (mine.ArtifactType, mine.Annotations!["org.example.note"], mine.Size)
        );
    }

    /// <summary>Whoever may write the list can name in it what is about another image.</summary>
    [Fact]
    public async Task What_is_about_another_image_and_an_index_are_passed_over()
    {
        using OciRegistry from = new() { HasReferrers = false };
        using OciRegistry to = new();
        _bed.Host.Insecure(from.Host, to.Host);
        using RegistryPusher pusher = new(from.Host, "app");
        Digest image = await pusher.ImageAsync("a", "1");
        Digest other = await pusher.ImageAsync("b");
        await pusher.BundlesAsync(other, pusher.SizeOf(other), "about b"u8.ToArray());
        ImageIndex theirs = ImageIndex.Parse(
            from.Repository("app").Manifests[from.Repository("app").Tags[$"sha256-{other.Hex}"]].Bytes
        );
        byte[] index = System.Text.Encoding.UTF8.GetBytes(
            "{\"schemaVersion\":2,\"mediaType\":\""
                + MediaTypes.OciIndex
                + "\",\"manifests\":[],\"subject\":"
                + RegistryPusher.Json(new Descriptor(MediaTypes.OciManifest, image, pusher.SizeOf(image)))
                + "}"
        );
        Digest attached = await pusher.ManifestAsync(index, MediaTypes.OciIndex);
        await pusher.BundlesAsync(image, pusher.SizeOf(image), "about a"u8.ToArray());
        ImageIndex mine = ImageIndex.Parse(
            from.Repository("app").Manifests[from.Repository("app").Tags[$"sha256-{image.Hex}"]].Bytes
        );
        string entries = string.Join(
            ',',
            mine.Manifests.Concat(theirs.Manifests)
                .Append(new Descriptor(MediaTypes.OciIndex, attached, index.Length))
                .Select(RegistryPusher.Json)
        );
        await pusher.ManifestAsync(
            System.Text.Encoding.UTF8.GetBytes(
                "{\"schemaVersion\":2,\"mediaType\":\"" + MediaTypes.OciIndex + "\",\"manifests\":[" + entries + "]}"
            ),
            MediaTypes.OciIndex,
            $"sha256-{image.Hex}"
        );

        CopiedImage copied = await CopyAsync(to, recursive: true, from);

        Assert.Equal((1, 2), (copied.Attached, copied.Passed.Count));
        Assert.Equal([image, mine.Manifests[0].Digest], to.Repository("copy").Manifests.Keys.OrderBy(k => k != image));
    }

    [Fact]
    public async Task All_that_is_attached_together_has_a_limit()
    {
        using OciRegistry to = new();
        _bed.Host.Insecure(_from.Host, to.Host);
        Digest image = await AttachedAsync();
        using RegistryPusher pusher = new(_from.Host, "app");
        await pusher.AttachAsync(
            image,
            (new byte[2000], new Dictionary<string, string>()),
            (FakeImage.Noise(2000), new Dictionary<string, string>())
        );
        await CopyAsync(to, recursive: false);
        ImageReference place = ImageReference.Parse($"docker://{_from.Host}/app:1");
        using RegistrySource source = new(
            new RegistryEndpoint(place, Insecure: true, IsMirror: false),
            _bed.Host.Credentials,
            _bed.Host.OwnOptions,
            _bed.Host.Progress
        );
        await using RegistryDestination destination = (RegistryDestination)
            new Destinations(
                _bed.Host.Registries,
                _bed.Host.Credentials,
                _bed.Host.OwnOptions,
                _bed.Host.Progress
            ).Open(ImageReference.Parse($"docker://{to.Host}/copy:1"), place);

        SysctrException e = await Assert.ThrowsAsync<SysctrException>(() =>
            new ReferrerCopier(place, source, destination, Token, maxBytes: 5000).CopyAsync([image])
        );

        Assert.Equal(ErrorKind.Unsafe, e.Kind);
        Assert.Equal(
            4,
            await new ReferrerCopier(place, source, destination, Token, maxBytes: 50_000).CopyAsync([image])
        );
    }

    [Fact]
    public async Task A_manifest_at_the_tag_of_the_list_is_not_replaced()
    {
        using OciRegistry to = new() { HasReferrers = false };
        _bed.Host.Insecure(_from.Host, to.Host);
        Digest image = await AttachedAsync();
        using RegistryPusher other = new(to.Host, "copy");
        Digest theirs = await other.ImageAsync("theirs", $"sha256-{image.Hex}");

        SysctrException e = await Assert.ThrowsAsync<SysctrException>(() => CopyAsync(to, recursive: true));

        Assert.Equal(ErrorKind.Conflict, e.Kind);
        Assert.Equal(theirs, to.Repository("copy").Tags[$"sha256-{image.Hex}"]);
    }

    /// <summary>Others who write the list at the same time may take the entry out again without end.</summary>
    [Fact]
    public async Task A_list_that_loses_the_entry_again_and_again_is_an_error()
    {
        using OciRegistry to = new() { HasReferrers = false };
        _bed.Host.Insecure(_from.Host, to.Host);
        Digest image = await AttachedAsync();
        to.Fail = r =>
        {
            if (r.HttpMethod == "GET")
            {
                to.Repository("copy").Tags.TryRemove($"sha256-{image.Hex}", out _);
            }

            return null;
        };

        SysctrException e = await Assert.ThrowsAsync<SysctrException>(() => CopyAsync(to, recursive: true));

        Assert.Equal(ErrorKind.Conflict, e.Kind);
        Assert.DoesNotContain("1", to.Repository("copy").Tags.Keys);
    }

    [Fact]
    public async Task Only_registries_have_what_is_attached()
    {
        _bed.Host.Insecure(_from.Host);
        await AttachedAsync();
        ImageReference source = ImageReference.Parse($"docker://{_from.Host}/app:1");
        await using IImageDestination destination = new Destinations(
            _bed.Host.Registries,
            _bed.Host.Credentials,
            _bed.Host.OwnOptions,
            _bed.Host.Progress
        ).Open(ImageReference.Parse($"oci:{_bed.Host.In("copy")}:1"), source);

        SysctrException e = await Assert.ThrowsAsync<SysctrException>(() =>
            new ImageCopier(_bed.Host.Progress).CopyAsync(
                _bed.Host.Puller(),
                [source],
                destination,
                new CopyChoice(null) { Recursive = true },
                Token
            )
        );

        Assert.Equal(ErrorKind.Usage, e.Kind);
    }

    /// <summary>Two bundles, something about one of them, and a signature of cosign 2.</summary>
    private async Task<Digest> AttachedAsync()
    {
        using RegistryPusher pusher = new(_from.Host, "app");
        Digest image = await pusher.ImageAsync("a", "1");
        await pusher.BundlesAsync(image, pusher.SizeOf(image), "one"u8.ToArray(), "two"u8.ToArray());
        _from.Repository("app").Tags.TryRemove($"sha256-{image.Hex}", out _);
        Digest bundle = _from
            .Repository("app")
            .Manifests.First(m =>
                System.Text.Encoding.UTF8.GetString(m.Value.Bytes).Contains("\"subject\"", StringComparison.Ordinal)
            )
            .Key;
        await pusher.BundlesAsync(bundle, pusher.SizeOf(bundle), "about it"u8.ToArray());
        _from.Repository("app").Tags.TryRemove($"sha256-{bundle.Hex}", out _);
        await pusher.AttachAsync(image, ("payload"u8.ToArray(), new Dictionary<string, string>()));
        return image;
    }

    private async Task<CopiedImage> CopyAsync(OciRegistry to, bool recursive, OciRegistry? from = null)
    {
        ImageReference source = ImageReference.Parse($"docker://{(from ?? _from).Host}/app:1");
        await using IImageDestination destination = new Destinations(
            _bed.Host.Registries,
            _bed.Host.Credentials,
            _bed.Host.OwnOptions,
            _bed.Host.Progress
        ).Open(ImageReference.Parse($"docker://{to.Host}/copy:1"), source);
        return await new ImageCopier(_bed.Host.Progress).CopyAsync(
            _bed.Host.Puller(),
            [source],
            destination,
            new CopyChoice(null) { Recursive = recursive },
            Token
        );
    }

    /// <summary>All about the image, and about what is about it.</summary>
    private async Task<IReadOnlyList<Referrer>> ReferrersAsync(OciRegistry registry, Digest image)
    {
        ImageReference place = ImageReference.Parse(
            $"docker://{registry.Host}/{(registry == _from ? "app" : "copy")}:1"
        );
        using RegistrySource source = new(
            new RegistryEndpoint(place, Insecure: true, IsMirror: false),
            _bed.Host.Credentials,
            _bed.Host.OwnOptions,
            _bed.Host.Progress
        );
        ReferrerClient client = new(place, source);
        ReferrerReader reader = new(client);
        List<Referrer> all = [.. await reader.OfAsync(image, Token)];
        foreach (Descriptor one in await client.ListAsync(image, Token))
        {
            all.AddRange(await reader.OfAsync(one.Digest, Token));
        }

        return all;
    }
}
