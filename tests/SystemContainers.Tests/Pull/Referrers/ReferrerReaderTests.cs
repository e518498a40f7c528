// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Errors;
using SystemContainers.Inspect.Remote;
using SystemContainers.Oci;
using SystemContainers.Pull.Referrers;
using SystemContainers.Pull.Statements;
using SystemContainers.State;
using SystemContainers.Tests.Fakes;
using SystemContainers.Tests.Pull.Statements;
using Xunit;

namespace SystemContainers.Tests.Pull.Referrers;

public sealed class ReferrerReaderTests : IDisposable
{
    private const string Spdx = "https://spdx.dev/Document";
    private const string Bom = """{"spdxVersion":"SPDX-2.3","name":"x"}""";

    private static readonly Platform s_platform = new("amd64", "linux");

    private readonly PullingHost _host = new();
    private readonly BundleSamples _samples = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private Sboms Sboms => new(_host.Registries, _host.Puller());

    public void Dispose()
    {
        _host.Dispose();
        _samples.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Bundles_are_found_by_the_API_and_by_the_tag_that_stands_for_it(bool api)
    {
        using OciRegistry registry = new() { HasReferrers = api, PageSize = 1 };
        using RegistryPusher pusher = Pusher(registry);
        Digest image = await pusher.ImageAsync("a", "1");
        await pusher.BundlesAsync(
            image,
            100,
            _samples.ByKey("good", image),
            _samples.ByKey("other key", image),
            _samples.ByKey("good", image, BundleSamples.Statement(image, Spdx, Bom))
        );

        ReferrerList list = await Sboms.ListAsync($"{pusher.Name}:1", s_platform, Token);

        Assert.Equal(image, list.Root);
        Assert.Equal([ReferrerKind.Bundle, ReferrerKind.Bundle, ReferrerKind.Bundle], list.All.Select(r => r.Kind));
        Assert.All(AttachedList.Of(list).Attached, a => Assert.Equal((true, image), (a.Signed, a.Subject)));
        Assert.Empty(registry.Violations);
    }

    [Fact]
    public async Task What_BuildKit_put_into_the_index_is_about_one_platform_s_image()
    {
        using OciRegistry registry = new();
        using RegistryPusher pusher = Pusher(registry);
        Digest mine = await pusher.ImageAsync("mine");
        await IndexAsync(pusher, mine, mine, Spdx, BundleSamples.Statement(mine, Spdx, Bom), "1");
        await IndexAsync(
            pusher,
            mine,
            Digest.Sha256([1]),
            Spdx,
            BundleSamples.Statement(mine, Spdx, Bom),
            "of another"
        );
        await IndexAsync(pusher, mine, mine, Spdx, BundleSamples.Statement(Digest.Sha256([1]), Spdx, Bom), "lies");

        SbomDocument document = await Sboms.ReadAsync($"{pusher.Name}:1", s_platform, "spdx", raw: false, Token);

        Assert.Equal((Spdx, mine, false, 1), (document.Type, document.Subject, document.IsSigned, document.Count));
        Assert.Equal(Bom, Encoding.UTF8.GetString(document.Content));
        Assert.Equal(
            Bom,
            Encoding.UTF8.GetString(
                (await Sboms.ReadAsync($"{pusher.Name}:1", s_platform, null, raw: false, Token)).Content
            )
        );
        Assert.Equal(ErrorKind.NotFound, (await FailAsync(pusher, "1", "cyclonedx")).Kind);
        Assert.Contains(Spdx, (await FailAsync(pusher, "1", "slsaprovenance")).Hint, StringComparison.Ordinal);
        Assert.Equal(ErrorKind.NotFound, (await FailAsync(pusher, "of-another", "spdx")).Kind);
        SysctrException lies = await FailAsync(pusher, "lies", "spdx");
        Assert.Equal(ErrorKind.Corrupt, lies.Kind);
        Assert.Contains("about another image", lies.Message, StringComparison.Ordinal);
    }

    /// <summary>The tag has moved on; what is asked for is about what runs here.</summary>
    [Fact]
    public async Task Of_what_is_installed_what_is_attached_to_its_own_manifest_is_listed()
    {
        using OciRegistry registry = new();
        using RegistryPusher pusher = Pusher(registry);
        Digest installed = await pusher.ImageAsync("a", "1");
        await pusher.BundlesAsync(
            installed,
            100,
            Spdx,
            _samples.ByKey("good", installed, BundleSamples.Statement(installed, Spdx, Bom))
        );
        ContainerRecord container = SampleRecord.Of("app") with
        {
            Image = $"docker://{pusher.Name}:1",
            ManifestDigest = installed,
            ImageId = installed,
        };
        Digest newer = await pusher.ImageAsync("b", "1");

        ReferrerList list = await Sboms.ListAsync(container, Token);

        Assert.Equal((installed, installed), (list.Root, list.Manifest));
        Assert.Equal(installed, Assert.Single(list.All).Subject);
        Assert.Equal(Bom, Encoding.UTF8.GetString((await Sboms.ReadAsync(container, null, raw: false, Token)).Content));
        ReferrerList now = await Sboms.ListAsync($"{pusher.Name}:1", s_platform, Token);
        Assert.Equal(newer, now.Root);
        Assert.Empty(now.All);
    }

    [Fact]
    public async Task A_signed_document_is_taken_before_one_that_anybody_may_have_written()
    {
        using OciRegistry registry = new() { HasReferrers = false };
        using RegistryPusher pusher = Pusher(registry);
        Digest image = await pusher.ImageAsync("a");
        await IndexAsync(pusher, image, image, Spdx, BundleSamples.Statement(image, Spdx, "{}"), "1");
        byte[] bundle = _samples.ByKey("good", image, BundleSamples.Statement(image, Spdx, Bom));
        await pusher.BundlesAsync(image, 100, Spdx, bundle);

        SbomDocument document = await Sboms.ReadAsync($"{pusher.Name}:1", s_platform, "spdx", raw: false, Token);

        Assert.Equal((Bom, true, 2), (Encoding.UTF8.GetString(document.Content), document.IsSigned, document.Count));
        Assert.Equal(bundle, (await Sboms.ReadAsync($"{pusher.Name}:1", s_platform, "spdx", raw: true, Token)).Content);
    }

    [Fact]
    public async Task Too_much_of_it_is_no_answer()
    {
        using OciRegistry registry = new() { HasReferrers = false };
        using RegistryPusher pusher = Pusher(registry);
        Digest image = await pusher.ImageAsync("a", "1");
        Digest other = await pusher.ImageAsync("b");
        string entry = $$"""{"mediaType":"{{MediaTypes.OciManifest}}","size":1,"digest":"sha256:""";
        string many = string.Join(
            ',',
            Enumerable
                .Range(0, ReferrerLimits.MaxEntries + 1)
                .Select(i => entry + Digest.Sha256(BitConverter.GetBytes(i)).Hex + "\"}")
        );
        registry.Repository("team/app").Manifests[other] = (
            MediaTypes.OciIndex,
            Encoding.UTF8.GetBytes(
                $$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciIndex}}","manifests":[{{many}}]}"""
            )
        );
        Digest list = Digest.Sha256(registry.Repository("team/app").Manifests[other].Bytes);
        registry.Repository("team/app").Manifests[list] = registry.Repository("team/app").Manifests[other];
        registry.Repository("team/app").Tags[$"sha256-{image.Hex}"] = list;

