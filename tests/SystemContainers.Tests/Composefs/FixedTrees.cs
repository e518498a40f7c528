// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text;
using SystemContainers.Linux.Files;
using SystemContainers.Tar;
using SystemContainers.Tree;

namespace SystemContainers.Tests.Composefs;

/// <summary>Trees that go to one limit of the format each. mkcomposefs 1.0.8 makes of them images of these SHA-256
/// (<see cref="ComposefsOracleTests"/>).</summary>
static class FixedTrees
{
    private static readonly FileMetadata s_plain = SampleTree.Plain;

    public static readonly IReadOnlyDictionary<string, (Func<SampleTree> Make, string Sha256)> All = new Dictionary<
        string,
        (Func<SampleTree>, string)
    >(StringComparer.Ordinal)
    {
        ["nothing"] = (() => new SampleTree(), "52c4dc3c2874213ef360e795aa9b5d402925ece06f543fc347821f2eec79576b"),
        ["every kind"] = (EveryKind, "509a97104f89b9cde48ce9a8dfcaca3142850060c9a2552fe48319d7f0941ab4"),
        ["hard links"] = (HardLinks, "cfaeba94e43130220d7da931466706a929c590a5abd178d4a08a0d025b91820c"),
        ["full directories"] = (FullDirectories, "794fe2623b50755300df925cba991d742ab365b69bb117246c88cad4174a3702"),
        ["a large directory"] = (LargeDirectory, "a4f8dd7547c9f70818b9e5343e05adc9e6b9f003102aec6aba61c8afaf4d8cf4"),
        ["names around the dots"] = (
            NamesAroundDots,
            "714b0e69affcbb8ae63f5f2010a039ff8b716954d986ff1489896d5dfff57df0"
        ),
        ["object directories' names"] = (
            ObjectDirectoryNames,
            "e20e26e741c04dbbe7a2350f6f1344dd22a1a0f3055bc1053ba042725fbb2d85"
        ),
        ["symbolic links"] = (Symlinks, "7aa0c26f9861e4066b5af3ed8ae14beee4cf3ac6c895d54518c14ca313f1a2ed"),
        ["sizes"] = (Sizes, "9fea89c7393f36bfc20273f0fd4ff20d536fec3d85eba33273a06856ac9fda55"),
        ["many chunks"] = (ManyChunks, "84fce9d5290a6f6a13f7ebc1da4d65517351dde126d65586d532fdcb94f1699a"),
        ["times"] = (Times, "12b10b665f2d7e3d090d622202e45cd19ca94aaf5f47555cceeeb8ad2f7d3cdc"),
        ["owners"] = (Owners, "af9aab5e8daeafc1fd81301a4a7cbc80a4e64b2eaaf633e1b65a0f079096e6d5"),
        ["more names than 16 bits count"] = (
            ManyNames,
            "1584a38630e6ee60e78c34f2989af05412c2bb0e59aa74c05c6928bbd32d9d6d"
        ),
        ["one attribute of many"] = (SharedXattrs, "54e46e8f8eaeaa9dec64f976b23fd159981ef693f4f73651cfd0197c4701d07a"),
        ["more shared attributes than an inode may have"] = (
            ManyXattrs,
            "2be8d58dc56e8ff8087a00e884d76ad2677e76c6b05eec00ed642aa13c0241f4"
        ),
        ["escaped attributes"] = (EscapedXattrs, "337d3d3130bdf8aa09d7c0f1696a15e9be866149d34f61815d10c1d0a11b7710"),
        ["access control lists"] = (AccessLists, "cd1c480c13036687349489963bd8f0f78b9d56bab5c3991a9e93b2c176e4c218"),
        ["the largest attributes"] = (
            LargestXattrs,
            "6f965b72f71bd1bb54c11ac0137892022bd6a0a5771dcaa60e0c4f2616c679f7"
        ),
        ["whiteouts"] = (Whiteouts, "bd73b1e4cd51d6f6fb0a1c1cb10b4dcace6b01fb56ae2899f65148349a7118a4"),
        ["a label of the root"] = (RootLabel, "5e902bc4a9b614d9b36b23669ec2ad3b884a3b1ba7e5351b2935169cbecab61c"),
        ["depth"] = (Depth, "823867dfe07240fe54861d831527e2d6288a0b0efbca7bda8454ee90e0ca6865"),
    };

