// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Store.Records;
using SystemContainers.Tar;
using SystemContainers.Tests.Tree;
using SystemContainers.Tree;
using Xunit;

namespace SystemContainers.Tests.Checkout;

/// <summary>What merging an image's layers may cost, at the limit and one above.</summary>
[Trait("needs", "time")]
public sealed class MergeLimitTests
{
    private static readonly Digest s_diffId = Digest.Sha256("x"u8);

    private readonly TreeDirectory _root = new(TreeDirectory.Undescribed);

    [Fact]
    public void Directories_in_each_other()
    {
        string just = string.Join('/', Enumerable.Repeat("d", LayerMerger.MaxDepth));
        Apply(
            0,
            SampleEntry.Of(TarEntryType.Directory, just),
            SampleEntry.Of(TarEntryType.Symlink, just + "/link", "x")
        );

        Refused(0, SampleEntry.Of(TarEntryType.Directory, just + "/d"));
        Refused(0, SampleEntry.Of(TarEntryType.Symlink, just + "/d/link", "x"));
    }

    [Fact]
    public void Entries_of_all_layers_together()
    {
        LayerEntry entry = SampleEntry.Of(TarEntryType.Directory, "d");
        long cost = TarLimits.EntryBytes + 1;
        MergeBudget budget = new(maxBytes: 3 * cost);
        for (int layer = 0; layer < 3; layer++)
        {
            new LayerMerger(_root, layer, s_diffId, budget).Apply(entry);
        }

        SysctrException e = Assert.Throws<SysctrException>(() =>
            new LayerMerger(_root, 3, s_diffId, budget).Apply(entry)
        );

        Assert.Equal(ErrorKind.Unsafe, e.Kind);
        Assert.Contains($"{3 * cost} bytes", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Directories_that_no_entry_describes_count()
    {
        string deep = string.Join('/', Enumerable.Repeat("a", 1700));
        MergeBudget budget = new(maxBytes: 2 << 20);
        LayerMerger merger = new(_root, 0, s_diffId, budget);
        merger.Apply(SampleEntry.Of(TarEntryType.Symlink, $"0/{deep}/x", "x"));
        merger.Apply(SampleEntry.Of(TarEntryType.Symlink, $"0/{deep}/y", "x"));
        merger.Apply(SampleEntry.Of(TarEntryType.Symlink, $"1/{deep}/x", "x"));

        SysctrException e = Assert.Throws<SysctrException>(() =>
            merger.Apply(SampleEntry.Of(TarEntryType.Symlink, $"2/{deep}/x", "x"))
        );

        Assert.Equal(ErrorKind.Unsafe, e.Kind);
        Assert.Contains($"{2 << 20} bytes", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Symbolic_links_that_are_followed()
    {
        // Each name leads through two hundred links of a hundred parts each.
        MergeBudget budget = new(maxSteps: 1_000_000);
        LayerMerger merger = new(_root, 0, s_diffId, budget);
        merger.Apply(SampleEntry.Of(TarEntryType.Directory, "end"));
        string detour = string.Concat(Enumerable.Repeat("end/../", 50));
        for (int i = 0; i < 200; i++)
        {
            merger.Apply(SampleEntry.Of(TarEntryType.Symlink, $"l{i}", detour + (i == 0 ? "end" : $"l{i - 1}")));
        }

        SysctrException e = Assert.Throws<SysctrException>(() =>
        {
            for (int i = 0; i < 1000; i++)
            {
                // One after the other in the same directory would be resolved once.
                merger.Apply(SampleEntry.Of(TarEntryType.Symlink, $"l{199 - (i % 2)}/{i}", "x"));
            }
        });

        Assert.Equal(ErrorKind.Unsafe, e.Kind);
        Assert.Contains("1000000 parts", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Repeated_opaque_whiteouts_are_linear()
    {
        const int Many = 20_000;
        Apply(0, [.. Enumerable.Range(0, Many).Select(i => SampleEntry.Of(TarEntryType.Symlink, $"d/lower{i}", "x"))]);
        LayerEntry opaque = SampleEntry.Of(TarEntryType.Symlink, "d/.wh..wh..opq", "x");
        long before = GC.GetAllocatedBytesForCurrentThread();
        Apply(
            1,
            [
                .. Enumerable
                    .Range(0, Many)
                    .SelectMany(i => (LayerEntry[])[SampleEntry.Of(TarEntryType.Symlink, $"d/own{i}", "x"), opaque]),
            ]
        );

        // Each walk through a directory copies its list: twenty thousand of them would be gigabytes. Time says less on
        // a busy machine.
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < 500 << 20, $"{allocated >> 20} MiB");
        Assert.True(_root.TryGet("d"u8, out TreeNode? directory));
        Assert.Equal(Many, ((TreeDirectory)directory).Slots.Count);
    }

    [Fact]
    public void Opaque_whiteouts_of_nested_directories_spare_what_their_layer_brought()
    {
        const int Depth = 40;
        const int Many = 50;
        string Path(int depth) => string.Join('/', Enumerable.Repeat("d", depth));
        Apply(
            0,
            [
                .. Enumerable
                    .Range(0, Many)
                    .Select(i => SampleEntry.Of(TarEntryType.Symlink, $"{Path(Depth)}/lower{i}", "x")),
            ]
        );
        Apply(
            1,
            [
                .. Enumerable
                    .Range(0, Many)
                    .Select(i => SampleEntry.Of(TarEntryType.Symlink, $"{Path(Depth)}/own{i}", "x")),
                .. Enumerable
                    .Range(0, Many)
                    .SelectMany(_ =>
                        Enumerable
                            .Range(1, Depth)
                            .Select(d => SampleEntry.Of(TarEntryType.Symlink, $"{Path(d)}/.wh..wh..opq", "x"))
                    ),
            ]
        );

        TreePath end = TreePath.Resolve(_root, Encoding.UTF8.GetBytes(Path(Depth)))!;
        Assert.Equal(Many, ((TreeDirectory)end.Node!).Slots.Count);
    }

    [Fact]
    public void A_later_layer_is_opaque_again()
    {
        Apply(0, SampleEntry.Of(TarEntryType.Symlink, "d/a", "x"));
        Apply(
            1,
            SampleEntry.Of(TarEntryType.Symlink, "d/.wh..wh..opq", "x"),
            SampleEntry.Of(TarEntryType.Symlink, "d/b", "x")
        );
        Apply(
            2,
            SampleEntry.Of(TarEntryType.Symlink, "d/.wh..wh..opq", "x"),
            SampleEntry.Of(TarEntryType.Symlink, "d/c", "x")
        );

        Assert.True(_root.TryGet("d"u8, out TreeNode? directory));
        Assert.Equal("c", Encoding.UTF8.GetString(Assert.Single(((TreeDirectory)directory).Slots).Key));
    }

    private void Apply(int layer, params LayerEntry[] entries)
    {
        LayerMerger merger = new(_root, layer, s_diffId, new MergeBudget());
        foreach (LayerEntry entry in entries)
        {
            merger.Apply(entry);
        }
    }

    private void Refused(int layer, LayerEntry entry) =>
        Assert.Equal(ErrorKind.Unsafe, Assert.Throws<SysctrException>(() => Apply(layer, entry)).Kind);
}
