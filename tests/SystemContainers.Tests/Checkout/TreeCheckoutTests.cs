// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Checkout;
using SystemContainers.Errors;
using SystemContainers.Linux.Native;
using SystemContainers.Linux.Users;
using SystemContainers.Oci;
using SystemContainers.Store;
using SystemContainers.TestBed;
using SystemContainers.Tests.Fakes;
using SystemContainers.Tree;
using Xunit;

namespace SystemContainers.Tests.Checkout;

/// <summary>What umoci has no say in: mount points, lookups, sharing with the store.</summary>
[Trait("needs", "root")]
public sealed class TreeCheckoutTests : IDisposable
{
    private readonly string _scratch = Directory.CreateTempSubdirectory("sysctr-tree-").FullName;
    private readonly ContentStore _store;

    public TreeCheckoutTests() => _store = ContentStore.Open(Path.Combine(_scratch, "store"));

    private string Target => Path.Combine(_scratch, "rootfs");

    public void Dispose()
    {
        _store.Dispose();
        Cache.DeleteAsync(_scratch).GetAwaiter().GetResult();
    }

    [Fact]
    public async Task Missing_mount_points_are_made_and_nothing_else_changes()
    {
        MergedTree tree = await TreeAsync(
            new LayerTar()
                .Dir("run", mtime: "1000")
                .Dir("var", mtime: "2000")
                .Symlink("var/run", "/run")
                .Symlink("data", "srv/data")
                .File("etc/hosts", "there")
        );
        TreeCheckout.Write(
            tree,
            Target,
            [
                DirectoryAt("/var/run/a/b"),
                new MountPoint("/etc/resolv.conf", false, 0b110_100_100),
                DirectoryAt("/data"),
                new MountPoint("/etc/hosts", false, 0b110_100_100),
                DirectoryAt("/../../up"),
                DirectoryAt("/run"),
                DirectoryAt("/"),
            ]
        );

        SortedDictionary<string, string> made = await TreeListing.OfAsync(Target);
        Assert.Equal(
            [
                "",
                "data",
                "dev",
                "etc",
                "etc/hosts",
                "etc/resolv.conf",
                "proc",
                "run",
                "run/a",
                "run/a/b",
                "srv",
                "srv/data",
                "sys",
                "up",
                "var",
                "var/run",
            ],
            made.Keys
        );
        Assert.StartsWith("d 755 0 0 | 1000.", made["run"], StringComparison.Ordinal);
        Assert.StartsWith("d 755 0 0 | 2000.", made["var"], StringComparison.Ordinal);
        Assert.StartsWith("d 755 0 0", made["run/a/b"], StringComparison.Ordinal);
        Assert.StartsWith("f 644 0 0", made["etc/resolv.conf"], StringComparison.Ordinal);
        Assert.Equal("there", await File.ReadAllTextAsync(Path.Combine(Target, "etc/hosts")));
        Assert.Null(tree.Find("/run/a"));
    }

    [Fact]
    [Trait("needs", "time")]
    public async Task Links_of_the_image_that_an_object_has_no_room_for_are_those_of_a_copy()
    {
        const int names = 400;
        const int taken = 64_800;
        LayerTar layer = new LayerTar().File("n0", "popular").File("alone", "single");
        for (int i = 1; i < names; i++)
        {
            layer.Link($"n{i}", "n0");
        }

        MergedTree tree = await TreeAsync(layer);
        string objects = Directory
            .GetFiles(Path.Combine(_scratch, "store/objects"), "*", SearchOption.AllDirectories)
            .Single(f => File.ReadAllText(f) == "popular");
        string many = Directory.CreateDirectory(Path.Combine(_scratch, "many")).FullName;
        for (int i = 1; i < taken; i++)
        {
            Assert.Equal(0, Libc.link(objects, Path.Combine(many, $"{i}")));
        }

        TreeCheckout.Write(tree, Target, []);

        SortedDictionary<string, string> made = await TreeListing.OfAsync(Target);
        Assert.Equal(names - 1, made.Values.Count(v => v.EndsWith(" | same inode as n0", StringComparison.Ordinal)));
        Assert.Equal("popular", await File.ReadAllTextAsync(Target + "/n399"));
        Assert.Equal(
            "400 2\n",
            (await Command.MustAsync("sh", "-c", $"echo $(stat -c %h {Target}/n0 {Target}/alone)")).Output
        );
    }

