// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Systemd;
using Xunit;

namespace SystemContainers.Tests.Systemd;

/// <summary>Names that belong to units of the host.</summary>
public sealed class UnitFilesTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("sysctr-units-").FullName;

    public UnitFilesTests()
    {
        Directory.CreateDirectory(At("usr/lib/systemd/system"));
        Directory.CreateDirectory(At("etc/systemd/system"));
        File.WriteAllText(At("usr/lib/systemd/system/ssh.service"), "");
        File.CreateSymbolicLink(At("etc/systemd/system/sshd.service"), "/usr/lib/systemd/system/ssh.service");
        File.CreateSymbolicLink(At("etc/systemd/system/dangling.service"), "/nowhere.service");
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void A_name_is_taken_wherever_its_unit_stands()
    {
        Assert.Equal(
            ErrorKind.Conflict,
            Assert.Throws<SysctrException>(() => UnitFiles.CheckFree(new HostPaths(_root), ["sshd.service"])).Kind
        );
        Assert.Equal(
            ErrorKind.Conflict,
            Assert.Throws<SysctrException>(() => UnitFiles.CheckFree(new HostPaths(_root), ["dangling.service"])).Kind
        );
        UnitFiles.CheckFree(new HostPaths(_root), ["free.service"]);
    }

    private string At(string path) => Path.Join(_root, path);
}