        SysctrException e = await Assert.ThrowsAsync<SysctrException>(() =>
            Sboms.ListAsync($"{pusher.Name}:1", s_platform, Token)
        );

        Assert.Equal(ErrorKind.Unsafe, e.Kind);
        Assert.Contains("more than", e.Message, StringComparison.Ordinal);
    }

    private async Task<SysctrException> FailAsync(RegistryPusher pusher, string tag, string type) =>
        await Assert.ThrowsAsync<SysctrException>(() =>
            Sboms.ReadAsync($"{pusher.Name}:{tag}", s_platform, type, raw: false, Token)
        );

    private RegistryPusher Pusher(OciRegistry registry)
    {
        _host.Insecure(registry.Host);
        return new RegistryPusher(registry.Host, "team/app");
    }

    private static async Task IndexAsync(
        RegistryPusher pusher,
        Digest image,
        Digest about,
        string type,
        byte[] statement,
        string tag
    )
    {
        Descriptor config = await pusher.BlobAsync("{}"u8.ToArray(), MediaTypes.OciConfig);
        Descriptor layer = await pusher.BlobAsync(statement, InTotoStatement.MediaType);
        byte[] attestation = Encoding.UTF8.GetBytes(
            $$$$"""{"schemaVersion":2,"mediaType":"{{{{MediaTypes.OciManifest}}}}","config":{{{{RegistryPusher.Json(config)}}}},"layers":[{{{{RegistryPusher.Json(layer)[..^1]}}}},"annotations":{"in-toto.io/predicate-type":"{{{{type}}}}"}}]}"""
        );
        Digest digest = await pusher.ManifestAsync(attestation, MediaTypes.OciManifest);
        string json =
            "{\"schemaVersion\":2,\"mediaType\":\""
            + MediaTypes.OciIndex
            + "\",\"manifests\":[{\"mediaType\":\""
            + MediaTypes.OciManifest
            + "\",\"size\":"
            + pusher.SizeOf(image)
            + ",\"digest\":\""
            + image
            + "\",\"platform\":{\"architecture\":\"amd64\",\"os\":\"linux\"}},{\"mediaType\":\""
            + MediaTypes.OciManifest
            + "\",\"size\":"
            + attestation.Length
            + ",\"digest\":\""
            + digest
            + "\",\"platform\":{\"architecture\":\"unknown\",\"os\":\"unknown\"},\"annotations\":{\"vnd.docker.reference.type\":\"attestation-manifest\",\"vnd.docker.reference.digest\":\""
            + about
            + "\"}}]}";
        await pusher.ManifestAsync(Encoding.UTF8.GetBytes(json), MediaTypes.OciIndex, tag.Replace(' ', '-'));
    }
}
