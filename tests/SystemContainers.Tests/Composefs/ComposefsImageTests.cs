// SPDX-License-Identifier: Apache-2.0

using System.Security.Cryptography;
using System.Text;
using SystemContainers.Composefs;
using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using SystemContainers.Store.Records;
using SystemContainers.Tar;
using SystemContainers.Tree;
using Xunit;

namespace SystemContainers.Tests.Composefs;

public sealed class ComposefsImageTests
{
    private static readonly FileMetadata s_plain = SampleTree.Plain;

    public static TheoryData<string> FixedNames => [.. FixedTrees.All.Keys];

    [Theory]
    [MemberData(nameof(FixedNames))]
    public void An_image_is_that_of_mkcomposefs(string name)
    {
        (Func<SampleTree> make, string sha256) = FixedTrees.All[name];

        Assert.Equal(sha256, Convert.ToHexStringLower(SHA256.HashData(ImageOf(make()))));
    }

    /// <summary>The whole of the smallest image but for what is alike in all: its blocks hold the superblock, the root,
    /// 256 whiteouts and their names.</summary>
    [Fact]
    public void The_smallest_image_has_what_the_format_says()
    {
        byte[] image = ImageOf(new SampleTree());

        Assert.Equal(
            "9a6278d00100000000000000010000000000000000000000000000000000000000",
            Convert.ToHexStringLower(image.AsSpan(0, 33))
        );
        Assert.Equal(0, image.Length % 4096);
        Assert.Equal("e2e1f5e000000000060000000c002400", Convert.ToHexStringLower(image.AsSpan(1024, 16)));
        Assert.Equal(257, BitConverter.ToInt64(image, 1024 + 16));
        Assert.Equal(
            (s_plain.MtimeSeconds, s_plain.MtimeNanoseconds),
            (BitConverter.ToInt64(image, 1024 + 24), BitConverter.ToInt32(image, 1024 + 32))
        );
        Assert.Equal(image.Length / 4096, BitConverter.ToInt32(image, 1024 + 36));
    }

    [Fact]
    public void The_order_in_which_names_came_does_not_matter()
    {
        for (int seed = 0; seed < 20; seed++)
        {
            SampleTree tree = RandomTree.Of(seed, 300);

            Assert.Equal(ImageOf(tree), ImageOf(tree, Shuffled(tree.Root, new Random(seed))));
        }
    }

    [Fact]
    public void Content_is_asked_for_once_an_inode_and_only_of_small_files()
    {
        SampleTree tree = new();
        TreeLeaf small = tree.Small(tree.Root, [1], [1, 2, 3]);
        tree.Root.Set([2], small, 0);
        tree.Small(tree.Root, [3], []);
        SampleTree.Large(tree.Root, [4], 65, 1);
        List<LayerEntry> asked = [];

        new ComposefsImage(tree.Root).Write(
            entry =>
            {
                asked.Add(entry);
                return tree.Content(entry);
            },
            Stream.Null
        );

        Assert.Equal([small.Entry], asked);
    }

    public static TheoryData<string, string> Refused =>
        new()
        {
            { "long name", "/directory/nnn" },
            { "empty name", "a name has 1 to 255 bytes" },
            { "slash in a name", "no name of a file" },
            { "zero in a name", "no name of a file" },
            { "dot", "no name of a file" },
            { "two dots", "no name of a file" },
            { "long target", "/directory/link: a symbolic link's target has 1 to 4095 bytes" },
            { "no target", "/directory/link: a symbolic link's target" },
            { "zero in a target", "/directory/link: a symbolic link's target" },
            {
                "large attribute",
                "/directory/file: its extended attributes, with 7 bytes for each, take 32756 bytes, and 32755 is the most"
            },
            { "large attributes of the root", "/: its extended attributes" },
            { "long attribute name", "/directory/file: an attribute's name has 1 to 255 bytes" },
            { "empty attribute name", "an attribute's name has 1 to 255 bytes" },
            { "large file", "a file of 9007199254740993 bytes is larger" },
            { "negative size", "a file of -1 bytes" },
            { "large device", "no kernel has a device 4096:0" },
            { "large minor", "no kernel has a device 1:1048576" },
            { "whiteout twice", "a whiteout has several names" },
            { "directory twice", "/directory/again: the directory has two places" },
            { "directory in itself", "/directory/self: the directory has two places" },
        };

    [Theory]
    [MemberData(nameof(Refused))]
    public void What_an_image_can_not_hold_is_refused_before_a_byte_is_written(string what, string why)
    {
        SampleTree tree = new(
            what == "large attributes of the root"
                ? s_plain with
                {
                    Xattrs = [new FileXattr([.. "user.x"u8], new byte[40_000])],
                }
                : null
        );
        TreeDirectory directory = SampleTree.Directory(tree.Root, "directory");
        Put(what, tree, directory);

        SysctrException refused = Assert.Throws<SysctrException>(() => new ComposefsImage(tree.Root));

        Assert.Equal(ErrorKind.Unsafe, refused.Kind);
        Assert.Contains(why, refused.Message, StringComparison.Ordinal);
        Assert.StartsWith("writing the composefs image: /", refused.Message, StringComparison.Ordinal);
    }

