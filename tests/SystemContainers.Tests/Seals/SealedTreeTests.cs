// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux.Verity;
using SystemContainers.Oci;
using SystemContainers.Seals;
using SystemContainers.Store;
using SystemContainers.Store.Records;
using SystemContainers.TestBed;
using SystemContainers.Tests.Checkout;
using SystemContainers.Tests.Fakes;
using Xunit;

namespace SystemContainers.Tests.Seals;

/// <summary>The tree that is sealed, against mkcomposefs 1.0.8 that is told in its own words which tree that
/// is.</summary>
[Trait("needs", "root")]
public sealed class SealedTreeTests : IDisposable
{
    private static readonly byte[] s_capability = [1, 0, 0, 2, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    private static readonly byte[] s_base = new LayerTar()
        .Dir("./", mode: 0b111_000_000, uid: 9, mtime: "1500000000", xattrs: ("user.of", [1]))
        .Dir("usr", mode: 0b111_101_101, uid: 1, gid: 2, mtime: "1600000100.5", xattrs: ("user.kind", [7]))
        .Dir("usr/bin")
        .File("usr/bin/tool", new string('t', 5000))
        .Link("usr/bin/again", "usr/bin/tool")
        .File(
            "usr/bin/ping",
            new string('p', 80),
            xattrs: [("security.capability", s_capability), ("user.note", "x"u8.ToArray()), ("trusted.x", [1])]
        )
        .Dir("run", mode: 0b111_101_100, uid: 3, mtime: "1600000009")
        .File("run/secret", "of the build")
        .Dir("dev")
        .Device('3', "dev/null", 1, 3, mode: 0b110_110_110)
        .Dir("etc")
        .File("etc/small", "inline")
        .File("etc/gone", "x")
        .ToBytes();

    private static readonly byte[] s_upper = new LayerTar()
        .Dir("etc", mode: 0b111_000_000, mtime: "1600000200")
        .Whiteout("etc/.wh.gone")
        .Symlink("link", "usr/bin/tool")
        .ToBytes();

    private readonly string _root = Directory.CreateTempSubdirectory("sysctr-seal-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [Trait("needs", "programs")]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public async Task Its_digest_is_that_of_the_image_that_mkcomposefs_makes_of_the_sealed_tree(
        bool ofContents,
        bool ofUsers
    )
    {
        using ContentStore store = await StoreAsync(
            ofContents ? ObjectForm.Content : ObjectForm.Inode,
            s_base,
            s_upper
        );

        string found = SealedTree
            .Of(store, [Digest.Sha256(s_base), Digest.Sha256(s_upper)], CancellationToken.None)
            .DigestOf(VerityAlgorithm.Sha256, ofUsers);

        // As /usr is: the root, and the time of /run.
        string usr = ofUsers ? "1 2 0 1600000100.500000000 - - - user.kind=\\x07" : "1 2 0 1600000100.500000000 - - -";
        string note = ofUsers ? " user.note=x" : "";
        string capability = string.Concat(s_capability.Select(b => $"\\x{b:x2}"));
        await File.WriteAllTextAsync(
            Path.Join(_root, "tree.dump"),
            $"""
            / 0 40755 2 {usr}
            /dev 0 40755 2 0 0 0 1600000000.0 - - -
            /dev/null 0 20666 1 0 0 259 1600000000.0 - - -
            /etc 0 40700 2 0 0 0 1600000200.0 - - -
            /etc/small 6 100644 1 0 0 0 1600000000.0 - inline -
            /link 12 120777 1 0 0 0 1600000000.0 usr/bin/tool - -
            /run 0 40754 2 3 0 0 1600000100.500000000 - - -
            /usr 0 40755 2 {usr}
            /usr/bin 0 40755 2 0 0 0 1600000000.0 - - -
            /usr/bin/again 5000 100644 2 0 0 0 1600000000.0 {Content(new string('t', 5000))}
            /usr/bin/ping 80 100644 1 0 0 0 1600000000.0 {Content(
                new string('p', 80)
            )} security.capability={capability}{note}
            /usr/bin/tool 0 @100644 2 0 0 0 1600000000.0 /usr/bin/again - -

            """,
            TestContext.Current.CancellationToken
        );
        (
            await (await ComposefsRoot.GetAsync()).RunAsync(
                "run /usr/bin/mkcomposefs --min-version=1 --from-file \"$1/tree.dump\" \"$1/tree.image\"",
                _root
            )
        ).MustSucceed();
        Assert.Equal(
            VerityHasher
                .Of(await File.ReadAllBytesAsync(Path.Join(_root, "tree.image"), TestContext.Current.CancellationToken))
                .ToString(),
            found
        );
    }

    /// <summary>A tree on disk, by umoci, made what is sealed by hand; without second names of files, which mkcomposefs
    /// does not see in a directory.</summary>
    [Fact]
    [Trait("needs", "programs")]
    public async Task A_Debian_image_has_the_digest_of_what_umoci_unpacks()
    {
        string layout = await ImageBuilder.BuildAsync(new ImageSource("etcd"));
        using ContentStore store = ContentStore.Open(Path.Join(_root, "store"), newObjects: _ => ObjectForm.Content);
        IReadOnlyList<Digest> diffIds = await StoredImage.AddLayoutAsync(store, layout, ImageBuilder.Tag);
        (
            await Command.RunAsync(
                "umoci",
                "unpack",
                "--image",
                $"{layout}:{ImageBuilder.Tag}",
                Path.Join(_root, "bundle")
            )
        ).MustSucceed();
        CommandResult second = (
            await Command.RunAsync(
                "sh",
                "-ec",
                """
                cd "$1/bundle/rootfs"
                find . -type f -links +1 -printf '%i %P\n' | sort | awk 'seen[$1]++ { print $2 }' | while read -r name; do
                    touch --reference="${name%/*}" "$1/time"
                    rm "$name"
                    touch --reference="$1/time" "${name%/*}"
                    echo "$name"
                done
                find . -exec setfattr -h -x security.selinux {} + 2>/dev/null || true
                rm -rf run/* run/.[!.]*
                chown --reference=usr .; chmod --reference=usr .; touch --reference=usr . run
                """,
                "sh",
                _root
            )
        ).MustSucceed();
        (
            await (await ComposefsRoot.GetAsync()).RunAsync(
                "run /usr/bin/mkcomposefs --min-version=1 \"$1/bundle/rootfs\" \"$1/tree.image\"",
                _root
            )
        ).MustSucceed();

        LayerTar whiteouts = new();
        foreach (string name in second.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            whiteouts.Whiteout($"{Path.GetDirectoryName(name)}/.wh.{Path.GetFileName(name)}");
        }

        byte[] third = whiteouts.ToBytes();
        await store.AddLayerAsync(Digest.Sha256(third), new MemoryStream(third), TestContext.Current.CancellationToken);
        diffIds = [.. diffIds, Digest.Sha256(third)];
        string expected = VerityHasher
            .Of(await File.ReadAllBytesAsync(Path.Join(_root, "tree.image"), TestContext.Current.CancellationToken))
            .ToString();
        Assert.Equal(
            expected,
            SealedTree.Of(store, diffIds, CancellationToken.None).DigestOf(VerityAlgorithm.Sha256, ofUsers: false)
        );
    }

    /// <summary>The same image but for its two attributes of contents, which have the longer digest: nobody else writes
    /// one that could be compared.</summary>
    [Fact]
    public async Task With_the_other_algorithm_contents_have_names_by_it()
    {
        using ContentStore store = await StoreAsync(ObjectForm.Content, s_base, s_upper);
        SealedTree tree = SealedTree.Of(store, [Digest.Sha256(s_base), Digest.Sha256(s_upper)], CancellationToken.None);

        string digest = tree.DigestOf(VerityAlgorithm.Sha512, ofUsers: false);

        Assert.Equal(128, digest.Length);
        Assert.True(tree.Has(VerityAlgorithm.Sha512, digest));
        Assert.False(tree.Has(VerityAlgorithm.Sha512, new string('0', 128)));
        Assert.NotEqual(digest, tree.DigestOf(VerityAlgorithm.Sha512, ofUsers: true));
    }

    [Fact]
    public async Task Without_usr_nothing_is_sealed()
    {
        byte[] layer = new LayerTar().Dir("etc").ToBytes();
        using ContentStore store = await StoreAsync(ObjectForm.Content, layer);

        SysctrException refused = Assert.Throws<SysctrException>(() =>
            SealedTree.Of(store, [Digest.Sha256(layer)], CancellationToken.None)
        );

        Assert.Contains("/usr", refused.Message, StringComparison.Ordinal);
    }

    private async Task<ContentStore> StoreAsync(ObjectForm form, params byte[][] layers)
    {
        ContentStore store = ContentStore.Open(Path.Join(_root, "store"), newObjects: _ => form);
        foreach (byte[] layer in layers)
        {
            await store.AddLayerAsync(Digest.Sha256(layer), new MemoryStream(layer), CancellationToken.None);
        }

        // Not committed: what is refused must leave nothing.
        return store;
    }

    private static string Content(string text)
    {
        string digest = VerityHasher.Of(System.Text.Encoding.ASCII.GetBytes(text)).ToString();
        return $"{digest[..2]}/{digest[2..]} - {digest}";
    }
}