    private static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);

    private static FileXattr Xattr(string name, string value) => new(Bytes(name), Bytes(value));

    private static FileMetadata With(params FileXattr[] xattrs) => s_plain with { Xattrs = xattrs };

    private static string Number(int number, string format = "d5") =>
        number.ToString(format, CultureInfo.InvariantCulture);

    private static SampleTree EveryKind()
    {
        SampleTree tree = new();
        TreeDirectory directory = SampleTree.Directory(tree.Root, "etc");
        tree.Small(directory, Bytes("empty"), []);
        tree.Small(directory, Bytes("small"), [.. "content\n"u8]);
        tree.Small(directory, Bytes("largest small"), Bytes(new string('x', 64)));
        SampleTree.Large(directory, Bytes("smallest large"), 65, 1, s_plain with { Mode = 0b100_101_000_000 });
        SampleTree.Symlink(tree.Root, Bytes("link"), Bytes("etc/small"));
        SampleTree.Symlink(tree.Root, Bytes("dash"), Bytes("-"));
        SampleTree.Special(tree.Root, Bytes("fifo"), TarEntryType.Fifo);
        SampleTree.Special(tree.Root, Bytes("null"), TarEntryType.CharacterDevice, 1, 3);
        SampleTree.Special(tree.Root, Bytes("largest"), TarEntryType.CharacterDevice, 0xfff, 0xfffff);
        SampleTree.Special(tree.Root, Bytes("disk"), TarEntryType.BlockDevice, 259, 4711);
        SampleTree.Special(tree.Root, Bytes("zero"), TarEntryType.BlockDevice);
        SampleTree.Directory(tree.Root, Bytes("\x01\xff \\=\n"), s_plain with { Mode = 0b111_111_111_111 });
        return tree;
    }

    /// <summary>The first name is that in a directory whose content comes before the names beside it.</summary>
    private static SampleTree HardLinks()
    {
        SampleTree tree = new();
        TreeDirectory a = SampleTree.Directory(tree.Root, "a");
        TreeDirectory deep = SampleTree.Directory(SampleTree.Directory(a, "b"), "c");
        TreeLeaf one = SampleTree.Large(deep, Bytes("x"), 1000, 1);
        TreeLeaf two = SampleTree.Symlink(tree.Root, Bytes("two"), Bytes("x"));
        TreeLeaf three = SampleTree.Special(a, Bytes("three"), TarEntryType.Fifo);
        foreach (
            (TreeDirectory directory, string name, TreeLeaf leaf) in (IEnumerable<(TreeDirectory, string, TreeLeaf)>)
                [
                    (tree.Root, "z", one),
                    (a, "b2", one),
                    (deep, "w", two),
                    (deep, "y", one),
                    (tree.Root, "three", three),
                    (tree.Root, "0", three),
                ]
        )
        {
            directory.Set(Bytes(name), leaf, 0);
        }

        // Another inode of the same content.
        SampleTree.Large(tree.Root, Bytes("same"), 1000, 1);
        return tree;
    }

    /// <summary>A block to its last byte and one more; half a block behind the inode and one more.</summary>
    private static SampleTree FullDirectories()
    {
        SampleTree tree = new();

        // With both dots, 27 bytes, and 12 for each name.
        foreach (int bytes in (int[])[2048, 2049, 4095, 4096, 4097, 4096 + 2048, 4096 + 2049, 4096 + 4096])
        {
            TreeDirectory directory = SampleTree.Directory(tree.Root, Number(bytes));
            int left = bytes - 27;
            for (int i = 0; left > 0; i++)
            {
                // The second block begins with a name that would not fit into the first one by a byte.
                int size =
                    left <= 212 ? left
                    : left - 112 < 24 ? 24
                    : 112;
                SampleTree.Special(directory, Bytes(Number(i, "d3").PadRight(size - 12, 'n')), TarEntryType.Fifo);
                left -= size;
            }
        }

        return tree;
    }

    private static SampleTree LargeDirectory()
    {
        SampleTree tree = new();
        TreeDirectory directory = SampleTree.Directory(tree.Root, "large");
        for (int i = 0; i < 3000; i++)
        {
            SampleTree.Large(
                directory,
                Bytes(new string((char)('a' + (i % 26)), i % 240) + Number(i)),
                100 + i,
                i % 2000
            );
        }

        return tree;
    }

    private static SampleTree NamesAroundDots()
    {
        SampleTree tree = new();
        foreach (
            string name in (string[])
                ["!", "-", "+x", ".!", ".-", ". ", "...", "..-", "..!", ".a", "0", "\x7f", "\x80", "\xff"]
        )
        {
            tree.Small(tree.Root, Bytes(name), []);
        }

        return tree;
    }

    private static SampleTree ObjectDirectoryNames()
    {
        SampleTree tree = new();
        SampleTree.Directory(tree.Root, "00");
        tree.Small(tree.Root, Bytes("7f"), []);
        tree.Small(tree.Root, Bytes("FF"), []);
        SampleTree.Special(tree.Root, Bytes("ff"), TarEntryType.CharacterDevice);
        SampleTree.Directory(SampleTree.Directory(tree.Root, "usr"), "00");
        return tree;
    }

    /// <summary>Targets around what fits into a block with the inode, with and without attributes.</summary>
    private static SampleTree Symlinks()
    {
        SampleTree tree = new();
        foreach (int length in (int[])[1, 63, 64, 4030, 4031, 4032, 4033, 4062, 4063, 4064, 4065, 4095])
        {
            SampleTree.Symlink(tree.Root, Bytes("compact" + Number(length)), Bytes(new string('t', length)));
            SampleTree.Symlink(
                tree.Root,
                Bytes("extended" + Number(length)),
                Bytes(new string('t', length)),
                s_plain with
                {
                    MtimeSeconds = s_plain.MtimeSeconds + 1,
                }
            );
            SampleTree.Symlink(
                tree.Root,
                Bytes("attribute" + Number(length)),
                Bytes(new string('t', length)),
                With(Xattr("trusted.t" + Number(length), "value"))
            );
        }

        SampleTree.Symlink(
            tree.Root,
            Bytes("attributes"),
            Bytes("target"),
            With(Xattr("trusted.large", new string('v', 5000)))
        );
        return tree;
    }

    private static SampleTree Sizes()
    {
        SampleTree tree = new();
        foreach (
            long size in (long[])
                [
                    1,
                    63,
                    64,
                    65,
                    4095,
                    4096,
                    4097,
                    8192,
                    8193,
                    uint.MaxValue,
                    uint.MaxValue + 1L,
                    (1L << 43) - 1,
                    1L << 43,
                    (1L << 43) + 1,
                    1L << 44,
                    (1L << 44) + 1,
                ]
        )
        {
            byte[] name = Bytes(size.ToString(CultureInfo.InvariantCulture));
            if (size <= 64)
            {
                tree.Small(tree.Root, name, Bytes(new string('c', (int)size)));
            }
            else
            {
                SampleTree.Large(tree.Root, name, size, (int)(size % 1000));
            }
        }

        return tree;
    }

    /// <summary>Addresses of chunks that take nearly a block fit behind an inode only where a block begins.</summary>
    private static SampleTree ManyChunks()
    {
        SampleTree tree = new();
        for (int chunks = 1010; chunks <= 1024; chunks++)
        {
            SampleTree.Large(
                tree.Root,
                Bytes("file" + Number(chunks)),
                (long)chunks << 43,
                chunks,
                chunks % 2 == 0 ? s_plain : With(Xattr("user.x", new string('v', chunks % 32)))
            );
        }

        return tree;
    }

    private static SampleTree Times()
    {
        SampleTree tree = new(s_plain with { Mode = 0b111_101_101, MtimeSeconds = -5, MtimeNanoseconds = 999_999_999 });
        int number = 0;
        foreach (
            (long seconds, int nanoseconds) in (IEnumerable<(long, int)>)
                [
                    (-5, 999_999_999),
                    (-5, 999_999_998),
                    (-6, 0),
                    (-6, 1),
                    (0, 0),
                    (-6, 0),
                    (1L << 40, 7),
                    (-(1L << 40), 3),
                    (-(1L << 40), 2),
                ]
        )
        {
            tree.Small(
                tree.Root,
                Bytes("file" + Number(number++)),
                [],
                s_plain with
                {
                    MtimeSeconds = seconds,
                    MtimeNanoseconds = nanoseconds,
                }
            );
        }

        return tree;
    }

    private static SampleTree Owners()
    {
        SampleTree tree = new(s_plain with { Mode = 0b111_000_000, Uid = 70_000, Gid = 8 });
        foreach (uint id in (uint[])[0, 65_535, 65_536, uint.MaxValue - 1])
        {
            tree.Small(tree.Root, Bytes($"uid{id}"), [], s_plain with { Uid = id });
            tree.Small(tree.Root, Bytes($"gid{id}"), [], s_plain with { Gid = id });
        }

        return tree;
    }

    /// <summary>A file and a directory with just so many, and with one more. What has many names is early in the tree:
    /// mkcomposefs looks for it from the start for each.</summary>
    private static SampleTree ManyNames()
    {
        SampleTree tree = new();
        TreeLeaf most = SampleTree.Large(tree.Root, Bytes("a"), 100, 1);
        TreeLeaf more = SampleTree.Large(tree.Root, Bytes("b"), 100, 2);
        TreeDirectory names = SampleTree.Directory(tree.Root, "names");
        TreeDirectory directories = SampleTree.Directory(tree.Root, "none");
        names.Set(Bytes("more"), more, 0);
        for (int i = 0; i < ushort.MaxValue - 1; i++)
        {
            names.Set(Bytes("a" + Number(i)), most, 0);
            names.Set(Bytes("b" + Number(i)), more, 0);
            SampleTree.Directory(directories, Bytes(Number(i)));
        }

        SampleTree.Directory(SampleTree.Directory(tree.Root, "z"), "z");
        return tree;
    }

    private static SampleTree SharedXattrs()
    {
        SampleTree tree = new();
        for (int i = 0; i < 40; i++)
        {
            SampleTree.Large(
                tree.Root,
                Bytes("file" + Number(i)),
                1000,
                i % 15,
                With(
                    Xattr("security.selinux", "system_u:object_r:lib_t:s0\0"),
                    Xattr("trusted.b", Number(i / 3)),
                    Xattr("trusted.b2", new string('v', i % 7)),
                    Xattr("user.x", i == 7 ? "once" : "twice")
                )
            );
        }

        return tree;
    }

    private static SampleTree ManyXattrs()
    {
        SampleTree tree = new();
        FileXattr[] xattrs = [.. Enumerable.Range(0, 140).Select(i => Xattr("user." + Number(i), Number(i % 3, "d1")))];
        SampleTree.Large(tree.Root, Bytes("a"), 1000, 1, With(xattrs));
        SampleTree.Large(tree.Root, Bytes("b"), 1000, 1, With(xattrs));
        SampleTree.Directory(tree.Root, "c", With(xattrs[..128]));
        return tree;
    }

    private static SampleTree EscapedXattrs()
    {
        SampleTree tree = new(
            With(Xattr("trusted.overlay.opaque", "y"), Xattr("trusted.overlay.origin", "\0\x01")) with
            {
                Mode = 0b111_101_101,
            }
        );
        FileXattr[] xattrs =
        [
            Xattr("system.nfs4_acl", "acl"),
            Xattr("system.posix_acl_accessible", "odd"),
            Xattr("trusted.overlay", "none"),
            Xattr("trusted.overlay.", "empty"),
            Xattr("trusted.overlay.metacopy", ""),
            Xattr("trusted.overlay.opaque", "y"),
            Xattr("trusted.overlay.overlay.redirect", "twice"),
            Xattr("trusted.overlay.redirect", "/etc/shadow"),
            Xattr("trusted.overlay.z" + new string('n', 238), "longest"),
            Xattr("trusted.overlaz", "none"),
            Xattr("user.overlay.opaque", "kept"),
        ];
        SampleTree.Large(tree.Root, Bytes("file"), 1000, 1, With(xattrs));
        SampleTree.Directory(tree.Root, "directory", With(xattrs));
        SampleTree.Symlink(tree.Root, Bytes("link"), Bytes("t"), With(xattrs));
        return tree;
    }

    private static SampleTree AccessLists()
    {
        SampleTree tree = new();
        SampleTree.Directory(
            tree.Root,
            "shared",
            With(Xattr("system.posix_acl_default", "\x02\0\0\0\x01\0\x07\0\xff\xff\xff\xff"))
        );
        return tree;
    }

    /// <summary>As many bytes as mkcomposefs takes for one inode, in one attribute and in many.</summary>
    private static SampleTree LargestXattrs()
    {
        SampleTree tree = new();
        SampleTree.Large(tree.Root, Bytes("one"), 1000, 1, With(Xattr("user.a", new string('v', 32767 - 12 - 7 - 6))));
        SampleTree.Large(
            tree.Root,
            Bytes("many"),
            1000,
            1,
            With([.. Enumerable.Range(0, 200).Select(i => Xattr("user." + Number(i), new string('v', 140)))])
        );
        return tree;
    }

    private static SampleTree Whiteouts()
    {
        SampleTree tree = new();
        TreeDirectory directory = SampleTree.Directory(tree.Root, "upper", With(Xattr("user.x", "1")));
        SampleTree.Special(
            directory,
            Bytes("gone"),
            TarEntryType.CharacterDevice,
            metadata: With(Xattr("user.x", "1")) with
            {
                Uid = 3,
            }
        );
        SampleTree.Special(directory, Bytes("also"), TarEntryType.CharacterDevice);
        SampleTree.Special(
            SampleTree.Directory(directory, "inner", With(Xattr("trusted.overlay.opaque", "y"))),
            Bytes("gone"),
            TarEntryType.CharacterDevice
        );
        SampleTree.Special(tree.Root, Bytes("gone"), TarEntryType.CharacterDevice);
        return tree;
    }

    private static SampleTree RootLabel()
    {
        SampleTree tree = new(
            new FileMetadata(
                0b101_101_101,
                5,
                6,
                77,
                8,
                [Xattr("security.selinux", "system_u:object_r:root_t:s0\0"), Xattr("user.x", "root's")]
            )
        );
        tree.Small(tree.Root, Bytes("file"), [], With(Xattr("user.x", "root's")));
        return tree;
    }

    private static SampleTree Depth()
    {
        SampleTree tree = new();
        TreeDirectory at = tree.Root;
        for (int i = 0; i < 1800; i++)
        {
            at = SampleTree.Directory(at, "d");
        }

        tree.Small(at, Bytes("file"), [.. "deep"u8]);
        return tree;
    }
}
