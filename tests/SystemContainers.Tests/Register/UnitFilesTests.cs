using SystemContainers.Errors;
using SystemContainers.Register;
using Xunit;

namespace SystemContainers.Tests.Register;

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
        File.CreateSymbolicLink(At("etc/systemd/system/mine.service"), "/etc/systemd/system/etcd.service");
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [InlineData("ssh.service", ErrorKind.Conflict)]
    [InlineData("free.service sshd.service", ErrorKind.Conflict)]
    [InlineData("../ssh.service", ErrorKind.Unsafe)]
    [InlineData("etcd.socket", ErrorKind.Unsafe)]
    public void An_alias_never_takes_another_units_place(string alias, ErrorKind kind) =>
        Assert.Equal(kind, Assert.Throws<SysctrException>(() => UnitFiles.CheckAliases(new HostPaths(_root), "etcd.service", [alias])).Kind);

    [Fact]
    public void An_alias_that_is_free_or_ours_already_is_taken() =>
        UnitFiles.CheckAliases(new HostPaths(_root), "etcd.service", ["free.service", "mine.service"]);

    [Fact]
    public void A_name_is_taken_wherever_its_unit_stands()
    {
        Assert.Equal(ErrorKind.Conflict, Assert.Throws<SysctrException>(() => UnitFiles.CheckFree(new HostPaths(_root), ["sshd.service"])).Kind);
        UnitFiles.CheckFree(new HostPaths(_root), ["free.service"]);
    }

    private string At(string path) => Path.Join(_root, path);
}
