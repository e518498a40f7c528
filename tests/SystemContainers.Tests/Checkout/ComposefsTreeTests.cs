// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Checkout;
using SystemContainers.Composefs.Mounting;
using SystemContainers.Errors;
using SystemContainers.Linux.Native;
using SystemContainers.Linux.Processes;
using SystemContainers.Linux.Verity;
using SystemContainers.Oci;
using SystemContainers.Store;
using SystemContainers.Store.Records;
using SystemContainers.Tests.Fakes;
using SystemContainers.Tree;
using Xunit;

namespace SystemContainers.Tests.Checkout;

/// <summary>A tree that is mounted is the tree that hard links make of the same image.</summary>
[Trait("needs", "root")]
public sealed class ComposefsTreeTests : IDisposable
{
    private static readonly byte[] s_layer = new LayerTar()
        .Dir("etc", mode: 0b111_000_101, uid: 3)
        .File("etc/one", new string('1', 100), mtime: "1600000001.5")
        .File("etc/two", new string('1', 100), mode: 0b110_000_000, uid: 7, gid: 8)
        .File("etc/small", "in the image")
        .File("etc/empty")
        .File("etc/large", new string('x', 300_000), xattrs: ("user.kind", [1, 2]))
        .Link("etc/again", "etc/large")
        .Symlink("link", "etc/one")
        .File("bin/su", new string('s', 5000), mode: 0b100_111_101_101)
        .Fifo("pipe")
        .File(
            "bin/ping",
            new string('p', 80),
            xattrs: ("security.capability", [1, 0, 0, 2, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
        )
        .ToBytes();

    private readonly string _root = Directory.CreateTempSubdirectory("sysctr-composefs-").FullName;

    private static Digest Layer => Digest.Sha256(s_layer);

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task Mounted_it_is_what_hard_links_make()
    {
        using ContentStore store = await StoreAsync();
        (ComposefsTree tree, string image) = Write(store);
        TreeCheckout.Write(
            MergedTree.Build(store, [Layer]),
            Path.Join(_root, "links"),
            [new MountPoint("/mnt/data", true, 0b111_101_101)]
        );

        SortedDictionary<string, string> mounted = Mounted(
            image,
            tree.Digest,
            null,
            place => TreeListing.OfAsync(place).GetAwaiter().GetResult()
        );

        Assert.Equal(await TreeListing.OfAsync(Path.Join(_root, "links")), mounted);
    }

    [Fact]
    public async Task Changes_go_where_they_are_told()
    {
        using ContentStore store = await StoreAsync();
        (ComposefsTree tree, string image) = Write(store);
        string changes = Path.Join(_root, "changes");
        Directory.CreateDirectory(Path.Join(changes, "upper"));
        Directory.CreateDirectory(Path.Join(changes, "work"));

        string text = Mounted(
            image,
            tree.Digest,
            changes,
            place =>
            {
                File.AppendAllText(Path.Join(place, "etc/one"), "2");
                File.Delete(Path.Join(place, "etc/two"));
                return File.ReadAllText(Path.Join(place, "etc/one"));
            }
        );

        Assert.Equal(new string('1', 100) + "2", text);
        Assert.True(File.Exists(Path.Join(changes, "upper/etc/one")));
        Assert.Empty(store.VerifyLayer(Layer));
    }

    [Fact]
    public async Task An_image_that_is_another_one_is_not_mounted()
    {
        using ContentStore store = await StoreAsync();
        (ComposefsTree tree, string image) = Write(store);
        byte[] bytes = await File.ReadAllBytesAsync(image);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(image, bytes);

        SysctrException refused = Assert.Throws<SysctrException>(() => Mounted(image, tree.Digest, null, _ => 0));

        Assert.Equal(ErrorKind.Corrupt, refused.Kind);
        Assert.Contains(tree.Digest.ToString(), refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_image_has_the_digest_that_was_told_before_it_was_written()
    {
        using ContentStore store = await StoreAsync();
        (ComposefsTree tree, string image) = Write(store);

        Assert.Equal(VerityHasher.Of(await File.ReadAllBytesAsync(image)), tree.Digest);
        Assert.Equal(
            tree.Digest,
            ComposefsTree
                .Of(MergedTree.Build(store, [Layer]), [new MountPoint("/mnt/data", true, 0b111_101_101)])
                .Digest
        );
        Assert.NotEqual(tree.Digest, ComposefsTree.Of(MergedTree.Build(store, [Layer]), []).Digest);
    }

    [Fact]
    public async Task Parts_of_it_are_on_disk_where_they_are_copied_from()
    {
        using ContentStore store = await StoreAsync();
        MergedTree tree = MergedTree.Build(store, [Layer]);

        TreeDirectory part = PartialTree.Of(tree.Root, ["/etc", "/etc/one", "/bin/su"])!;
        TreeCheckout.WriteRoot(store, part, Path.Join(_root, "part"));

        Assert.Equal(
            ["bin", "bin/su", "etc", "etc/again", "etc/empty", "etc/large", "etc/one", "etc/small", "etc/two"],
            (await TreeListing.OfAsync(Path.Join(_root, "part"))).Keys.Where(k => k.Length > 0)
        );
        Assert.Null(PartialTree.Of(tree.Root, ["/etc/nothing"]));
        Assert.Null(PartialTree.Of(tree.Root, ["/link/x"]));
    }

    private async Task<ContentStore> StoreAsync()
    {
        ContentStore store = ContentStore.Open(Path.Join(_root, "store"), newObjects: _ => ObjectForm.Content);
        await store.AddLayerAsync(Layer, new MemoryStream(s_layer), CancellationToken.None);
        store.Commit();
        return store;
    }

    private (ComposefsTree Tree, string Image) Write(ContentStore store)
    {
        ComposefsTree tree = ComposefsTree.Of(
            MergedTree.Build(store, [Layer]),
            [new MountPoint("/mnt/data", true, 0b111_101_101)]
        );
        string image = Path.Join(_root, "rootfs.erofs");
        Assert.False(tree.Write(image));
        return (tree, image);
    }

    /// <summary>In a mount namespace that is gone with the call.</summary>
    private T Mounted<T>(string image, VerityDigest digest, string? changes, Func<string, T> look)
    {
        string place = Path.Join(_root, "place");
        Directory.CreateDirectory(place);
        T? seen = default;
        OwnThread.Run(() =>
        {
            Assert.Equal(0, Libc.unshare(Libc.CLONE_NEWNS));
            Assert.Equal(0, Libc.mount("", "/", Libc.MS_REC | Libc.MS_PRIVATE));
            ComposefsMount mount = ComposefsMount.Open(
                image,
                digest,
                Path.Join(_root, "store/objects"),
                place,
                "sysctr"
            );
            mount.Complete(changes);

            // Whoever looks from another thread, or another process, sees it there.
            seen = look($"/proc/{new FileInfo("/proc/thread-self").LinkTarget}/root{place}");
        });
        return seen!;
    }
}