    [Fact]
    public async Task An_object_that_is_cut_is_no_content_of_a_file()
    {
        MergedTree tree = await TreeAsync(new LayerTar().File("whole", "as it is").File("cut", "more than is there"));
        string cut = Directory
            .GetFiles(Path.Combine(_scratch, "store/objects"), "*", SearchOption.AllDirectories)
            .Single(f => File.ReadAllText(f) == "more than is there");
        using (FileStream file = new(cut, FileMode.Open))
        {
            file.SetLength(4);
        }

        SysctrException why = Assert.Throws<SysctrException>(() => TreeCheckout.Write(tree, Target, [], shares: false));

        Assert.Equal(ErrorKind.Corrupt, why.Kind);
        Assert.Contains("/cut: object ", why.Message, StringComparison.Ordinal);
        Assert.False(Path.Exists(Target));
    }

    [Fact]
    public async Task Nesting_costs_no_open_files()
    {
        string path = string.Join('/', Enumerable.Repeat("d", 1500));
        LayerTar layer = new();
        for (int depth = 1; depth <= 1500; depth++)
        {
            layer.Dir(path[..((2 * depth) - 1)]);
        }

        MergedTree tree = await TreeAsync(layer.File(path + "/file", "deep"));
        int[] open = [0, 0];
        List<(int Done, int Total)> progress = [];
        TreeCheckout.Write(
            tree,
            Target,
            [],
            advanced: (done, total) =>
            {
                // The second word comes from a thousand levels down.
                progress.Add((done, total));
                open[0] = Math.Max(open[0], OpenBelowTarget());
            }
        );
        List<string> found = [];
        new TreeCheck(_store, content: true, (where, what) => found.Add(where + what)).Compare(tree, Target, []);
        List<string> added = [];
        await using (FileStream stray = new($"{Target}/{path}/stray", FileMode.CreateNew))
        {
            Assert.Equal(1, OpenBelowTarget());
        }

        new TreeCheck(
            _store,
            content: true,
            (where, what) =>
            {
                added.Add(where + what);
                open[1] = Math.Max(open[1], OpenBelowTarget());
            }
        ).Compare(tree, Target, []);
        File.Delete($"{Target}/{path}/stray");

        Assert.Equal("deep", await File.ReadAllTextAsync($"{Target}/{path}/file"));
        Assert.Empty(found);
        Assert.Contains(added, a => a.Contains("stray", StringComparison.Ordinal));
        Assert.All(open, most => Assert.InRange(most, 0, 100));
        Assert.Equal([0, 1024, progress[0].Total], progress.Select(p => p.Done));
        Assert.InRange(progress[0].Total, 1501, 1510);
    }

    private int OpenBelowTarget() =>
        Directory
            .GetFiles("/proc/self/fd")
            .Count(f => new FileInfo(f).LinkTarget?.StartsWith(Target, StringComparison.Ordinal) == true);

    [Theory]
    [InlineData("/file/below")]
    [InlineData("/loop/x")]
    public async Task A_mount_point_that_cannot_be_is_refused(string path)
    {
        MergedTree tree = await TreeAsync(new LayerTar().File("file", "x").Symlink("loop", "loop"));

        SysctrException refusal = Assert.Throws<SysctrException>(() =>
            TreeCheckout.Write(tree, Target, [DirectoryAt(path)])
        );

        Assert.Equal(ErrorKind.Unsafe, refusal.Kind);
        Assert.False(Path.Exists(Target));
    }

