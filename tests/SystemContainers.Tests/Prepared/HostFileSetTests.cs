// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using SystemContainers.Oci;
using SystemContainers.Prepared;
using SystemContainers.State;
using SystemContainers.Target;
using SystemContainers.Tests.Render;
using Xunit;

namespace SystemContainers.Tests.Prepared;

/// <summary>An image's files never take the place of the host's, whatever its manifest calls them.</summary>
[Trait("needs", "root")]
public sealed class HostFileSetTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("sysctr-files-").FullName;
    private readonly Host _host;

    public HostFileSetTests()
    {
        Directory.CreateDirectory(_root + "/etc");
        File.WriteAllText(_root + "/etc/passwd", "root:x:0:0::/root:/bin/sh\n");
        _host = Host.Open(_root, _ => { });
    }

    [Theory]
    [InlineData("/etc/passwd")]
    [InlineData("/etc//./passwd")]
    [InlineData("$CONF_DIRECTORY/passwd")]
    [InlineData("/link/passwd")]
    public void A_file_that_is_renamed_onto_one_of_the_host_is_refused(string newName)
    {
        File.CreateSymbolicLink(_root + "/link", "etc");

        SysctrException error = Assert.Throws<SysctrException>(() =>
            new HostFileSet(_host).CheckFree(Files(newName), before: null)
        );

        Assert.Equal(ErrorKind.Conflict, error.Kind);
        Assert.Contains("/etc/passwd", error.Message, StringComparison.Ordinal);
        Assert.Contains("belongs to somebody else", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_dangling_link_of_the_host_is_taken_too()
    {
        File.CreateSymbolicLink(_root + "/etc/dangling", "/nowhere");

        Assert.Equal(
            ErrorKind.Conflict,
            Assert
                .Throws<SysctrException>(() => new HostFileSet(_host).CheckFree(Files("/etc/dangling"), before: null))
                .Kind
        );
    }

    [Fact]
    public void A_name_that_nobody_has_is_free() =>
        new HostFileSet(_host).CheckFree(Files("/etc/passwd.new"), before: null);

    public void Dispose()
    {
        _host.Dispose();
        TreeRemoval.Remove(_root);
    }

    private static InstalledFile[] Files(string newName)
    {
        TestImage image = new TestImage()
            .File("/exports/hostfs/etc/mine", "root::0:0::/:/bin/sh\n")
            .File("/exports/manifest.json", $$$"""{"renameFiles": {"/etc/mine": "{{{newName}}}"}}""");
        return
        [
            .. RenderRequests
                .Render(image)
                .HostFiles.Where(f => f.Kind != ImageFileKind.Directory)
                .Select(f => HostFileSet.Record(f, image)),
        ];
    }
}