    private static void Put(string what, SampleTree tree, TreeDirectory directory)
    {
        byte[] file = [.. "file"u8];
        byte[] link = [.. "link"u8];
        switch (what)
        {
            case "long name":
                tree.Small(directory, Repeated('n', 256), []);
                break;
            case "empty name":
                tree.Small(directory, [], []);
                break;
            case "slash in a name":
                tree.Small(directory, [.. "a/b"u8], []);
                break;
            case "zero in a name":
                tree.Small(directory, [1, 0], []);
                break;
            case "dot":
                SampleTree.Directory(directory, ".");
                break;
            case "two dots":
                tree.Small(directory, [.. ".."u8], []);
                break;
            case "long target":
                SampleTree.Symlink(directory, link, Repeated('t', 4096));
                break;
            case "no target":
                SampleTree.Symlink(directory, link, []);
                break;
            case "zero in a target":
                SampleTree.Symlink(directory, link, [1, 0, 1]);
                break;
            case "large attribute":
                tree.Small(
                    directory,
                    file,
                    [],
                    s_plain with
                    {
                        Xattrs = [new FileXattr([.. "user.x"u8], new byte[32767 - 12 - 7 - 6 + 1])],
                    }
                );
                break;
            case "long attribute name":
                tree.Small(directory, file, [], s_plain with { Xattrs = [new FileXattr(Repeated('u', 256), [])] });
                break;
            case "empty attribute name":
                tree.Small(directory, file, [], s_plain with { Xattrs = [new FileXattr([], [])] });
                break;
            case "large file":
                SampleTree.Large(directory, file, (1L << 53) + 1, 1);
                break;
            case "negative size":
                SampleTree.Large(directory, file, -1, 1);
                break;
            case "large device":
                SampleTree.Special(directory, file, TarEntryType.CharacterDevice, 4096);
                break;
            case "large minor":
                SampleTree.Special(directory, file, TarEntryType.BlockDevice, 1, 1 << 20);
                break;
            case "whiteout twice":
                directory.Set(link, SampleTree.Special(directory, file, TarEntryType.CharacterDevice), 0);
                break;
            case "directory twice":
                directory.Set([.. "again"u8], SampleTree.Directory(directory, "a"), 0);
                break;
            case "directory in itself":
                directory.Set([.. "self"u8], directory, 0);
                break;
        }
    }

    [Fact]
    public void An_image_within_its_limit_is_written_and_one_beyond_is_not()
    {
        SampleTree tree = new();
        TreeDirectory directory = SampleTree.Directory(tree.Root, "directory");
        for (int i = 0; i < 1000; i++)
        {
            SampleTree.Large(
                directory,
                Repeated('n', 1 + (i % 200)).Concat(Encoding.ASCII.GetBytes($"{i}")).ToArray(),
                1000,
                i
            );
        }

        long blocks = ImageOf(tree).Length / 4096;
        Assert.Equal(blocks * 4096, new ComposefsImage(tree.Root, maxBlocks: blocks).Length);
        SysctrException refused = Assert.Throws<SysctrException>(() =>
            new ComposefsImage(tree.Root, maxBlocks: blocks - 1)
        );

        Assert.Equal(ErrorKind.Unsafe, refused.Kind);
        Assert.Contains($"would have {blocks} blocks", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(9)]
    [InlineData(100_000)]
    public void Content_of_another_length_is_corrupt(int length)
    {
        SampleTree tree = new();
        tree.Small(SampleTree.Directory(tree.Root, "etc"), [.. "issue"u8], new byte[8]);

        SysctrException refused = Assert.Throws<SysctrException>(() =>
            new ComposefsImage(tree.Root).Write(_ => new byte[length], Stream.Null)
        );

        Assert.Equal(ErrorKind.Corrupt, refused.Kind);
        Assert.Contains(
            $"/etc/issue: its content has {length} bytes and not 8",
            refused.Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("", 0u, 0x02cc5d05u)]
    [InlineData("abc", 0u, 0x32d153ffu)]
    [InlineData("Nobody inspects the spammish repetition", 0u, 0xe2293b2fu)]
    public void Names_are_hashed_as_xxhash_does(string text, uint seed, uint hash) =>
        Assert.Equal(hash, XxHash32.Of(Encoding.ASCII.GetBytes(text), seed));

    private static byte[] Repeated(char one, int count) => Encoding.ASCII.GetBytes(new string(one, count));

    private static byte[] ImageOf(SampleTree tree, TreeDirectory? root = null)
    {
        using MemoryStream image = new();
        ComposefsImage made = new(root ?? tree.Root);
        made.Write(tree.Content, image);
        byte[] bytes = made.ToBytes(tree.Content);
        Assert.Equal(bytes, image.ToArray());
        return bytes;
    }

    private static TreeDirectory Shuffled(TreeDirectory directory, Random random)
    {
        TreeDirectory copy = new(directory.Metadata);
        KeyValuePair<byte[], TreeSlot>[] slots = [.. directory.Slots];
        random.Shuffle(slots);
        foreach ((byte[] name, TreeSlot slot) in slots)
        {
            copy.Set(name, slot.Node is TreeDirectory inner ? Shuffled(inner, random) : slot.Node, slot.Layer);
        }

        return copy;
    }
}