    /// <summary>Owners are mapped, links stay links, nothing is the store's own inode, and the check knows of
    /// it.</summary>
    [Fact]
    public async Task A_checkout_for_a_namespace_has_its_owners()
    {
        MergedTree tree = await TreeAsync(
            new LayerTar().Dir("d").File("d/f", "content").Link("g", "d/f").Symlink("s", "d")
        );
        IdMap owners = IdMap
            .Of(0, 0, [new IdRange(0, 1, 70_000)], [new IdRange(0, 1, 70_000)])
            .Keeping(1000, 1000, uint.MaxValue);

        TreeCheckout.Write(tree, Target, [DirectoryAt("/mnt")], owners: owners);

        CommandResult stat = await Command.MustAsync(
            "stat",
            "-c",
            "%u:%g %h",
            Target,
            $"{Target}/d",
            $"{Target}/d/f",
            $"{Target}/s",
            $"{Target}/mnt"
        );
        Assert.Equal(["1:1", "1:1", "1:1", "1:1", "1:1"], stat.Output.Trim().Split('\n').Select(l => l.Split(' ')[0]));
        Assert.Equal("2", stat.Output.Trim().Split('\n')[2].Split(' ')[1]);
        Assert.Empty(Differences(owners));
        Assert.NotEmpty(Differences(null));
        Assert.Throws<SysctrException>(() =>
            TreeCheckout.Write(
                tree,
                Target + "2",
                [],
                owners: new IdMap([new IdRange(5, 6, 1)], [new IdRange(5, 6, 1)])
            )
        );
        Assert.False(Path.Exists(Target + "2"));

        List<string> Differences(IdMap? given)
        {
            List<string> found = [];
            new TreeCheck(_store, content: true, (where, what) => found.Add(where + what)).Compare(
                tree,
                Target,
                [DirectoryAt("/mnt")],
                given
            );
            return found;
        }
    }

