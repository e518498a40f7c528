using System.Diagnostics;
using SystemContainers.Linux;
using Xunit;

namespace SystemContainers.Tests.Linux;

public sealed class TreeRemovalTests : IDisposable
{
    private readonly string _scratch = Directory.CreateTempSubdirectory("sysctr-removal-").FullName;

    public void Dispose() => Shell($"umount '{_scratch}'/tree/mnt 2>/dev/null; rm -rf '{_scratch}'");

    [Fact]
    public void Everything_goes_even_names_that_are_not_text()
    {
        Shell($"cd '{_scratch}' && mkdir -p tree/a/b && touch tree/a/b/file \"$(printf 'tree/a/\\377\\n')\" && mkfifo tree/pipe && chmod 0 tree/a/b");

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
    public void A_mount_is_an_error_and_what_is_mounted_stays()
    {
        Shell($"cd '{_scratch}' && mkdir -p tree/mnt outside && touch outside/keep && mount --bind outside tree/mnt");

        LinuxException failure = Assert.Throws<LinuxException>(() => TreeRemoval.Remove(Path.Combine(_scratch, "tree")));

        Assert.Contains(failure.Errno, new[] { Errno.EXDEV, 16 /* EBUSY: the mount point itself */ });
        Assert.True(File.Exists(Path.Combine(_scratch, "outside/keep")));
    }

    [Fact]
    public void What_is_not_there_needs_no_removal() => TreeRemoval.Remove(Path.Combine(_scratch, "none/at/all"));

    private static void Shell(string script)
    {
        using Process process = Process.Start("bash", ["-c", script]);
        process.WaitForExit();
    }
}
