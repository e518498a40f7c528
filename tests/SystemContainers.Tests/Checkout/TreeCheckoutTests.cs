using System.Text;
using SystemContainers.Checkout;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Store;
using SystemContainers.TestBed;
using SystemContainers.Tests.Fakes;
using Xunit;

namespace SystemContainers.Tests.Checkout;

/// <summary>What umoci has no say in: mount points, lookups, sharing with the store.</summary>
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
        MergedTree tree = await TreeAsync(new LayerTar()
            .Dir("run", mtime: "1000").Dir("var", mtime: "2000").Symlink("var/run", "/run").Symlink("data", "srv/data").File("etc/hosts", "there"));
        TreeCheckout.Write(
            tree, Target,
            [
                DirectoryAt("/var/run/a/b"), new MountPoint("/etc/resolv.conf", false, 0b110_100_100), DirectoryAt("/data"),
                new MountPoint("/etc/hosts", false, 0b110_100_100), DirectoryAt("/../../up"), DirectoryAt("/run"), DirectoryAt("/"),
            ]);

        SortedDictionary<string, string> made = await TreeListing.OfAsync(Target);
        Assert.Equal(
            ["", "data", "etc", "etc/hosts", "etc/resolv.conf", "run", "run/a", "run/a/b", "srv", "srv/data", "up", "var", "var/run"], made.Keys);
        Assert.StartsWith("d 755 0 0 | 1000.", made["run"], StringComparison.Ordinal);
        Assert.StartsWith("d 755 0 0 | 2000.", made["var"], StringComparison.Ordinal);
        Assert.StartsWith("d 755 0 0", made["run/a/b"], StringComparison.Ordinal);
        Assert.StartsWith("f 644 0 0", made["etc/resolv.conf"], StringComparison.Ordinal);
        Assert.Equal("there", await File.ReadAllTextAsync(Path.Combine(Target, "etc/hosts")));
        Assert.Null(tree.Find("/run/a"));
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
        using CancellationTokenSource done = new();
        int most = 0;
        Task watch = Task.Run(() =>
        {
            while (!done.IsCancellationRequested)
            {
                most = Math.Max(most, Directory.GetFiles("/proc/self/fd").Count(f => new FileInfo(f).LinkTarget?.StartsWith(Target, StringComparison.Ordinal) == true));
            }
        });

        TreeCheckout.Write(tree, Target, []);
        List<string> found = [];
        new TreeCheck(_store, content: true, (where, what) => found.Add(where + what)).Compare(tree, Target, []);
        await done.CancelAsync();
        await watch;

        Assert.Equal("deep", await File.ReadAllTextAsync($"{Target}/{path}/file"));
        Assert.Empty(found);
        Assert.InRange(most, 1, 100);
    }

    [Theory]
    [InlineData("/file/below")]
    [InlineData("/loop/x")]
    public async Task A_mount_point_that_cannot_be_is_refused(string path)
    {
        MergedTree tree = await TreeAsync(new LayerTar().File("file", "x").Symlink("loop", "loop"));

        SysctrException refusal = Assert.Throws<SysctrException>(() => TreeCheckout.Write(tree, Target, [DirectoryAt(path)]));

        Assert.Equal(ErrorKind.Unsafe, refusal.Kind);
        Assert.False(Path.Exists(Target));
    }

    [Fact]
    public async Task Two_checkouts_share_the_store_s_files()
    {
        MergedTree tree = await TreeAsync(new LayerTar().File("f", "content"));
        string second = Path.Combine(_scratch, "second");
        TreeCheckout.Write(tree, Target, []);
        TreeCheckout.Write(tree, second, []);

        CommandResult inodes = await Command.MustAsync("stat", "-c", "%i %h", Path.Combine(Target, "f"), Path.Combine(second, "f"));

        string[] lines = inodes.Output.Trim().Split('\n');
        Assert.Equal(lines[0], lines[1]);
        Assert.EndsWith(" 3", lines[0], StringComparison.Ordinal);
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
        File.Delete(Directory.GetFiles(Path.Combine(_scratch, "store/objects"), "*", SearchOption.AllDirectories).Single());

        SysctrException failure = Assert.Throws<SysctrException>(() => TreeCheckout.Write(tree, Target, []));

        Assert.Equal(ErrorKind.Corrupt, failure.Kind);
        Assert.False(Path.Exists(Target));
    }

    [Fact]
    public async Task Paths_are_looked_up_inside_the_image_alone()
    {
        MergedTree tree = await TreeAsync(new LayerTar()
            .Dir("etc").File("etc/passwd", "image's", mode: 0b110_000_000, uid: 5, gid: 6).Symlink("abs", "/etc/passwd").Symlink("up", "../../../etc")
            .Symlink("loop", "loop").Symlink("gone", "no/where").Fifo("pipe").File("etc/\xff", "no text").Link("hard", "etc/passwd"));

        Assert.Equal(new ImageFile("/etc/passwd", ImageFileKind.Regular, 0b110_000_000, 5, 6, 7), tree.Find("/up/./passwd")! with { Inode = null, Xattrs = [] });
        Assert.Same(tree.Find("/etc/passwd")!.Inode, tree.Find("/hard")!.Inode);
        Assert.Equal("/etc/passwd", tree.Find("/abs")!.Path);
        Assert.Equal("image's", Encoding.ASCII.GetString(tree.Read(tree.Find("/hard")!, 7)));
        Assert.Equal(("/abs", ImageFileKind.Symlink, "/etc/passwd"), Shape(tree.FindNoFollow("/abs")!));
        Assert.Equal(("/etc/passwd", ImageFileKind.Regular, null), Shape(tree.FindNoFollow("/up/passwd")!));
        Assert.Equal(ImageFileKind.Special, tree.Find("/pipe")!.Kind);
        Assert.Equal(ImageFileKind.Directory, tree.Find("/")!.Kind);
        Assert.All(["/loop", "/gone", "/etc/passwd/x", "/nothing"], path => Assert.Null(tree.Find(path)));
        Assert.Equal(["passwd"], tree.List("/up"));
        Assert.Equal(["abs", "etc", "gone", "hard", "loop", "pipe", "up"], tree.List("/"));
        Assert.Empty(tree.List("/etc/passwd"));
        Assert.Equal(ErrorKind.Unsafe, Assert.Throws<SysctrException>(() => tree.Read(tree.Find("/abs")!, 6)).Kind);
        Assert.Equal(ErrorKind.Unsafe, Assert.Throws<SysctrException>(() => tree.Read(tree.Find("/etc")!, 6)).Kind);
    }

    private static (string, ImageFileKind, string?) Shape(ImageFile file) => (file.Path, file.Kind, file.LinkTarget);

    private async Task<MergedTree> TreeAsync(LayerTar layer)
    {
        byte[] bytes = layer.ToBytes();
        Digest diffId = Digest.Sha256(bytes);
        await _store.AddLayerAsync(diffId, new MemoryStream(bytes), CancellationToken.None);
        _store.Commit();
        return MergedTree.Build(_store, [diffId]);
    }

    private static MountPoint DirectoryAt(string path) => new(path, IsDirectory: true, 0b111_101_101);
}
