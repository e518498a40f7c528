// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using SystemContainers.Checkout;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Store;
using SystemContainers.Store.Records;
using SystemContainers.TestBed;
using SystemContainers.Tests.Fakes;
using SystemContainers.Tree;
using Xunit;

namespace SystemContainers.Tests.Store;

/// <summary>Many at once, death in the middle, a full disk: what the store shows is whole, and what is not whole goes
/// away.</summary>
public sealed class StoreFaultTests : IDisposable
{
    private readonly string _scratch = Directory.CreateTempSubdirectory("sysctr-fault-").FullName;

    private string Root => Path.Combine(_scratch, "store");

    public void Dispose() => Cache.DeleteAsync(_scratch).GetAwaiter().GetResult();

    [Fact]
    [Trait("needs", "root")]
    public async Task Layers_that_share_files_are_added_side_by_side_by_threads_and_processes()
    {
        using (Process first = StoreChild.Start(Root, "0", "1", "2"))
        using (Process second = StoreChild.Start(Root, "2", "3", "0"))
        using (ContentStore store = ContentStore.Open(Root))
        {
            await Task.WhenAll(Enumerable.Range(0, 5).Select(seed => AddAsync(store, StoreChild.Layer(seed))));
            store.Commit();
            await Task.WhenAll(first.WaitForExitAsync(), second.WaitForExitAsync());
            Assert.Equal((0, 0), (first.ExitCode, second.ExitCode));
        }

        using ContentStore after = ContentStore.Open(Root);
        for (int seed = 0; seed < 5; seed++)
        {
            AssertWhole(after, seed);
        }

        // 100 files that all have, 200 and a large one of each.
        Assert.Equal(100 + (5 * 201), Objects().Length);
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(Root, "staging")));
    }

    [Fact]
    [Trait("needs", "root")]
    public async Task What_a_killed_process_was_adding_is_never_seen_and_goes_away()
    {
        using Process child = StoreChild.Start(Root, "0", "hang1");
        Assert.Equal("in the middle", await child.StandardOutput.ReadLineAsync());

        using (ContentStore beside = ContentStore.Open(Root))
        {
            Assert.False(beside.HasLayer(Digest.Sha256(StoreChild.Layer(0))));
            Assert.NotEmpty(Directory.GetFileSystemEntries(Path.Combine(Root, "staging")));
        }

        child.Kill();
        await child.WaitForExitAsync();
        using ContentStore after = ContentStore.Open(Root);
        Assert.False(after.HasLayer(Digest.Sha256(StoreChild.Layer(0))));
        Assert.False(after.HasLayer(Digest.Sha256(StoreChild.Layer(1))));
        Assert.Empty(Objects());
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(Root, "staging")));
        await AddAsync(after, StoreChild.Layer(1));
        after.Commit();
        AssertWhole(after, 1);
    }

    [Fact]
    [Trait("needs", "root")]
    public async Task A_layer_that_fails_at_its_end_leaves_the_others_and_another_attempt_alone()
    {
        using ContentStore store = ContentStore.Open(Root);
        byte[] bytes = StoreChild.Layer(0);
        SysctrException failure = new(ErrorKind.Corrupt, "the digest is wrong");

        SysctrException thrown = await Assert.ThrowsAsync<SysctrException>(() =>
            store.AddLayerAsync(Digest.Sha256(bytes), new FailingStream(bytes, failure), CancellationToken.None)
        );
        Assert.Same(failure, thrown);
        Assert.False(store.HasLayer(Digest.Sha256(bytes)));

        await AddAsync(store, StoreChild.Layer(1));
        await AddAsync(store, bytes);
        store.Commit();
        AssertWhole(store, 0);
        AssertWhole(store, 1);
    }

    [Fact]
    [Trait("needs", "root")]
    public async Task A_layer_whose_conversion_was_cut_is_whole_in_one_form_or_the_other()
    {
        string trace = Path.Combine(_scratch, "trace");
        string original = Path.Combine(_scratch, "original");
        using (ContentStore store = ContentStore.Open(original))
        {
            await AddAsync(store, StoreChild.Layer(0));
            store.Commit();
        }

        await ConvertAsync($"trace:{trace}");
        int steps = File.ReadAllLines(trace).Length;
        Assert.True(steps > 300);
        int converted = 0;

        // All links are the same step; what comes before them and after them is not.
        foreach (int step in Enumerable.Range(1, steps).Where(s => s < 8 || s > steps - 16 || s % 61 == 0))
        {
            await ConvertAsync($"kill:{step}");
            using ContentStore store = ContentStore.Open(Root);
            AssertWhole(store, 0);
            Assert.Empty(store.VerifyLayer(Digest.Sha256(StoreChild.Layer(0))));
            converted += store.FormOf(Digest.Sha256(StoreChild.Layer(0))) == ObjectForm.Content ? 1 : 0;

            // The next one carries it out.
            store.Convert(Digest.Sha256(StoreChild.Layer(0)), ObjectForm.Content);
            AssertWhole(store, 0);
        }

        Assert.InRange(converted, 1, 20);

        async Task ConvertAsync(string fault)
        {
            await Cache.DeleteAsync(Root);
            await Command.MustAsync("cp", "-a", original, Root);
            using Process child = StoreChild.Start(Root, fault, ["convert0"]);
            await child.WaitForExitAsync();
        }
    }

    [Fact]
    [Trait("needs", "root")]
    public async Task A_full_disk_is_told_and_shows_nothing()
    {
        Directory.CreateDirectory(Root);
        await Command.MustAsync("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", Root);
        try
        {
            byte[] large = new LayerTar().File("small", "s").File("large", new string('l', 6_000_000)).ToBytes();
            byte[] many = new LayerTar().File("a", new string('a', 200_000)).ToBytes();
            LayerTar filling = new();
            for (int i = 0; i < 40; i++)
            {
                filling.File($"{i}", new string((char)('A' + i), 200_000));
            }

            using (ContentStore store = ContentStore.Open(Root))
            {
                foreach (byte[] tooMuch in (byte[][])[large, filling.ToBytes()])
                {
                    SysctrException failure = await Assert.ThrowsAsync<SysctrException>(() => AddAsync(store, tooMuch));
                    Assert.Equal(ErrorKind.Storage, failure.Kind);
                    Assert.False(store.HasLayer(Digest.Sha256(tooMuch)));
                }
            }

            using ContentStore after = ContentStore.Open(Root);
            Assert.Empty(Objects());
            await AddAsync(after, many);
            after.Commit();
            Assert.True(after.HasLayer(Digest.Sha256(many)));
        }
        finally
        {
            await Command.MustAsync("umount", "--lazy", Root);
        }
    }

    [Fact]
    [Trait("needs", "root")]
    public async Task A_checkout_on_a_full_disk_is_told_and_leaves_nothing()
    {
        using ContentStore store = ContentStore.Open(Root);
        byte[] layer = new LayerTar()
            .Dir("d")
            .File("d/a", new string('a', 800_000))
            .File("b", new string('b', 800_000))
            .ToBytes();
        await AddAsync(store, layer);
        store.Commit();
        string small = Path.Combine(_scratch, "small");
        Directory.CreateDirectory(small);
        await Command.MustAsync("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", small);
        try
        {
            // Another file system: copies in place of links.
            SysctrException failure = Assert.Throws<SysctrException>(() =>
                TreeCheckout.Write(MergedTree.Build(store, [Digest.Sha256(layer)]), Path.Combine(small, "rootfs"), [])
            );
            Assert.Equal(ErrorKind.Storage, failure.Kind);
            Assert.Empty(Directory.GetFileSystemEntries(small));
        }
        finally
        {
            await Command.MustAsync("umount", "--lazy", small);
        }
    }

    [Fact]
    [Trait("needs", "root")]
    public async Task A_ref_makes_durable_what_it_names()
    {
        byte[] layer = StoreChild.Layer(0);
        Digest diffId = Digest.Sha256(layer);
        ImageRecord record = new(
            "docker://example.org/etcd:latest",
            diffId,
            diffId,
            [diffId],
            DateTimeOffset.UnixEpoch
        );
        using (ContentStore store = ContentStore.Open(Root))
        {
            Assert.Equal(ErrorKind.Corrupt, Assert.Throws<SysctrException>(() => store.Images.Set(record)).Kind);
            Assert.Null(store.Images.Find(record.Reference));

            await AddAsync(store, layer);
            store.Images.Set(record);
        }

        using ContentStore after = ContentStore.Open(Root);
        Assert.Equal(record.DiffIds, after.Images.Find(record.Reference)!.DiffIds);
        Assert.Equal([record.Reference], after.Images.List().Select(r => r.Reference));
        AssertWhole(after, 0);
        after.Images.Delete(record.Reference);
        Assert.Empty(after.Images.List());
    }

    [Fact]
    public void Only_root_looks_into_the_store()
    {
        Directory.CreateDirectory(Root, (UnixFileMode)0b111_101_101);

        ContentStore.Open(Root).Dispose();

        Assert.Equal((UnixFileMode)0b111_000_000, File.GetUnixFileMode(Root));
    }

    private static Task AddAsync(ContentStore store, byte[] layer) =>
        store.AddLayerAsync(Digest.Sha256(layer), new MemoryStream(layer), CancellationToken.None);

    private string[] Objects() => Directory.GetFiles(Path.Combine(Root, "objects"), "*", SearchOption.AllDirectories);

    /// <summary>Every file of the layer can be read and is what was put in.</summary>
    private static void AssertWhole(ContentStore store, int seed)
    {
        MergedTree tree = MergedTree.Build(store, [Digest.Sha256(StoreChild.Layer(seed))]);
        for (int i = 0; i < 300; i++)
        {
            Assert.Equal($"content {i} of {(i % 3 == 0 ? "all" : seed)}", Text(tree, $"/d/{i}"));
        }

        Assert.Equal(new string((char)('a' + seed), 400_000), Text(tree, "/d/large"));
    }

    private static string Text(MergedTree tree, string path) =>
        System.Text.Encoding.ASCII.GetString(tree.Read(tree.Find(path)!, 1 << 20));

    private sealed class FailingStream(byte[] bytes, Exception failure) : MemoryStream(bytes)
    {
        // A derived MemoryStream leads reads of spans here, too.
        public override int Read(byte[] buffer, int offset, int count) =>
            Position == Length ? throw failure : base.Read(buffer, offset, count);
    }
}
