// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using SystemContainers.Errors;
using SystemContainers.Images;
using SystemContainers.Linux.Verity;
using SystemContainers.Oci;
using SystemContainers.Oci.Seals;
using SystemContainers.Pull;
using SystemContainers.Requests;
using SystemContainers.Seals;
using SystemContainers.Store;
using SystemContainers.Store.Records;
using SystemContainers.Target;
using SystemContainers.Tests.Fakes;
using Xunit;

namespace SystemContainers.Tests.Seals;

/// <summary>An image that says what its tree's digest is, is pulled when that is so.</summary>
[Trait("needs", "root")]
public sealed class SealedPullTests : IDisposable
{
    private const string Merged = "composefs.merged.erofs.v1.fsverity-sha256-12";

    private static readonly byte[] s_layer = new LayerTar()
        .Dir("usr")
        .File("usr/tool", new string('t', 500))
        .Dir("run")
        .File("run/x", "x")
        .ToBytes();

    private readonly string _root = Directory.CreateTempSubdirectory("sysctr-seal-").FullName;
    private readonly List<string> _notes = [];

    public void Dispose() => Directory.Delete(_root, recursive: true);

    public static TheoryData<string, string> Right =>
        new()
        {
            { Merged, DigestOf(VerityAlgorithm.Sha256) },
            { "composefs.merged.erofs.v1.fsverity-sha512-12", DigestOf(VerityAlgorithm.Sha512) },
        };

    [Theory]
    [MemberData(nameof(Right))]
    public async Task One_that_is_as_it_says_is_kept_with_that(string key, string hex)
    {
        ImageRecord record = await PullAsync(image =>
            image.ChangeManifest += m => m["annotations"] = new JsonObject { [key] = hex }
        );

        Assert.Equal($"{key}={hex}", record.Seal);
        Assert.Empty(_notes);
    }

    public static TheoryData<string, string, ErrorKind> Wrong =>
        new()
        {
            { Merged, new string('0', 64), ErrorKind.Corrupt },
            { "composefs.merged.erofs.v1.fsverity-sha512-12", new string('0', 128), ErrorKind.Corrupt },
            { Merged, "abc", ErrorKind.Unsafe },
            { Merged, new string('A', 64), ErrorKind.Unsafe },
            { Merged, "", ErrorKind.Unsafe },
            // The other algorithm's digest.
            { Merged, DigestOf(VerityAlgorithm.Sha512), ErrorKind.Unsafe },
        };

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task One_that_is_not_is_refused_and_has_no_name(string key, string hex, ErrorKind kind)
    {
        SysctrException refused = await Assert.ThrowsAsync<SysctrException>(() =>
            PullAsync(image => image.ChangeManifest += m => m["annotations"] = new JsonObject { [key] = hex })
        );

        Assert.Equal(kind, refused.Kind);
        Assert.Contains(key, refused.Message, StringComparison.Ordinal);
        using Host host = Host.Open(_root, _ => { });
        Assert.Empty(host.OpenStore().Images.List());
    }

    [Fact]
    public async Task A_configuration_that_is_another_one_is_refused()
    {
        const string key = "composefs.config.fsverity-sha256-12";
        FakeImage right = new FakeImage().AddGzip(s_layer).Build();
        string hex = VerityHasher.Of(right.Config).ToString();

        Assert.Null(
            (
                await PullAsync(image =>
                    image.ChangeManifest += m => m["config"]!["annotations"] = new JsonObject { [key] = hex }
                )
            ).Seal
        );
        SysctrException refused = await Assert.ThrowsAsync<SysctrException>(() =>
            PullAsync(image =>
                image.ChangeManifest += m =>
                    m["config"]!["annotations"] = new JsonObject { [key] = new string('1', 64) }
            )
        );

        Assert.Contains("its configuration is not the one", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>It names no version of the format: another one of composefs-rs's gives another digest of the same
    /// tree.</summary>
    [Theory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("sha256:0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("ABC")]
    public async Task A_label_that_is_not_ours_is_told_and_refuses_nothing(string? other)
    {
        string right = DigestOf(VerityAlgorithm.Sha256);

        Assert.Equal($"{SealClaim.Label}={right}", (await PullAsync(Labelled(right))).Seal);
        Assert.Null((await PullAsync(Labelled(other))).Seal);
        Assert.Contains(SealClaim.Label, Assert.Single(_notes), StringComparison.Ordinal);

        static Action<FakeImage> Labelled(string? hex) =>
            image => image.ChangeConfig += c => c["config"]!["Labels"] = new JsonObject { [SealClaim.Label] = hex };
    }

    [Fact]
    public async Task Annotations_of_others_and_of_other_forms_are_no_claims()
    {
        Assert.Null(
            (
                await PullAsync(image =>
                    image.ChangeManifest += m =>
                        m["annotations"] = new JsonObject
                        {
                            ["composefs.merged.erofs.v2.fsverity-sha256-12"] = "x",
                            [Merged + "\n"] = "x",
                            ["composefs.merged.erofs.v1.fsverity-sha256-16"] = "x",
                            [Merged + ".sig"] = "x",
                            ["composefs.merged.bootable.erofs.v1.fsverity-sha256-12"] = "x",
                            ["org.opencontainers.image.title"] = "x",
                        }
                )
            ).Seal
        );
    }

    private async Task<ImageRecord> PullAsync(Action<FakeImage> change)
    {
        FakeImage image = new FakeImage().AddGzip(s_layer);
        change(image);
        string layout = Path.Combine(_root, "layout");
        image.WriteTo(layout, "tag");
        using Host host = Host.Open(_root, _notes.Add);
        using StoreLease lease = host.Locks.LeaseStore(TestContext.Current.CancellationToken);
        WantedImage wanted = new(
            host.Registries,
            new InstallRequest($"oci:{layout}:tag") { Name = "app", Pull = PullPolicy.Always }
        );
        return (
            await new ImageFetch(host, NoProgress.Instance).FetchAsync(
                wanted,
                lease,
                TestContext.Current.CancellationToken
            )
        ).Record;
    }

    /// <summary>The digest of the layer's tree, by a store of its own; that this is right <see cref="SealedTreeTests"/>
    /// show.</summary>
    private static string DigestOf(VerityAlgorithm algorithm)
    {
        string root = Directory.CreateTempSubdirectory("sysctr-seal-").FullName;
        try
        {
            using ContentStore store = ContentStore.Open(root);
            store
                .AddLayerAsync(Digest.Sha256(s_layer), new MemoryStream(s_layer), CancellationToken.None)
                .GetAwaiter()
                .GetResult();
            return SealedTree
                .Of(store, [Digest.Sha256(s_layer)], CancellationToken.None)
                .DigestOf(algorithm, ofUsers: false);
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }
}
