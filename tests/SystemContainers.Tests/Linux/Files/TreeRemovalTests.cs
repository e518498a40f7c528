// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using Xunit;

namespace SystemContainers.Tests.Linux.Files;

public sealed class TreeRemovalTests : IDisposable
{
    private readonly string _scratch = Directory.CreateTempSubdirectory("sysctr-removal-").FullName;

    public void Dispose() => Shell($"umount '{_scratch}'/tree/mnt 2>/dev/null; rm -rf '{_scratch}'");

    [Fact]
    [Trait("needs", "root")]
    public void Everything_goes_even_names_that_are_not_text()
    {
        Shell(
            $"cd '{_scratch}' && mkdir -p tree/a/b && touch tree/a/b/file \"$(printf 'tree/a/\\377\\n')\" && mkfifo tree/pipe && chmod 0 tree/a/b"
        );

        TreeRemoval.Remove(Path.Combine(_scratch, "tree"));

        Assert.Empty(Directory.GetFileSystemEntries(_scratch));
    }

    [Fact]
    public void A_symbolic_link_is_removed_and_not_followed()
    {
        Shell($"cd '{_scratch}' && mkdir -p tree outside && touch outside/keep && ln -s ../outside tree/link");

        TreeRemoval.Remove(Path.Combine(_scratch, "tree"));

        Assert.True(File.Exists(Path.Combine(_scratch, "outside/keep")));
        Assert.False(Directory.Exists(Path.Combine(_scratch, "tree")));
    }

    [Fact]
    [Trait("needs", "root")]
    public void A_mount_is_an_error_and_what_is_mounted_stays()
    {
        Shell($"cd '{_scratch}' && mkdir -p tree/mnt outside && touch outside/keep && mount --bind outside tree/mnt");

        LinuxException failure = Assert.Throws<LinuxException>(() =>
            TreeRemoval.Remove(Path.Combine(_scratch, "tree"))
        );

        Assert.Contains(
            failure.Errno,
            new[]
            {
                Errno.EXDEV,
                16, /* EBUSY: the mount point itself */
            }
        );
        Assert.True(File.Exists(Path.Combine(_scratch, "outside/keep")));
    }

    [Fact]
    [Trait("needs", "root")]
    public void What_is_protected_goes_only_where_that_is_meant()
    {
        string tree = Path.Combine(_scratch, "tree");
        Shell($"cd '{_scratch}' && mkdir -p tree/a/b && touch tree/a/b/file tree/a/more && ln -s more tree/a/link");
        Shell($"cd '{_scratch}' && chattr +i tree/a/b/file && chattr +a tree/a/more && chattr +i tree/a/b tree/a");
        try
        {
            Assert.Equal(Errno.EPERM, Assert.Throws<LinuxException>(() => TreeRemoval.Remove(tree)).Errno);
            Assert.True(File.Exists(tree + "/a/b/file"));

            TreeRemoval.RemoveProtected(tree);

            Assert.Empty(Directory.GetFileSystemEntries(_scratch));
        }
        finally
        {
            Shell($"chattr -R -ia '{_scratch}' 2>/dev/null");
        }
    }

    [Fact]
    [Trait("needs", "root")]
    public void A_directory_that_somebody_protects_keeps_what_is_in_it()
    {
        string tree = Path.Combine(_scratch, "tree");
        Shell($"mkdir -p '{tree}' && chattr +i '{_scratch}'");
        try
        {
            Assert.Equal(Errno.EPERM, Assert.Throws<LinuxException>(() => TreeRemoval.RemoveProtected(tree)).Errno);
            Assert.Throws<UnauthorizedAccessException>(() => File.Create(_scratch + "/file"));
        }
        finally
        {
            Shell($"chattr -i '{_scratch}'");
        }
    }

    [Theory]
    [Trait("needs", "time")]
    [InlineData(60)]
    [InlineData(30_000)]
    public void Depth_costs_neither_open_files_nor_stack(int depth)
    {
        Nest(new string('n', 200), depth);
        Shell($"cd '{_scratch}/tree' && touch file && mkdir -p other/inner");

        // More levels than a process may have files open, on a thread whose stack would not hold a frame for each.
        Exception? failure = null;
        Thread thread = new(
            () => failure = Record.Exception(() => TreeRemoval.Remove(Path.Combine(_scratch, "tree"))),
            maxStackSize: 512 * 1024
        );
        thread.Start();
        thread.Join();

        Assert.Null(failure);
        Assert.Empty(Directory.GetFileSystemEntries(_scratch));
    }

    [Fact]
    [Trait("needs", "root")]
    public void A_removal_that_fails_half_way_is_finished_by_the_next_and_says_so_in_short()
    {
        Nest("n", 1000);
        string deep = $"{_scratch}/tree" + string.Concat(Enumerable.Repeat("/n", 1000));
        Shell($"mount -t tmpfs none {deep}");
        Assert.True(MountTable.HasBelow(_scratch));

        LinuxException failure = Assert.Throws<LinuxException>(() =>
            TreeRemoval.Remove(Path.Combine(_scratch, "tree"))
        );
        Shell($"umount -l $(grep -o '{_scratch}[^ ]*' /proc/self/mountinfo)");
        TreeRemoval.Remove(Path.Combine(_scratch, "tree"));

        Assert.Equal(Errno.EBUSY, failure.Errno);
        Assert.True(failure.Message.Length < 500, failure.Message);
        Assert.Empty(Directory.GetFileSystemEntries(_scratch));
    }

    [Fact]
    public void What_is_not_there_needs_no_removal() => TreeRemoval.Remove(Path.Combine(_scratch, "none/at/all"));

    /// <summary>Without paths, which end at 4096 bytes.</summary>
    private void Nest(string name, int depth) =>
        Shell(
            $"cd '{_scratch}' && mkdir tree && cd tree && perl -e 'for (1..{depth}) {{ mkdir \"{name}\" or die; chdir \"{name}\" or die }}'"
        );

    private static void Shell(string script)
    {
        using Process process = Process.Start("bash", ["-c", script]);
        process.WaitForExit();
    }
}
