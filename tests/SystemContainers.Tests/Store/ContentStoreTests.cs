// SPDX-License-Identifier: Apache-2.0

using System.Formats.Tar;
using System.Text;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Store;
using SystemContainers.Store.Records;
using SystemContainers.Tests.Fakes;
using Xunit;

namespace SystemContainers.Tests.Store;

public sealed class ContentStoreTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("sysctr-store-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    [Trait("needs", "root")]
    public async Task A_layer_is_seen_by_others_only_after_the_commit()
    {
        byte[] tar = Tar(("etc/hostname", "web\n"), ("etc/empty", ""));
        Digest diffId = Digest.Sha256(tar);
        using (ContentStore store = ContentStore.Open(_root))
        using (ContentStore other = ContentStore.Open(_root))
        {
            await store.AddLayerAsync(diffId, new MemoryStream(tar), CancellationToken.None);
            Assert.True(store.HasLayer(diffId));
            Assert.False(other.HasLayer(diffId));

            store.Commit();
            Assert.True(other.HasLayer(diffId));
        }

        using ContentStore again = ContentStore.Open(_root);
        LayerIndex index = again.ReadLayer(diffId);
        Assert.Equal(["etc/hostname", "etc/empty"], index.Entries.Select(e => Encoding.UTF8.GetString(e.Name)));
        using StreamReader content = new(new FileStream(again.OpenObject(index.Entries[0].Object), FileAccess.Read));
        Assert.Equal("web\n", await content.ReadToEndAsync());
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(_root, "staging")));
    }

    [Fact]
    [Trait("needs", "root")]
    public async Task A_staged_layer_whose_objects_were_pruned_meanwhile_is_not_whole_and_is_added_again()
    {
        byte[] first = new LayerTar().File("shared", "the same").File("one", "1").ToBytes();
        byte[] second = new LayerTar().File("shared", "the same").File("two", "2").ToBytes();
        using ContentStore store = ContentStore.Open(_root);
        using ContentStore pruning = ContentStore.Open(_root);
        await pruning.AddLayerAsync(Digest.Sha256(first), new MemoryStream(first), CancellationToken.None);
        pruning.Commit();
        await store.AddLayerAsync(Digest.Sha256(second), new MemoryStream(second), CancellationToken.None);
        Assert.True(store.HasWhole([Digest.Sha256(first), Digest.Sha256(second)]));

        pruning.Prune(new HashSet<Digest>(), new HashSet<Digest>());

        Assert.False(store.HasWhole([Digest.Sha256(second)]));
        Assert.False(store.HasLayer(Digest.Sha256(second)));
        await store.AddLayerAsync(Digest.Sha256(second), new MemoryStream(second), CancellationToken.None);
        Assert.True(store.HasWhole([Digest.Sha256(second)]));
        store.Commit();
        Assert.Empty(pruning.VerifyLayer(Digest.Sha256(second)));
    }

    [Fact]
    [Trait("needs", "root")]
    public async Task Layers_that_are_taken_over_are_whole_and_without_a_name()
    {
        byte[] first = new LayerTar().File("shared", "the same").File("one", "1").ToBytes();
        byte[] second = new LayerTar().File("shared", "the same").File("two", "2").ToBytes();
        using ContentStore store = ContentStore.Open(Path.Join(_root, "store"));
        await store.AddLayerAsync(Digest.Sha256(first), new MemoryStream(first), CancellationToken.None);
        store.Commit();
        using (ContentStore aside = ContentStore.Open(Path.Join(_root, "aside"), below: store))
        {
            await aside.AddLayerAsync(Digest.Sha256(second), new MemoryStream(second), CancellationToken.None);
            aside.Commit();

            store.TakeOver(aside);
        }

        Directory.Delete(Path.Join(_root, "aside"), recursive: true);
        Assert.Empty(store.VerifyLayer(Digest.Sha256(first)));
        Assert.Empty(store.VerifyLayer(Digest.Sha256(second)));
        Assert.Equal(3, Directory.GetFiles(Path.Join(_root, "store/objects"), "*", SearchOption.AllDirectories).Length);
        store.Prune(new HashSet<Digest> { Digest.Sha256(first) }, new HashSet<Digest>());
        Assert.False(store.HasLayer(Digest.Sha256(second)));
        Assert.Empty(store.VerifyLayer(Digest.Sha256(first)));
    }

    [Fact]
    [Trait("needs", "root")]
    public async Task What_was_not_committed_leaves_nothing()
    {
        byte[] tar = Tar(("file", "content"));
        using (ContentStore store = ContentStore.Open(_root))
        {
            await store.AddLayerAsync(Digest.Sha256(tar), new MemoryStream(tar), CancellationToken.None);
        }

        Assert.Empty(Directory.GetFiles(Path.Combine(_root, "objects"), "*", SearchOption.AllDirectories));
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(_root, "staging")));
    }

    [Fact]
    [Trait("needs", "root")]
    public async Task An_altered_index_is_noticed()
    {
        byte[] tar = Tar(("file", "content"));
        Digest diffId = Digest.Sha256(tar);
        using ContentStore store = ContentStore.Open(_root);
        await store.AddLayerAsync(diffId, new MemoryStream(tar), CancellationToken.None);
        store.Commit();
        string index = Path.Combine(_root, "layers", diffId.Hex);
        byte[] whole = await File.ReadAllBytesAsync(index);
        Assert.Equal("file", Encoding.UTF8.GetString(Assert.Single(store.StreamLayer(diffId)).Name));

        byte[] altered = [.. whole];
        altered[20] ^= 1;
        foreach (
            byte[] bytes in (byte[][])
                [altered, whole[..^1], whole[..20], [], [.. "sysctr layer 2\n"u8, .. whole[15..]], [.. whole, 0]]
        )
        {
            await File.WriteAllBytesAsync(index, bytes);

            Assert.Equal(ErrorKind.Corrupt, Assert.Throws<SysctrException>(() => store.ReadLayer(diffId)).Kind);

            // Before the first entry is given.
            Assert.Equal(ErrorKind.Corrupt, Assert.Throws<SysctrException>(() => store.StreamLayer(diffId)).Kind);
        }
    }

    [Fact]
    public void A_store_of_a_newer_format_is_left_alone()
    {
        ContentStore.Open(_root).Dispose();
        File.WriteAllText(
            Path.Combine(_root, "meta.json"),
            """{ "version": 1, "compatible": [], "readOnlyCompatible": [], "incompatible": ["verity"] }"""
        );

        SysctrException failure = Assert.Throws<SysctrException>(() => ContentStore.Open(_root));

        Assert.Equal(ErrorKind.Host, failure.Kind);
        Assert.Contains("verity", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_container_is_locked_once()
    {
        using ContentStore store = ContentStore.Open(_root);
        using (IDisposable held = store.Locks.LockContainer("etcd", _ => { }, CancellationToken.None))
        {
            Assert.Null(store.Locks.TryLockContainer("etcd"));
            using IDisposable? other = store.Locks.TryLockContainer("flanneld");
            Assert.NotNull(other);
        }

        IDisposable? again = null;
        await LockRelease.AwaitAsync(() => Task.FromResult((again = store.Locks.TryLockContainer("etcd")) is not null));
        Assert.NotNull(again);
        again.Dispose();
    }

    private static byte[] Tar(params (string Name, string Content)[] files)
    {
        MemoryStream memory = new();
        using (TarWriter writer = new(memory, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach ((string name, string content) in files)
            {
                writer.WriteEntry(
                    new PaxTarEntry(System.Formats.Tar.TarEntryType.RegularFile, name)
                    {
                        DataStream = new MemoryStream(Encoding.UTF8.GetBytes(content)),
                    }
                );
            }
        }

        return memory.ToArray();
    }
}