    [Fact]
    public async Task Two_checkouts_share_the_store_s_files()
    {
        MergedTree tree = await TreeAsync(new LayerTar().File("f", "content"));
        string second = Path.Combine(_scratch, "second");
        TreeCheckout.Write(tree, Target, []);
        TreeCheckout.Write(tree, second, []);

        CommandResult inodes = await Command.MustAsync(
            "stat",
            "-c",
            "%i %h",
            Path.Combine(Target, "f"),
            Path.Combine(second, "f")
        );

        string[] lines = inodes.Output.Trim().Split('\n');
        Assert.Equal(lines[0], lines[1]);
        Assert.EndsWith(" 3", lines[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_checkout_of_its_own_files_has_none_of_the_store_s()
    {
        MergedTree tree = await TreeAsync(
            new LayerTar()
                .File("f", "content", mode: 0b111_101_101, mtime: "1700000000.5")
                .Link("g", "f")
                .File("twin", "content")
        );
        string shared = Path.Combine(_scratch, "shared");
        TreeCheckout.Write(tree, shared, []);

        TreeCheckout.Write(tree, Target, [], shares: false);

        Assert.Equal(await TreeListing.OfAsync(shared), await TreeListing.OfAsync(Target));
        await File.WriteAllTextAsync(Path.Combine(Target, "g"), "changed");
        Assert.Equal("changed", await File.ReadAllTextAsync(Path.Combine(Target, "f")));
        Assert.Equal("content", await File.ReadAllTextAsync(Path.Combine(shared, "f")));
    }

    [Fact]
    public async Task What_stands_in_the_way_is_left_alone()
    {
        MergedTree tree = await TreeAsync(new LayerTar().File("f", "content"));
        Directory.CreateDirectory(Target);
        await File.WriteAllTextAsync(Path.Combine(Target, "mine"), "x");

        Assert.Throws<SysctrException>(() => TreeCheckout.Write(tree, Target, []));

        Assert.Equal("x", await File.ReadAllTextAsync(Path.Combine(Target, "mine")));
    }

    [Fact]
    public async Task A_lost_object_is_told_and_leaves_nothing()
    {
        MergedTree tree = await TreeAsync(new LayerTar().File("f", "content"));
        File.Delete(
            Directory.GetFiles(Path.Combine(_scratch, "store/objects"), "*", SearchOption.AllDirectories).Single()
        );

        SysctrException failure = Assert.Throws<SysctrException>(() => TreeCheckout.Write(tree, Target, []));

        Assert.Equal(ErrorKind.Corrupt, failure.Kind);
        Assert.False(Path.Exists(Target));
    }

    [Fact]
    public async Task Paths_are_looked_up_inside_the_image_alone()
    {
        MergedTree tree = await TreeAsync(
            new LayerTar()
                .Dir("etc")
                .File("etc/passwd", "image's", mode: 0b110_000_000, uid: 5, gid: 6)
                .Symlink("abs", "/etc/passwd")
                .Symlink("up", "../../../etc")
                .Symlink("loop", "loop")
                .Symlink("gone", "no/where")
                .Fifo("pipe")
                .File("etc/\xff", "no text")
                .Link("hard", "etc/passwd")
        );

        Assert.Equal(
            new ImageFile("/etc/passwd", ImageFileKind.Regular, 0b110_000_000, 5, 6, 7),
            tree.Find("/up/./passwd")! with
            {
                Inode = null,
                Xattrs = [],
            }
        );
        Assert.Same(tree.Find("/etc/passwd")!.Inode, tree.Find("/hard")!.Inode);
        Assert.Equal("/etc/passwd", tree.Find("/abs")!.Path);
        Assert.Equal("image's", Encoding.ASCII.GetString(tree.Read(tree.Find("/hard")!, 7)));
        Assert.Equal(("/abs", ImageFileKind.Symlink, "/etc/passwd"), Shape(tree.FindNoFollow("/abs")!));
        Assert.Equal(("/etc/passwd", ImageFileKind.Regular, null), Shape(tree.FindNoFollow("/up/passwd")!));
        Assert.Equal(ImageFileKind.Special, tree.Find("/pipe")!.Kind);
        Assert.Equal(ImageFileKind.Directory, tree.Find("/")!.Kind);
        Assert.All(["/loop", "/gone", "/etc/passwd/x", "/nothing"], path => Assert.Null(tree.Find(path)));
        Assert.Equal(["passwd"], tree.List("/up"));
        Assert.Equal(["abs", "dev", "etc", "gone", "hard", "loop", "pipe", "proc", "run", "sys", "up"], tree.List("/"));
        Assert.Empty(tree.List("/etc/passwd"));
        Assert.Equal(ErrorKind.Unsafe, Assert.Throws<SysctrException>(() => tree.Read(tree.Find("/abs")!, 6)).Kind);
        Assert.Equal(ErrorKind.Unsafe, Assert.Throws<SysctrException>(() => tree.Read(tree.Find("/etc")!, 6)).Kind);
    }

    public static TheoryData<string> Odd => ["dev", "proc", "sys", "run"];

    [Theory]
    [MemberData(nameof(Odd))]
    public async Task The_kernels_places_are_empty_directories_of_roots_whatever_the_image_has_there(string place)
    {
        (string What, LayerTar[] Layers, bool Told)[] images =
        [
            ("nothing", [new LayerTar().File("f", "x")], false),
            (
                "a directory of somebody's with things in it",
                [
                    new LayerTar()
                        .Dir(place, mode: 0b1_111_111_111, uid: 1000, gid: 1000, xattrs: ("user.x", [1]))
                        .File($"{place}/f", "x")
                        .Symlink($"{place}/l", "/etc")
                        .Fifo($"{place}/p"),
                ],
                false
            ),
            ("a closed directory", [new LayerTar().Dir(place, mode: 0)], false),
            (
                "a link into the image",
                [new LayerTar().Dir("etc").Symlink(place, "etc").File($"{place}/passwd", "x")],
                true
            ),
            ("a link out of it", [new LayerTar().Symlink(place, "../../../../tmp")], true),
            ("a link to itself", [new LayerTar().Symlink(place, place)], true),
            (
                "a link that a later layer brings",
                [new LayerTar().Dir(place).File($"{place}/f", "x"), new LayerTar().Symlink(place, "/etc")],
                true
            ),
            ("a file", [new LayerTar().File(place, "x", mode: 0b110_110_110)], true),
            ("a hard link of another file", [new LayerTar().File("f", "x").Link(place, "f")], true),
            ("a device", [new LayerTar().Device('3', place, 1, 3)], true),
            (
                "a whiteout of it",
                [new LayerTar().Dir(place).File($"{place}/f", "x"), new LayerTar().Whiteout($".wh.{place}")],
                false
            ),
        ];
        foreach ((string what, LayerTar[] layers, bool told) in images)
        {
            MergedTree tree = await TreeAsync(layers);
            string target = Path.Combine(_scratch, Guid.NewGuid().ToString("N"));

            TreeCheckout.Write(tree, target, []);

            SortedDictionary<string, string> made = await TreeListing.OfAsync(target);
            Assert.True(
                made.ContainsKey(place)
                    && made[place][0] == 'd'
                    && made[place].Contains(" 0 0 | ", StringComparison.Ordinal),
                $"{what}: {made.GetValueOrDefault(place)}"
            );
            Assert.Contains(made[place].Split(' ')[1], (string[])["755", "555"]);
            Assert.DoesNotContain("user.x", made[place], StringComparison.Ordinal);
            Assert.DoesNotContain(made.Keys, k => k.StartsWith(place + "/", StringComparison.Ordinal));
            Assert.Equal(told, tree.LeftOut.Any(n => n.Contains("/" + place, StringComparison.Ordinal)));

            List<string> found = [];
            new TreeCheck(_store, content: true, (path, wrong) => found.Add(path + " " + wrong)).Compare(
                tree,
                target,
                []
            );
            Assert.Empty(found);
        }
    }

    [Fact]
    public async Task No_device_of_an_image_is_in_its_tree()
    {
        MergedTree tree = await TreeAsync(
            new LayerTar()
                .Dir("a")
                .Dir("a/b")
                .Device('4', "a/b/disk", 7, 0, mode: 0b110_110_110)
                .Device('3', "kmsg", 1, 11, uid: 1000)
                .Link("other", "kmsg")
                .Device('3', "dev/null", 1, 3)
                .Fifo("pipe")
                .Symlink("s", "kmsg"),
            new LayerTar().Device('3', "late", 0, 0)
        );

        TreeCheckout.Write(tree, Target, []);

        SortedDictionary<string, string> made = await TreeListing.OfAsync(Target);
        Assert.Equal(["", "a", "a/b", "dev", "pipe", "proc", "run", "s", "sys"], made.Keys);
        Assert.DoesNotContain(made.Values, v => v[0] is 'c' or 'b');
        Assert.StartsWith("left out 3 device files", Assert.Single(tree.LeftOut), StringComparison.Ordinal);

        // One that stands there all the same is told.
        await Command.MustAsync("mknod", Path.Combine(Target, "kmsg"), "c", "1", "11");
        List<string> found = [];
        new TreeCheck(_store, content: true, (path, what) => found.Add(path + " " + what)).Compare(tree, Target, []);
        Assert.Contains("/kmsg is not in the image", found);
    }

    private static (string, ImageFileKind, string?) Shape(ImageFile file) => (file.Path, file.Kind, file.LinkTarget);

    private async Task<MergedTree> TreeAsync(params LayerTar[] layers)
    {
        List<Digest> diffIds = [];
        foreach (byte[] bytes in layers.Select(l => l.ToBytes()))
        {
            diffIds.Add(Digest.Sha256(bytes));
            await _store.AddLayerAsync(diffIds[^1], new MemoryStream(bytes), CancellationToken.None);
        }

        _store.Commit();
        return MergedTree.Build(_store, diffIds);
    }

    private static MountPoint DirectoryAt(string path) => new(path, IsDirectory: true, 0b111_101_101);
}
