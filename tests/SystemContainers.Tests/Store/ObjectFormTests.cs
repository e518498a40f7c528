// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Checkout;
using SystemContainers.Errors;
using SystemContainers.Images.Packing;
using SystemContainers.Linux.Verity;
using SystemContainers.Oci;
using SystemContainers.Store;
using SystemContainers.Store.Records;
using SystemContainers.Tests.Checkout;
using SystemContainers.Tests.Fakes;
using SystemContainers.Tree;
using Xunit;

namespace SystemContainers.Tests.Store;

/// <summary>Layers with objects of content alone, and from one form to the other.</summary>
[Trait("needs", "root")]
public sealed class ObjectFormTests : IDisposable
{
    private static readonly byte[] s_layer = new LayerTar()
        .Dir("etc")
        .File("etc/one", "the same", mtime: "1600000001")
        .File("etc/two", "the same", mode: 0b110_000_000, uid: 7, gid: 8)
        .File("etc/large", new string('x', 300_000), xattrs: ("user.kind", [1, 2]))
        .Link("etc/again", "etc/large")
        .File("etc/empty")
        .Symlink("link", "etc/one")
        .ToBytes();

    private readonly string _root = Directory.CreateTempSubdirectory("sysctr-forms-").FullName;

    private static Digest Layer => Digest.Sha256(s_layer);

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task Files_that_differ_in_all_but_their_content_are_one_object_named_by_its_verity_digest()
    {
        using ContentStore store = await OpenAsync(ObjectForm.Content);

        LayerIndex index = store.ReadLayer(Layer);

        Assert.Equal(ObjectForm.Content, index.Form);
        Assert.Equal(2, store.ObjectFiles().Count());
        Assert.Equal(VerityHasher.Of("the same"u8).ToString(), index.Entries[1].Object.ToString());
        Assert.Equal(index.Entries[1].Object, index.Entries[2].Object);
        Assert.Empty(store.VerifyLayer(Layer));
        Assert.Contains(
            StoreFormat.ContentObjects,
            await File.ReadAllTextAsync(Path.Join(_root, "meta.json")),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task An_altered_object_is_found_whatever_its_form()
    {
        using ContentStore store = await OpenAsync(ObjectForm.Content);
        await File.WriteAllTextAsync(store.ObjectPath(store.ReadLayer(Layer).Entries[1].Object), "the sane");

        Assert.Equal(2, store.VerifyLayer(Layer).Count());

        // A conversion gives nothing a name that is not what it was pulled as.
        SysctrException refused = Assert.Throws<SysctrException>(() => store.Convert(Layer, ObjectForm.Inode));
        Assert.Equal(ErrorKind.Corrupt, refused.Kind);
        Assert.Equal(ObjectForm.Content, store.FormOf(Layer));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_checkout_is_the_same_from_either_form_and_after_each_conversion(bool isPruned)
    {
        using ContentStore store = await OpenAsync(ObjectForm.Inode);
        SortedDictionary<string, string> tree = await CheckoutAsync(store, "first");

        Assert.True(store.Convert(Layer, ObjectForm.Content));
        Assert.False(store.Convert(Layer, ObjectForm.Content));
        Assert.Empty(store.VerifyLayer(Layer));
        Assert.Equal(tree, await CheckoutAsync(store, "second"));
        if (isPruned)
        {
            store.Prune(new HashSet<Digest> { Layer }, new HashSet<Digest>());
            Assert.Equal(2, store.ObjectFiles().Count());
        }

        // A hard link of before counts as whole.
        List<string> found = [];
        new TreeCheck(store, content: true, (path, what) => found.Add(path + " " + what)).Compare(
            MergedTree.Build(store, [Layer]),
            Path.Join(_root, "first"),
            []
        );
        Assert.Empty(found);

        Assert.True(store.Convert(Layer, ObjectForm.Inode));
        Assert.Empty(store.VerifyLayer(Layer));
        Assert.Equal(tree, await CheckoutAsync(store, "third"));
        Assert.Empty(
            Directory
                .GetFileSystemEntries(Path.Join(_root, "staging"))
                .Where(Directory.Exists)
                .SelectMany(d => Directory.GetFiles(Path.Join(d, "layers")))
        );
    }

    [Fact]
    public async Task A_layer_that_is_added_again_keeps_its_form()
    {
        using (ContentStore first = await OpenAsync(ObjectForm.Content))
        {
            File.Delete(first.ObjectPath(first.ReadLayer(Layer).Entries[1].Object));
        }

        using ContentStore store = await OpenAsync(ObjectForm.Inode);

        Assert.Equal(ObjectForm.Content, store.FormOf(Layer));
        Assert.Empty(store.VerifyLayer(Layer));
    }

    [Fact]
    public async Task Trees_of_two_forms_are_compared_by_what_is_in_them()
    {
        using ContentStore inodes = await OpenAsync(ObjectForm.Inode);
        using ContentStore contents = ContentStore.Open(Path.Join(_root, "other"), newObjects: _ => ObjectForm.Content);
        byte[] changed = new LayerTar()
            .Dir("etc")
            .File("etc/one", "the sane", mtime: "1600000001")
            .File("etc/two", "the same", mode: 0b110_000_000, uid: 7, gid: 8)
            .File("etc/large", new string('x', 300_000), xattrs: ("user.kind", [1, 2]))
            .Link("etc/again", "etc/large")
            .File("etc/empty")
            .Symlink("link", "etc/one")
            .ToBytes();
        await contents.AddLayerAsync(Digest.Sha256(changed), new MemoryStream(changed), CancellationToken.None);
        contents.Commit();

        TreeChange[] changes =
        [
            .. TreeComparison.Compare(
                MergedTree.Build(inodes, [Layer]),
                MergedTree.Build(contents, [Digest.Sha256(changed)])
            ),
        ];

        Assert.Equal("/etc/one", Assert.Single(changes).Path);
    }

    [Fact]
    public async Task A_layer_is_packed_to_the_same_archive_from_either_form()
    {
        using ContentStore store = await OpenAsync(ObjectForm.Inode);
        using MemoryStream before = new();
        (Digest plain, _) = LayerPacker.Pack(store, Layer, before, bareRoot: false, CancellationToken.None);
        store.Convert(Layer, ObjectForm.Content);
        using MemoryStream after = new();

        Assert.Equal(plain, LayerPacker.Pack(store, Layer, after, bareRoot: false, CancellationToken.None).DiffId);
    }

    [Fact]
    public async Task A_tree_is_read_in_the_other_form_without_a_change()
    {
        using ContentStore store = await OpenAsync(ObjectForm.Inode);

        MergedTree tree = MergedTree.Build(store, [Layer], ObjectForm.Content);

        Assert.True(tree.Root.TryGet("etc"u8, out TreeNode? etc));
        Assert.True(((TreeDirectory)etc).TryGet("one"u8, out TreeNode? one));
        Assert.Equal(VerityHasher.Of("the same"u8).ToString(), ((TreeLeaf)one).Entry.Object.ToString());
        Assert.Equal(ObjectForm.Inode, store.FormOf(Layer));
        Assert.DoesNotContain(
            StoreFormat.ContentObjects,
            await File.ReadAllTextAsync(Path.Join(_root, "meta.json")),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_commit_leaves_a_layer_that_another_process_has_converted_meanwhile()
    {
        using ContentStore late = ContentStore.Open(_root);
        await late.AddLayerAsync(Layer, new MemoryStream(s_layer), CancellationToken.None);
        using ContentStore other = await OpenAsync(ObjectForm.Inode);
        other.Convert(Layer, ObjectForm.Content);

        late.Commit();

        Assert.Equal(ObjectForm.Content, other.FormOf(Layer));
        other.Prune(new HashSet<Digest> { Layer }, new HashSet<Digest>());
        Assert.Empty(other.VerifyLayer(Layer));
    }

    [Fact]
    public async Task What_is_only_looked_at_can_be_read_by_the_names_that_it_would_have()
    {
        using ContentStore store = await OpenAsync(ObjectForm.Inode);
        using ContentStore aside = ContentStore.Open(Path.Join(_root, "aside"), below: store);

        MergedTree tree = MergedTree.Build(aside, [Layer], ObjectForm.Content);

        Assert.Equal("the same", Encoding.UTF8.GetString(tree.Read(tree.Find("/etc/two")!, 100)));
        ComposefsTree image = ComposefsTree.Of(tree, []);
        store.Convert(Layer, ObjectForm.Content);
        Assert.Equal(image.Digest, ComposefsTree.Of(MergedTree.Build(store, [Layer]), []).Digest);
    }

    [Fact]
    public async Task A_layer_that_a_mounted_deployment_needs_comes_in_its_form_whatever_the_hosts_is()
    {
        using ContentStore store = ContentStore.Open(
            _root,
            newObjects: diffId => diffId == Layer ? ObjectForm.Content : ObjectForm.Inode
        );
        byte[] other = new LayerTar().File("other", "x").ToBytes();
        foreach (byte[] layer in (byte[][])[s_layer, other])
        {
            await store.AddLayerAsync(Digest.Sha256(layer), new MemoryStream(layer), CancellationToken.None);
        }

        store.Commit();

        Assert.Equal(ObjectForm.Content, store.FormOf(Layer));
        Assert.Equal(ObjectForm.Inode, store.FormOf(Digest.Sha256(other)));
    }

    [Fact]
    public async Task A_store_that_takes_over_such_a_layer_says_that_one_has_to_know_them()
    {
        using ContentStore store = ContentStore.Open(_root);
        using (
            ContentStore aside = ContentStore.Open(
                Path.Join(_root, "aside"),
                below: store,
                newObjects: _ => ObjectForm.Content
            )
        )
        {
            await aside.AddLayerAsync(Layer, new MemoryStream(s_layer), CancellationToken.None);
            aside.Commit();
            store.TakeOver(aside);
        }

        Assert.Equal(ObjectForm.Content, store.FormOf(Layer));
        Assert.Empty(store.VerifyLayer(Layer));
        Assert.Contains(
            StoreFormat.ContentObjects,
            await File.ReadAllTextAsync(Path.Join(_root, "meta.json")),
            StringComparison.Ordinal
        );
    }

    private async Task<ContentStore> OpenAsync(ObjectForm form)
    {
        ContentStore store = ContentStore.Open(_root, newObjects: _ => form);
        await store.AddLayerAsync(Layer, new MemoryStream(s_layer), CancellationToken.None);
        store.Commit();
        return store;
    }

    private async Task<SortedDictionary<string, string>> CheckoutAsync(ContentStore store, string name)
    {
        string target = Path.Join(_root, name);
        TreeCheckout.Write(MergedTree.Build(store, [Layer]), target, []);
        return await TreeListing.OfAsync(target);
    }
}
