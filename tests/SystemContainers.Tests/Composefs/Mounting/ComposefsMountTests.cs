// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using SystemContainers.Composefs;
using SystemContainers.Composefs.Mounting;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Native;
using SystemContainers.Linux.Processes;
using SystemContainers.Linux.Verity;
using SystemContainers.Store.Records;
using SystemContainers.Tar;
using SystemContainers.TestBed;
using SystemContainers.Tree;
using Xunit;

namespace SystemContainers.Tests.Composefs.Mounting;

/// <summary>The kernel as the reader: an image and its objects mounted are the tree again.</summary>
[Trait("needs", "root")]
public sealed class ComposefsMountTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sysctr-mount-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_mounted_image_is_the_tree()
    {
        SampleTree tree = Tree();
        string objects = Path.Combine(_folder, "objects");
        foreach ((ObjectKey key, byte[] content) in tree.Objects)
        {
            string hex = key.ToString();
            Directory.CreateDirectory(Path.Combine(objects, hex[..2]));
            await File.WriteAllBytesAsync(
                Path.Combine(objects, hex[..2], hex[2..]),
                content,
                TestContext.Current.CancellationToken
            );
        }

        string image = Path.Combine(_folder, "image");
        await using (FileStream target = File.Create(image))
        {
            new ComposefsImage(tree.Root).Write(tree.Content, target);
        }

        CommandResult printed = (
            await Command.RunAsync(
                "unshare",
                "--mount",
                "--propagation",
                "private",
                "python3",
                Path.Combine(Workspace.Root, "tests/SystemContainers.Tests/Composefs/inodes.py"),
                image,
                objects,
                _folder
            )
        ).MustSucceed();

        JsonNode[] shown =
        [
            .. printed.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonNode.Parse(l)!),
        ];
        Assert.Equal(Lines(tree), shown.Select(Line).Order(StringComparer.Ordinal));

        // One inode for the names that the tree has for one leaf, and another for another.
        ILookup<string, string> names = shown.ToLookup(s => (string)s["inode"]!, s => Text((string)s["path"]!));
        Assert.Equal(
            [
                ["/a/link to it", "/a/sub/deep", "/large"],
                ["/a/fifo", "/another fifo"],
            ],
            names
                .Where(g => g.Count() > 1)
                .Select(g => g.Order(StringComparer.Ordinal).ToArray())
                .OrderByDescending(g => g.Length)
        );
    }

    /// <summary>A kernel before 6.5 would show the objects of all images in a directory of that name.</summary>
    [Theory]
    [InlineData(false, "00", false)]
    [InlineData(false, "ff", true)]
    [InlineData(true, "00", false)]
    [InlineData(true, "ff", true)]
    [InlineData(true, "link", false)]
    public void No_object_is_seen_in_a_directory_of_the_tree(bool isOld, string name, bool isDirectory)
    {
        SampleTree tree = new();
        if (isDirectory)
        {
            SampleTree.Directory(tree.Root, name);
        }
        else if (name == "link")
        {
            SampleTree.Symlink(tree.Root, [.. "00"u8], [.. "/usr"u8], SampleTree.Plain with { Mode = 0b111_111_111 });
        }

        string objects = Path.Combine(_folder, "objects");
        Directory.CreateDirectory(Path.Combine(objects, "ff"));
        File.WriteAllText(Path.Combine(objects, "ff", "other"), "another image's");
        byte[] bytes = new ComposefsImage(tree.Root).ToBytes(tree.Content);
        string image = Path.Combine(_folder, "image");
        File.WriteAllBytes(image, bytes);
        string place = Directory.CreateDirectory(Path.Combine(_folder, "place")).FullName;
        bool? isShown = null;
        void Show() =>
            OwnThread.Run(() =>
            {
                OwnMounts.Leave(Libc.MS_PRIVATE);
                ComposefsMount mount = ComposefsMount.Open(image, VerityHasher.Of(bytes), objects, place, "sysctr");
                mount.IsWithoutDataLayers = isOld;
                mount.Complete();
                isShown = File.Exists(Path.Combine(place, "ff", "other"));
            });

        if (isOld && isDirectory)
        {
            SysctrException e = Assert.Throws<SysctrException>(Show);
            Assert.Equal(ErrorKind.Host, e.Kind);
            Assert.Contains("/ff", e.Message, StringComparison.Ordinal);
        }
        else
        {
            Show();
            Assert.False(isShown);
        }
    }

    private static SampleTree Tree()
    {
        FileMetadata plain = SampleTree.Plain;
        SampleTree tree = new(
            new FileMetadata(0b111_101_000, 10, 70_000, -3, 999_999_999, [new FileXattr([.. "user.root"u8], [1])])
        );
        TreeDirectory a = SampleTree.Directory(
            tree.Root,
            "a",
            plain with
            {
                Mode = 0b001_111_111_111,
                MtimeSeconds = -1_000_000,
                MtimeNanoseconds = 1,
            }
        );
        TreeDirectory sub = SampleTree.Directory(a, "sub");
        byte[] content = new byte[300_000];
        new Random(1).NextBytes(content);
        TreeLeaf large = tree.File(
            tree.Root,
            "large",
            content,
            plain with
            {
                Mode = 0b100_111_101_101,
                Uid = 1000,
                MtimeNanoseconds = 123_456_789,
            }
        );
        a.Set([.. "link to it"u8], large, 0);
        sub.Set([.. "deep"u8], large, 0);
        tree.File(tree.Root, "same content", content, plain with { Uid = 3 });
        tree.File(tree.Root, "empty", []);
        tree.File(tree.Root, "small", [.. "small\n"u8], plain with { Gid = 65_536 });
        tree.File(tree.Root, "64", new byte[64]);
        tree.File(tree.Root, "65", new byte[65]);
        tree.File(
            a,
            "attributes",
            content[..5000],
            plain with
            {
                Xattrs =
                [
                    new FileXattr(
                        [.. "security.capability"u8],
                        Convert.FromHexString("0100000200040000000000000000000000000000")
                    ),
                    new FileXattr([.. "trusted.overlay.opaque"u8], [(byte)'y']),
                    new FileXattr([.. "trusted.x"u8], new byte[3000]),
                    new FileXattr([.. "user.shared"u8], [.. "value"u8]),
                ],
            }
        );
        tree.File(
            sub,
            "also",
            content[..70],
            plain with
            {
                Xattrs = [new FileXattr([.. "user.shared"u8], [.. "value"u8])],
            }
        );
        TreeLeaf fifo = SampleTree.Special(a, [.. "fifo"u8], TarEntryType.Fifo);
        tree.Root.Set([.. "another fifo"u8], fifo, 0);
        SampleTree.Special(a, [.. "null"u8], TarEntryType.CharacterDevice, 1, 3);
        SampleTree.Special(a, [.. "disk"u8], TarEntryType.BlockDevice, 259, 4711);
        SampleTree.Symlink(a, [.. "short"u8], [.. "../large"u8], plain with { Mode = 0b111_111_111, MtimeSeconds = 1 });
        SampleTree.Symlink(
            a,
            [.. "long"u8],
            [.. Enumerable.Repeat((byte)'t', 4095)],
            plain with
            {
                Mode = 0b111_111_111,
            }
        );
        SampleTree.Directory(tree.Root, "00");
        TreeDirectory many = SampleTree.Directory(tree.Root, "many");
        for (int i = 0; i < 2000; i++)
        {
            tree.File(many, $"{new string('n', i % 200)}{i}", [.. "many"u8, .. new byte[i % 100]]);
        }

        SampleTree.Symlink(
            many,
            [0xff, 1, (byte)'\n', (byte)' '],
            [0xfe, (byte)'\\'],
            plain with
            {
                Mode = 0b111_111_111,
            }
        );
        return tree;
    }

    private static IEnumerable<string> Lines(SampleTree tree)
    {
        Dictionary<TreeNode, int> links = [];
        List<(string Path, TreeNode Node)> all = [("", tree.Root)];
        for (int i = 0; i < all.Count; i++)
        {
            links[all[i].Node] = links.GetValueOrDefault(all[i].Node) + 1;
            foreach (
                (byte[] name, TreeSlot slot) in (all[i].Node as TreeDirectory)?.Slots
                    ?? new Dictionary<byte[], TreeSlot>()
            )
            {
                all.Add((all[i].Path + "2f" + Convert.ToHexStringLower(name), slot.Node));
            }
        }

        return all.Select(n => Line(n.Path, n.Node, links[n.Node], tree)).Order(StringComparer.Ordinal);
    }

    private static string Line(string path, TreeNode node, int links, SampleTree tree)
    {
        LayerEntry? entry = (node as TreeLeaf)?.Entry;
        int type = entry?.Type switch
        {
            null => 0x4000,
            TarEntryType.Regular => 0x8000,
            TarEntryType.Symlink => 0xa000,
            TarEntryType.Fifo => 0x1000,
            TarEntryType.CharacterDevice => 0x2000,
            _ => 0x6000,
        };
        FileMetadata metadata = node.Metadata;
        return string.Create(
                CultureInfo.InvariantCulture,
                $"""
                {path} {type | metadata.Mode:x} {metadata.Uid} {metadata.Gid} {(
                    (Int128)metadata.MtimeSeconds * 1_000_000_000
                ) + metadata.MtimeNanoseconds} {(entry is null ? 0 : links)} {entry?.DeviceMajor}:{entry?.DeviceMinor}
                """
            )
            + $" {Math.Max(entry?.Size ?? 0, entry?.LinkName.Length ?? 0)} {Convert.ToHexStringLower(entry?.LinkName ?? [])}"
            + $" {(entry?.Type == TarEntryType.Regular ? Convert.ToHexStringLower(SHA256.HashData(entry.Size == 0 ? [] : tree.Content(entry))) : "")}"
            + string.Concat(
                metadata.Xattrs.Select(x => $" {Convert.ToHexStringLower(x.Name)}={Convert.ToHexStringLower(x.Value)}")
            );
    }

    private static string Line(JsonNode shown)
    {
        int mode = (int)shown["mode"]!;
        ulong device = (ulong)shown["device"]!;
        bool isDirectory = (mode & 0xf000) == 0x4000;

        // makedev(3).
        string number = isDirectory ? ":" : $"{device >> 8 & 0xfff}:{(device & 0xff) | (device >> 12 & 0xfff00)}";
        return $"{(string)shown["path"]!} {mode:x} {(uint)shown["uid"]!} {(uint)shown["gid"]!} {(long)shown["time"]!} {(int)shown["links"]!} {number}"
            + $" {(long)shown["size"]!} {(string)shown["target"]!} {(string)shown["content"]!}"
            + string.Concat(shown["xattrs"]!.AsObject().Select(x => $" {x.Key}={(string)x.Value!}"));
    }

    private static string Text(string hex) => System.Text.Encoding.Latin1.GetString(Convert.FromHexString(hex));
}
