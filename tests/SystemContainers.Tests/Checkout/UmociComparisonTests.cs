// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Checkout;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Store;
using SystemContainers.TestBed;
using SystemContainers.Tests.Fakes;
using SystemContainers.Tree;
using Xunit;

namespace SystemContainers.Tests.Checkout;

/// <summary>What we make of an image and what <c>umoci unpack</c> makes of it, entry by entry: the same but for devices
/// and the kernel's places, or both refuse.</summary>
public sealed class UmociComparisonTests : IDisposable
{
    /// <summary>VFS_CAP_REVISION_2, effective, CAP_NET_RAW (linux/capability.h); bytes that are no text among
    /// them.</summary>
    private static readonly byte[] s_capability = Convert.FromHexString("0100000200200000000000000000000000000000");

    private readonly string _scratch = Directory.CreateTempSubdirectory("sysctr-checkout-").FullName;

    public static TheoryData<string> Same => [.. s_same.Keys];

    public static TheoryData<string> Refused => [.. s_refused.Keys];

    /// <summary>Layers that both unpack. Every directory is described, for umoci gives the others the time of
    /// day.</summary>
    private static readonly Dictionary<string, LayerTar[]> s_same = new(StringComparer.Ordinal)
    {
        ["kinds of file with all that an inode has"] =
        [
            new LayerTar()
                .Dir(".", mode: 0b111_101_000, mtime: "1500000000.000000001")
                .Dir("etc")
                .Dir("empty", mode: 0b1_111_111_111, gid: 7)
                .File("etc/hostname", "box\n", uid: 1, gid: 2, mtime: "1700000000.123456789")
                .File("etc/nothing", mode: 0)
                .File("setuid", "x", mode: 0b100_111_101_101)
                .File("setgid", "x", mode: 0b010_111_101_101, uid: 65534, gid: 65534)
                .File("big", new string('b', 300_000))
                .File("big-uid", "u", uid: 4_000_000_000, gid: 3_000_000_000)
                .Symlink("link", "etc/hostname", uid: 5, gid: 6, mtime: "1234567890.5")
                .Symlink("dangling", "/no/where")
                .Symlink("out", "../../../../../../etc/passwd")
                .Device('3', "null", 1, 3, mode: 0b110_110_110)
                .Device('4', "disk", 259, 70000, uid: 0, gid: 6)
                .Fifo("pipe", mtime: "99.000000002")
                .File("zero-time", "z", mtime: "0")
                .File("old", "o", mtime: "-5"),
        ],
        ["attributes"] =
        [
            new LayerTar()
                .Dir("d", xattrs: ("user.dir", "v"u8.ToArray()))
                .File("ping", "p", mode: 0b111_101_101, xattrs: [("security.capability", s_capability)])
                .File("two", "t", xattrs: [("user.b", [0, 255, 10]), ("user.a", "line\nline="u8.ToArray())])
                .File("empty", "", xattrs: [("user.none", "e"u8.ToArray())])
                .File("host", "h", xattrs: [("security.selinux", "system_u:object_r:etc_t:s0\0"u8.ToArray())])
                .Symlink("s", "two", xattrs: ("trusted.s", "1"u8.ToArray())),
            new LayerTar().Dir("d", xattrs: ("user.other", "w"u8.ToArray())),
        ],
        ["setuid with a capability and an owner"] =
        [
            new LayerTar().File(
                "f",
                "x",
                mode: 0b110_111_101_101,
                uid: 3,
                gid: 4,
                xattrs: ("security.capability", s_capability)
            ),
        ],
        ["names that are no text, long or odd"] =
        [
            new LayerTar()
                .Dir("odd")
                .File("odd/\xff\xfe\n", "1")
                .File("odd/ ", "2")
                .File("odd/" + new string('n', 255), "3")
                .File("odd/...", "4")
                .File("odd/-rf", "5")
                .Symlink("odd/long", new string('t', 3000)),
        ],
        ["hard links"] =
        [
            new LayerTar()
                .Dir("a")
                .File("a/one", "same")
                .Link("two", "a/one")
                .Link("a/three", "/two")
                .File("twin", "same")
                .File("e1")
                .Link("e2", "e1")
                .File("e3")
                .Symlink("s", "a/one")
                .Link("s2", "s")
                .Fifo("p")
                .Link("p2", "p")
                .Device('3', "c", 1, 5)
                .Link("c2", "c"),
        ],
        ["a hard link to a lower layer, which then changes"] =
        [
            new LayerTar().File("f", "old").File("g", "g"),
            new LayerTar().Link("l", "f").File("f", "new").Link("h", "g"),
            new LayerTar().Whiteout(".wh.g"),
        ],
        ["a hard link through a symbolic link"] =
        [
            new LayerTar().Dir("d").File("d/f", "x").Symlink("s", "/d").Link("l", "s/f").Link("s/m", "../../s/f"),
        ],
        ["whiteouts of a file, a tree, a link, nothing"] =
        [
            new LayerTar().Dir("d").Dir("d/e").File("d/e/f", "x").File("g", "x").Symlink("s", "d").File("keep", "k"),
            new LayerTar()
                .Whiteout(".wh.d")
                .Whiteout(".wh.g")
                .Whiteout(".wh.s")
                .Whiteout(".wh.never")
                .Whiteout("no/such/.wh.x")
                .Whiteout("keep/.wh.x"),
        ],
        ["a whiteout spares its own layer, whatever comes first"] =
        [
            new LayerTar()
                .Dir("d")
                .File("d/low", "l")
                .Dir("e")
                .File("e/low", "l")
                .Dir("e/sub")
                .File("e/sub/low", "l")
                .File("f", "low"),
            new LayerTar()
                .Dir("d")
                .File("d/up", "u")
                .Whiteout(".wh.d")
                .Whiteout(".wh.e")
                .Dir("e")
                .Dir("e/sub")
                .File("e/sub/up", "u")
                .File("f", "up")
                .Whiteout(".wh.f"),
        ],
        ["opaque directories, mark first and last"] =
        [
            new LayerTar()
                .Dir("a")
                .File("a/low", "l")
                .Dir("a/sub")
                .File("a/sub/low", "l")
                .Dir("b")
                .File("b/low", "l")
                .Dir("b/sub")
                .File("b/sub/low", "l"),
            new LayerTar()
                .Dir("a")
                .Whiteout("a/.wh..wh..opq")
                .File("a/up", "u")
                .Dir("b")
                .Dir("b/sub")
                .File("b/sub/up", "u")
                .Whiteout("b/.wh..wh..opq"),
        ],
        ["an opaque root"] =
        [
            new LayerTar().Dir("a").File("a/low", "l").File("low", "l"),
            new LayerTar().File("up", "u").Whiteout(".wh..wh..opq"),
        ],
        ["opaque where there is no directory"] =
        [
            new LayerTar().File("f", "x").Symlink("s", "nowhere"),
            new LayerTar().Whiteout("f/.wh..wh..opq").Whiteout("no/.wh..wh..opq").Whiteout("s/.wh..wh..opq"),
        ],
        ["whiteouts through symbolic links"] =
        [
            new LayerTar().Dir("d").File("d/f", "x").File("d/g", "x").Symlink("s", "/d"),
            new LayerTar().Whiteout("s/.wh.f"),
            new LayerTar().Whiteout("s/.wh..wh..opq"),
        ],
        ["a whiteout named like a whiteout"] =
        [
            new LayerTar().File("a", "x").File("b", "x"),
            new LayerTar().Whiteout(".wh..wh.a").Whiteout(".wh.b"),
        ],
        ["a whiteout of another type"] =
        [
            new LayerTar().File("a", "x").File("b", "x"),
            new LayerTar().Dir(".wh.a").Symlink(".wh.b", "a"),
        ],
        ["changes of type"] =
        [
            new LayerTar()
                .Dir("dir")
                .File("dir/in", "x")
                .File("file", "x")
                .Symlink("link", "dir")
                .Dir("kept")
                .File("kept/in", "x")
                .Fifo("fifo"),
            new LayerTar()
                .File("dir", "now a file")
                .Dir("file")
                .File("file/in", "y")
                .Dir("link")
                .File("link/in", "z")
                .Dir("kept", mode: 0b111_000_000, uid: 9, mtime: "1.5")
                .Symlink("fifo", "file"),
            new LayerTar().Symlink("kept", "file").File("fifo", "f"),
        ],
        ["the same name twice in a layer"] =
        [
            new LayerTar()
                .File("f", "one")
                .File("f", "two")
                .Dir("d")
                .File("d/x", "x")
                .File("d", "file")
                .Dir("d", mtime: "7")
                .Symlink("s", "f")
                .File("s", "s"),
        ],
        ["names that climb or are absolute"] =
        [
            new LayerTar()
                .Dir("d")
                .File("../../up", "1")
                .File("/abs", "2")
                .File("d/../../../side", "3")
                .File("./d/./dot", "4")
                .File("d//slashes", "5")
                .Dir("d/../d/", mode: 0b111_000_000),
            new LayerTar().Whiteout("../../.wh.up"),
        ],
        ["parents that are symbolic links out of the tree"] =
        [
            new LayerTar()
                .Dir("etc")
                .Symlink("abs", "/etc")
                .Symlink("rel", "../../../../../../etc")
                .Symlink("chain", "rel")
                .Symlink("back", "etc/../abs"),
            new LayerTar().File("abs/one", "1").File("rel/two", "2").File("chain/three", "3").File("back/four", "4"),
        ],
        ["an entry on a symbolic link replaces the link"] =
        [
            new LayerTar().File("target", "t").Symlink("s", "target"),
            new LayerTar().File("s", "s"),
        ],
        ["a directory on a symbolic link to a directory replaces it"] =
        [
            new LayerTar().Dir("real").File("real/in", "x").Symlink("s", "real"),
            new LayerTar().Dir("s").File("s/other", "y"),
        ],
        ["later layers leave the parents' times alone"] =
        [
            new LayerTar().Dir("d", mtime: "1000").Dir("d/e", mtime: "2000.5").File("d/e/f", "x"),
            new LayerTar().File("d/e/g", "y").Whiteout("d/e/.wh.f"),
            new LayerTar().File("d/h", "z"),
        ],
        ["an empty layer"] = [new LayerTar(), new LayerTar().File("f", "x"), new LayerTar()],
    };

