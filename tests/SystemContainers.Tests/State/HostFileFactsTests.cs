// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.State;
using SystemContainers.Target;
using Xunit;

namespace SystemContainers.Tests.State;

/// <summary>What others may have put where a file of the host is looked for.</summary>
public sealed class HostFileFactsTests : IDisposable
{
    private readonly string _base = Directory.CreateTempSubdirectory("sysctr-facts-").FullName;

    public void Dispose() => Directory.Delete(_base, recursive: true);

    [Theory]
    [Trait("needs", "root")]
    [InlineData("mkfifo x")]
    [InlineData("mkdir x")]
    [InlineData("mknod x c 1 5")]
    [InlineData("perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => \"x\", Listen => 1)'")]
    public async Task Nothing_that_is_no_file_is_opened(string make)
    {
        Shell(make);

        // A FIFO would keep its reader for ever.
        Digest? digest = await Task.Run(() => HostFileFacts.DigestOf(_base + "/x")).WaitAsync(TimeSpan.FromSeconds(10));

        Assert.NotNull(digest);
        Assert.NotEqual(Digest.Sha256([]), digest);
    }

    [Fact]
    public void Files_links_and_nothing_are_told_apart()
    {
        Shell("printf text > file; ln -s text link; ln -s missing dangling; ln -s fifo to; mkfifo fifo");

        Assert.Equal(Digest.Sha256("text"u8.ToArray()), HostFileFacts.DigestOf(_base + "/file"));
        Assert.Equal(Digest.Sha256("text"u8.ToArray()), HostFileFacts.DigestOf(_base + "/link"));
        Assert.Equal(Digest.Sha256("fifo"u8.ToArray()), HostFileFacts.DigestOf(_base + "/to"));
        Assert.Null(HostFileFacts.DigestOf(_base + "/none"));
    }

    [Theory]
    [Trait("needs", "root")]
    [InlineData("ln -s /etc link && chmod 1777 .", "others than root")]
    [InlineData("ln -s /var/lib/sysctr link", "store of sysctr|no directory")]
    [InlineData("ln -s ../../var/lib/sysctr/objects link", "store of sysctr|no directory")]
    public void A_file_is_not_written_where_a_link_of_others_or_into_the_store_leads(string make, string said)
    {
        Shell(make);
        using Host host = Host.Open("/", _ => { });

        SysctrException refused = Assert.Throws<SysctrException>(() =>
            new HostPlaces(host.Target).Check("installing x", _base + "/link/new/x")
        );

        Assert.Equal(ErrorKind.Unsafe, refused.Kind);
        Assert.Matches(said, refused.Message);
    }

    [Theory]
    [Trait("needs", "root")]
    [InlineData("/var/lib/sysctr")]
    [InlineData("/var/lib/sysctr/objects/ab/cdef")]
    [InlineData("../../../var/lib/../lib//sysctr/deployments")]
    [InlineData("/proc/self/root/var/lib/sysctr")]
    [InlineData("/run/sysctr/x")]
    public void A_link_into_the_store_is_not_installed(string target)
    {
        using Host host = Host.Open("/", _ => { });

        Assert.Throws<SysctrException>(() => new HostPlaces(host.Target).CheckLink("/opt/not/there", target));
        new HostPlaces(host.Target).CheckLink("/opt/not/there", "/var/lib/sysctrx");
        new HostPlaces(host.Target).CheckLink("/opt/not/there", "../../var/lib");
    }

    private void Shell(string script)
    {
        using Process process = Process.Start(
            new ProcessStartInfo("bash", ["-c", script]) { WorkingDirectory = _base }
        )!;
        process.WaitForExit();
    }
}
