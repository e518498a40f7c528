// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Tree;
using Xunit;

namespace SystemContainers.Tests.Tree;

/// <summary>A directory as an image's files: what a path names is looked up below the directory alone.</summary>
public sealed class DirectoryTreeTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("sysctr-tree-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Paths_are_looked_up_inside_the_directory_alone()
    {
        Directory.CreateDirectory(At("etc"));
        File.WriteAllText(At("etc/passwd"), "image's");
        File.CreateSymbolicLink(At("abs"), "/etc/passwd");
        File.CreateSymbolicLink(At("up"), "../../../etc");
        File.CreateSymbolicLink(At("loop"), "loop");
        File.CreateSymbolicLink(At("gone"), "no/where");
        DirectoryTree tree = DirectoryTree.Open(_root);

        Assert.Equal("/etc/passwd", tree.Find("/abs")!.Path);
        Assert.Equal(7, tree.Find("/up/./passwd")!.Size);
        Assert.Equal("image's", Encoding.ASCII.GetString(tree.Read(tree.Find("/abs")!, 7)));
        Assert.Equal((ImageFileKind.Symlink, "/etc/passwd"), Shape(tree.FindNoFollow("/abs")!));
        Assert.Equal((ImageFileKind.Regular, null), Shape(tree.FindNoFollow("/up/passwd")!));
        Assert.Equal("/", tree.Find("/../..")!.Path);
        Assert.All(["/loop", "/gone", "/etc/passwd/x", "/nothing"], path => Assert.Null(tree.Find(path)));
        Assert.Equal(["passwd"], tree.List("/up"));
        Assert.Equal(["abs", "etc", "gone", "loop", "up"], tree.List("/"));
        Assert.Empty(tree.List("/etc/passwd"));
    }

    [Fact]
    public void Only_regular_files_within_the_limit_are_read()
    {
        File.WriteAllText(At("file"), "seven b");
        File.CreateSymbolicLink(At("link"), "file");
        DirectoryTree tree = DirectoryTree.Open(_root);

        Assert.Equal(ErrorKind.Unsafe, Assert.Throws<SysctrException>(() => tree.Read(tree.Find("/file")!, 6)).Kind);
        Assert.Equal(
            ErrorKind.Unsafe,
            Assert.Throws<SysctrException>(() => tree.Read(tree.FindNoFollow("/link")!, 7)).Kind
        );
        Assert.Equal(ErrorKind.Unsafe, Assert.Throws<SysctrException>(() => tree.Read(tree.Find("/")!, 7)).Kind);
    }

    [Fact]
    public void Names_of_one_file_share_its_inode()
    {
        File.WriteAllText(At("first"), "");
        File.WriteAllText(At("other"), "");
        using (System.Diagnostics.Process ln = System.Diagnostics.Process.Start("ln", [At("first"), At("second")]))
        {
            ln.WaitForExit();
        }

        DirectoryTree tree = DirectoryTree.Open(_root);

        Assert.NotNull(tree.Find("/first")!.Inode);
        Assert.Equal(tree.Find("/first")!.Inode, tree.Find("/second")!.Inode);
        Assert.Null(tree.Find("/other")!.Inode);
    }

    [Fact]
    public void A_directory_that_is_not_there_is_told() =>
        Assert.Equal(ErrorKind.NotFound, Assert.Throws<SysctrException>(() => DirectoryTree.Open(At("nothing"))).Kind);

    private static (ImageFileKind, string?) Shape(ImageFile file) => (file.Kind, file.LinkTarget);

    private string At(string name) => Path.Join(_root, name);
}