    /// <summary>Directories in which umoci removes what a whiteout above them hides, and forgets to set the time
    /// back.</summary>
    private static readonly Dictionary<string, string> s_touchedByUmoci = new(StringComparer.Ordinal)
    {
        ["a whiteout spares its own layer, whatever comes first"] = "d",
        ["opaque directories, mark first and last"] = "b/sub",
    };

    private static readonly Dictionary<string, LayerTar[]> s_refused = new(StringComparer.Ordinal)
    {
        ["the root as a link"] = [new LayerTar().Symlink(".", "/etc")],
        ["the root as a file"] = [new LayerTar().File(".", "x")],
        ["the root as a file, by way of dots"] = [new LayerTar().File("a/../..", "x")],
        ["a hard link to nothing"] = [new LayerTar().Link("l", "nothing")],
        ["a hard link out of the tree"] = [new LayerTar().Link("l", "../../../../../../../../etc/passwd")],
        ["a hard link out of the tree, absolute"] = [new LayerTar().Link("l", "/etc/passwd")],
        ["a hard link out of the tree, through a symbolic link"] =
        [
            new LayerTar().Symlink("s", "/etc"),
            new LayerTar().Link("l", "s/passwd"),
        ],
        ["a hard link to a directory"] = [new LayerTar().Dir("d").Link("l", "d")],
        ["a hard link to the root"] = [new LayerTar().Link("l", "/")],
        ["a hard link to itself"] = [new LayerTar().File("f", "x").Link("f", "f")],
        ["a hard link before its target"] = [new LayerTar().Link("l", "f").File("f", "x")],
        ["a hard link to what a whiteout took"] =
        [
            new LayerTar().File("f", "x"),
            new LayerTar().Whiteout(".wh.f").Link("l", "f"),
        ],
        ["a parent that is a file"] = [new LayerTar().File("f", "x").File("f/g", "y")],
        ["a parent that is a link to a file"] = [new LayerTar().File("f", "x").Symlink("s", "f").File("s/g", "y")],
        ["a parent that is a loop"] = [new LayerTar().Symlink("a", "b").Symlink("b", "a").File("a/f", "x")],
        ["a symbolic link without text"] = [new LayerTar().Symlink("s", "")],
        ["a name that is too long"] = [new LayerTar().File(new string('n', 256), "x")],
        ["a parent whose name is too long"] = [new LayerTar().File(new string('n', 256) + "/f", "x")],
    };

