// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Store;
using Xunit;

namespace SystemContainers.Tests.Store;

/// <summary>What may stand in a store that came from anywhere, and what not.</summary>
public sealed class StoreLinksTests : IDisposable
{
    private readonly string _store = Directory.CreateTempSubdirectory("sysctr-links-").FullName;

    public StoreLinksTests()
    {
        foreach (string name in (string[])["a", "b"])
        {
            string deployment = Path.Join(_store, "deployments", name, "0");
            Directory.CreateDirectory(Path.Join(deployment, "host/etc/systemd/system"));
            File.WriteAllText(Path.Join(deployment, "info.json"), "{}");
            File.WriteAllText(Path.Join(deployment, "host/etc/systemd/system", name + ".service"), "");
            File.CreateSymbolicLink(Path.Join(deployment, "host/etc/leads"), "/anywhere");
            File.CreateSymbolicLink(Path.Join(deployment, "rootfs"), "../somewhere");
            File.CreateSymbolicLink(Path.Join(_store, "deployments", name, "current"), "0");
        }

        Directory.CreateDirectory(Path.Join(_store, "blobs/sha256"));
        File.WriteAllText(Path.Join(_store, "blobs/sha256/abc"), "");
    }

    public void Dispose() => Directory.Delete(_store, recursive: true);

    [Fact]
    public void What_we_make_is_passed()
    {
        StoreLinks.Check(_store);
        StoreLinks.Check(Path.Join(_store, "that/is/not/there"));
    }

    [Theory]
    [InlineData("blobs/sha256/link")]
    [InlineData("blobs/link")]
    [InlineData("link")]
    [InlineData("deployments/link")]
    [InlineData("deployments/b/1")]
    [InlineData("deployments/b/0/config.json")]
    public void A_link_that_we_do_not_make_is_named(string place)
    {
        File.CreateSymbolicLink(Path.Join(_store, place), "/etc");
        SysctrException fault = Assert.Throws<SysctrException>(() => StoreLinks.Check(_store));
        Assert.Equal(ErrorKind.Unsafe, fault.Kind);
        Assert.Contains(Path.GetDirectoryName(Path.Join(_store, place))!, fault.Message, StringComparison.Ordinal);
        Assert.Contains(Path.GetFileName(place) + " there is a symbolic link", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("blobs/sha256/fifo")]
    [InlineData("deployments/fifo")]
    [InlineData("deployments/a/current.fifo")]
    [InlineData("deployments/b/0/fifo")]
    [InlineData("deployments/b/0/host/etc/systemd/system/fifo")]
    public void A_pipe_that_would_never_end_is_named(string place)
    {
        using Process mkfifo = Process.Start("mkfifo", Path.Join(_store, place));
        mkfifo.WaitForExit();
        SysctrException fault = Assert.Throws<SysctrException>(() => StoreLinks.Check(_store));
        Assert.Contains("neither a file nor a directory", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_can_t_be_read_is_the_host_s_fault_and_no_defect()
    {
        // Together longer than any path may be (path_resolution(7)).
        string outer = Path.Join(_store, "deployments/b/0/host", Deep(12));
        string inner = Path.Join(_store, "inner");
        Directory.CreateDirectory(outer);
        Directory.CreateDirectory(Path.Join(inner, Deep(12)));
        string moved = Path.Join(outer, "inner");
        Directory.Move(inner, moved);
        try
        {
            LinuxException fault = Assert.Throws<LinuxException>(() => StoreLinks.Check(_store));
            Assert.Equal(Errno.ENAMETOOLONG, fault.Errno);
            Assert.Equal(ErrorKind.Storage, HostFailure.Understand(fault)?.Kind);
        }
        finally
        {
            Directory.Move(moved, inner);
        }

        static string Deep(int levels) => string.Join('/', Enumerable.Repeat(new string('d', 200), levels));
    }
}
