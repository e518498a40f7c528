// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Store;
using SystemContainers.TestBed;
using SystemContainers.Tests.Fakes;
using SystemContainers.Tree;
using Xunit;

namespace SystemContainers.Tests.Tree;

/// <summary>What differs between two images, path by path.</summary>
[Trait("needs", "root")]
public sealed class TreeComparisonTests : IDisposable
{
    private readonly string _scratch = Directory.CreateTempSubdirectory("sysctr-compare-").FullName;
    private readonly ContentStore _store;

    public TreeComparisonTests() => _store = ContentStore.Open(Path.Combine(_scratch, "store"));

    [Fact]
    public async Task Every_kind_of_difference_is_told()
    {
        MergedTree old = await TreeAsync(
            new LayerTar()
                .Dir("same")
                .File("same/file", "x")
                .Dir("gone")
                .File("gone/inner", "x")
                .File("content", "one")
                .File("longer", "one")
                .File("mode", "x")
                .File("owner", "x")
                .File("xattrs", "x")
                .File("type", "x")
                .Symlink("link", "here")
                .Device('3', "device", 1, 3)
                .File("touched", "x")
                .File("touched-content", "one")
        );
        MergedTree now = await TreeAsync(
            new LayerTar()
                .Dir("same")
                .File("same/file", "x")
                .Dir("new")
                .File("new/inner", "x")
                .File("content", "two")
                .File("longer", "three")
                .File("mode", "x", mode: 0b111_101_101)
                .File("owner", "x", uid: 7)
                .File("xattrs", "x", xattrs: ("user.a", [1]))
                .Dir("type")
                .File("type/inner", "x")
                .Symlink("link", "there")
                .Device('3', "device", 1, 5)
                .File("touched", "x", mtime: "1700000000")
                .File("touched-content", "two", mtime: "1700000000")
        );

        Assert.Equal(
            [
                "Changed /content content",
                "Deleted /gone ",
                "Changed /link target",
                "Changed /longer content",
                "Changed /mode mode",
                "Added /new ",
                "Added /new/inner ",
                "Changed /owner owner",
                "Changed /touched-content content",
                "Changed /type type mode",
                "Added /type/inner ",
                "Changed /xattrs xattrs",
            ],
            TreeComparison.Compare(old, now).Select(c => $"{c.Kind} {c.Path} {string.Join(' ', c.What)}")
        );
        Assert.Empty(TreeComparison.Compare(old, old));
    }

    [Fact]
    public async Task Paths_that_differ_have_a_limit_together()
    {
        MergedTree old = await TreeAsync(new LayerTar().Dir("d"));
        MergedTree now = await TreeAsync(new LayerTar().Dir("d").File("d/a", "x").File("d/b", "x"));

        Assert.Equal(2, TreeComparison.Compare(old, now, maxPathLength: 8).Count);
        SysctrException e = Assert.Throws<SysctrException>(() => TreeComparison.Compare(old, now, maxPathLength: 7));

        Assert.Equal(ErrorKind.Unsafe, e.Kind);
        Assert.Contains("7 characters", e.Message, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _store.Dispose();
        Cache.DeleteAsync(_scratch).GetAwaiter().GetResult();
    }

    private async Task<MergedTree> TreeAsync(LayerTar layer)
    {
        byte[] tar = layer.ToBytes();
        Digest diffId = Digest.Sha256(tar);
        await _store.AddLayerAsync(diffId, new MemoryStream(tar), CancellationToken.None);
        _store.Commit();
        return MergedTree.Build(_store, [diffId]);
    }
}