    public void Dispose() => Cache.DeleteAsync(_scratch).GetAwaiter().GetResult();

    [Theory]
    [Trait("needs", "programs")]
    [MemberData(nameof(Same))]
    public async Task Both_make_the_same_tree(string row)
    {
        FakeImage image = Write(s_same[row]);

        CommandResult umoci = await UmociAsync();
        await OursAsync(image);

        Assert.True(umoci.ExitCode == 0, umoci.Error);
        await AssertSameAsync(s_touchedByUmoci.TryGetValue(row, out string? touched) ? [touched] : []);
    }

    [Theory]
    [Trait("needs", "programs")]
    [MemberData(nameof(Refused))]
    public async Task Both_refuse(string row)
    {
        FakeImage image = Write(s_refused[row]);

        CommandResult umoci = await UmociAsync();
        SysctrException refusal = await Assert.ThrowsAsync<SysctrException>(() => OursAsync(image));

        Assert.NotEqual(0, umoci.ExitCode);
        Assert.Equal(ErrorKind.Unsafe, refusal.Kind);
        Assert.False(Path.Exists(Path.Combine(_scratch, "ours")));
    }

    [Theory]
    [Trait("needs", "root")]
    [InlineData(".wh.")]
    [InlineData(".wh..")]
    [InlineData(".wh...")]
    [InlineData("d/.wh...")]
    public async Task A_whiteout_of_no_name_is_refused(string name)
    {
        // umoci would remove the directory that holds it, or the one above: even above the root.
        FakeImage image = Write([new LayerTar().Dir("d").File("d/f", "x"), new LayerTar().Whiteout(name)]);

        SysctrException refusal = await Assert.ThrowsAsync<SysctrException>(() => OursAsync(image));

        Assert.Equal(ErrorKind.Unsafe, refusal.Kind);
    }

