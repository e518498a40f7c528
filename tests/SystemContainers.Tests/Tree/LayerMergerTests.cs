// SPDX-License-Identifier: Apache-2.0

using System.Text;
using CsCheck;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Tar;
using SystemContainers.Tree;
using Xunit;

namespace SystemContainers.Tests.Tree;

/// <summary>A merger remembers where the last entry went: what it makes is what one makes that remembers
/// nothing.</summary>
public sealed class LayerMergerTests
{
    private static readonly Digest s_diffId = Digest.Sha256("x"u8);

    // Few names, so that entries stand on each other, and on what the last one went through.
    private static readonly Gen<string> s_name = Gen.OneOfConst(
        "a",
        "b",
        "a/b",
        "a/a",
        "b/a",
        "a/b/c",
        "a/b/d",
        "b/b/c",
        "./a/b",
        "/a/b",
        "a//b",
        "a/../b",
        "a/b/..",
        "a/.",
        "l",
        "l/a",
        "l/b",
        "l/b/c",
        "a/l",
        "a/l/b",
        "a/",
        "a/b/",
        "a/b//",
        "a/b/c/d",
        "l/l",
        "l/l/l/",
        "l/l/a",
        "l/",
        "/",
        ".."
    );

    private static readonly Gen<(TarEntryType Type, string Name, string Link)> s_entry = Gen.Frequency(
        (3, s_name.Select(n => (TarEntryType.Directory, n, ""))),
        (5, s_name.Select(n => (TarEntryType.Regular, n, ""))),
        (
            3,
            Gen.Select(
                s_name,
                Gen.OneOfConst(
                    "a",
                    "b",
                    "../b",
                    "/a/b",
                    "l",
                    "nowhere/there",
                    "a/b/..",
                    "b/c/..",
                    "a/l/..",
                    ".",
                    "/",
                    "a/b/c/.."
                ),
                (n, t) => (TarEntryType.Symlink, n, t)
            )
        ),
        (2, Gen.Select(s_name, s_name, (n, t) => (TarEntryType.HardLink, n, t))),
        (
            2,
            Gen.OneOfConst("a/.wh.b", ".wh.a", "l/.wh.b", "a/b/.wh.c", "a/.wh..wh..opq", ".wh..wh..opq", ".wh.l")
                .Select(n => (TarEntryType.Regular, n, ""))
        )
    );

    [Fact]
    [Trait("needs", "time")]
    public void What_was_resolved_before_changes_nothing() =>
        Gen.Select(s_entry.Array[0, 25], s_entry.Array[0, 25])
            .Check(
                layers =>
                    Assert.Equal(
                        Merge(layers.Item1, layers.Item2, remembers: false),
                        Merge(layers.Item1, layers.Item2, remembers: true)
                    ),
                iter: 20_000
            );

    /// <summary>A missing part that ".." follows is taken as it stands, until a link is there.</summary>
    [Fact]
    public void A_link_that_comes_on_the_way_is_followed()
    {
        (TarEntryType, string, string)[] layer =
        [
            (TarEntryType.Directory, "d", ""),
            (TarEntryType.Directory, "other/deep", ""),
            (TarEntryType.Symlink, "l", "d/x/.."),
            (TarEntryType.Regular, "l/f", ""),
            (TarEntryType.Symlink, "l/x", "/other/deep"),
            (TarEntryType.Regular, "l/g", ""),
        ];

        Assert.Contains("/other/g ", Merge(layer, [], remembers: true), StringComparison.Ordinal);
        Assert.Equal(Merge(layer, [], remembers: false), Merge(layer, [], remembers: true));
    }

    /// <summary>A directory stands on a part of its own way, which leads elsewhere from then on.</summary>
    [Fact]
    public void A_directory_that_replaces_a_link_to_where_it_is_has_a_new_way()
    {
        (TarEntryType, string, string)[] layer =
        [
            (TarEntryType.Symlink, "l", "/"),
            (TarEntryType.Directory, "l/l", ""),
            (TarEntryType.Regular, "l/l/f", ""),
        ];

        Assert.Contains("/l/l/f ", Merge(layer, [], remembers: true), StringComparison.Ordinal);
        Assert.Equal(Merge(layer, [], remembers: false), Merge(layer, [], remembers: true));
    }

    /// <summary>Each path with its kind and the layer that touched it last; entries that are refused by their
    /// message.</summary>
    private static string Merge(
        (TarEntryType, string, string)[] lower,
        (TarEntryType, string, string)[] upper,
        bool remembers
    )
    {
        TreeDirectory root = new(TreeDirectory.Undescribed);
        StringBuilder told = new();
        foreach ((int layer, (TarEntryType, string, string)[] entries) in new[] { (0, lower), (1, upper) })
        {
            LayerMerger merger = New(layer);
            foreach ((int i, (TarEntryType type, string name, string link)) in entries.Index())
            {
                try
                {
                    (remembers ? merger : New(layer)).Apply(SampleEntry.Of(type, name, link, i + 1));
                }
                catch (SysctrException e)
                {
                    told.AppendLine(e.Message);

                    // An image is given up at the first.
                    return told.ToString();
                }
            }
        }

        Tell(root, "");
        return told.ToString();

        LayerMerger New(int layer) => new(root, layer, s_diffId, new MergeBudget());

        void Tell(TreeDirectory directory, string path)
        {
            told.AppendLine($"{path}/ {directory.Metadata.MtimeSeconds}");
            foreach ((byte[] name, TreeSlot slot) in directory.Slots)
            {
                string inner = $"{path}/{Encoding.UTF8.GetString(name)}";
                told.AppendLine(
                    $"{inner} {slot.Layer} {(slot.Node as TreeLeaf)?.Entry.Type} {slot.Node.Metadata.MtimeSeconds}"
                );
                if (slot.Node is TreeDirectory below)
                {
                    Tell(below, inner);
                }
            }
        }
    }
}