    [Fact]
    [Trait("needs", "programs")]
    public async Task Directories_that_no_layer_describes_differ_in_their_time_alone()
    {
        FakeImage image = Write([
            new LayerTar().File("not/described/file", "x").Symlink("s", "made/by/link"),
            new LayerTar().File("s/f", "y"),
        ]);

        CommandResult umoci = await UmociAsync();
        await OursAsync(image);

        Assert.True(umoci.ExitCode == 0, umoci.Error);
        await AssertSameAsync(["not", "not/described", "made", "made/by", "made/by/link", ""]);
    }

    [Fact]
    [Trait("needs", "programs")]
    public async Task A_Debian_image_of_two_layers_is_the_same()
    {
        string layout = await ImageBuilder.BuildAsync(new ImageSource("etcd"));
        await Command.MustAsync("cp", "-r", layout, Path.Combine(_scratch, "layout"));

        CommandResult umoci = await UmociAsync(ImageBuilder.Tag);
        IReadOnlyList<Digest> diffIds = await StoredImage.AddLayoutAsync(
            Store,
            Path.Combine(_scratch, "layout"),
            ImageBuilder.Tag
        );
        TreeCheckout.Write(MergedTree.Build(Store, diffIds), Path.Combine(_scratch, "ours"), []);

        Assert.True(umoci.ExitCode == 0, umoci.Error);
        int entries = await AssertSameAsync();
        Assert.True(entries > 5000, $"only {entries} entries: no Debian image");
    }

    private ContentStore Store => field ??= ContentStore.Open(Path.Combine(_scratch, "store"));

    private FakeImage Write(LayerTar[] layers)
    {
        FakeImage image = new();
        foreach (LayerTar layer in layers)
        {
            image.AddGzip(layer.ToBytes());
        }

        return image.WriteTo(Path.Combine(_scratch, "layout"), "tag");
    }

    private async Task<CommandResult> UmociAsync(string tag = "tag") =>
        await Command.RunAsync(
            "umoci",
            "unpack",
            "--image",
            Path.Combine(_scratch, $"layout:{tag}"),
            Path.Combine(_scratch, "bundle")
        );

    private async Task OursAsync(FakeImage image)
    {
        List<Digest> diffIds = [];
        for (int i = 0; i < image.Plains.Count; i++)
        {
            diffIds.Add(image.DiffId(i));
            if (!Store.HasLayer(image.DiffId(i)))
            {
                await Store.AddLayerAsync(
                    image.DiffId(i),
                    new MemoryStream(image.Plains[i]),
                    TestContext.Current.CancellationToken
                );
            }
        }

        Store.Commit();
        TreeCheckout.Write(MergedTree.Build(Store, diffIds), Path.Combine(_scratch, "ours"), []);
    }

    /// <param name="undescribed">Paths whose time is umoci's time of day.</param>
    private async Task<int> AssertSameAsync(params string[] undescribed)
    {
        SortedDictionary<string, string> theirs = await ComparedAsync(Path.Combine(_scratch, "bundle/rootfs"));
        SortedDictionary<string, string> ours = await ComparedAsync(Path.Combine(_scratch, "ours"));
        string[] differences =
        [
            .. from path in theirs.Keys.Union(ours.Keys)
            let their = theirs.GetValueOrDefault(path, "nothing")
            let our = ours.GetValueOrDefault(path, "nothing")
            where undescribed.Contains(path) ? WithoutTime(their) != WithoutTime(our) : their != our
            select $"/{path}\n  umoci: {their}\n  ours:  {our}",
        ];
        Assert.True(differences.Length == 0, string.Join('\n', differences.Take(20)));
        return ours.Count;
    }

    /// <summary>All but what a tree of ours never takes from an image: devices, and the kernel's places
    /// (SystemDirectories; TreeCheckoutTests has them).</summary>
    private static async Task<SortedDictionary<string, string>> ComparedAsync(string root)
    {
        SortedDictionary<string, string> all = await TreeListing.OfAsync(root);
        return new(
            all.Where(e =>
                    e.Value[0] is not ('c' or 'b')
                    && !SystemDirectories.Names.Any(n =>
                        e.Key == n || e.Key.StartsWith(n + "/", StringComparison.Ordinal)
                    )
                )
                .ToDictionary(StringComparer.Ordinal),
            StringComparer.Ordinal
        );
    }

    private static string WithoutTime(string line) => string.Join('|', line.Split('|').Where((_, i) => i != 1));
}
