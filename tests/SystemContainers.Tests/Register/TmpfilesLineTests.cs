using SystemContainers.Linux.Users;
using SystemContainers.Register;
using Xunit;

namespace SystemContainers.Tests.Register;

public sealed class TmpfilesLineTests
{
    private static readonly IdMap s_map = IdMap.Of(1000, 1000, [new IdRange(0, 100000, 65536)], [new IdRange(0, 200000, 65536)]);

    [Theory]
    [InlineData("d /a 0750 1000 1000 - -", 'd', "/a", 0x1e8, 0u, 0u, "-")]
    [InlineData("d /a 0755 100032 200032 - -", 'd', "/a", 0x1ed, 33u, 33u, "-")]
    [InlineData("D! \"/a b\" ~0700 33 root", 'D', "/a b", 0x1c0, 33u, 0u, "")]
    [InlineData("C /a%%b - - - - /from here", 'C', "/a%b", null, null, null, "/from here")]
    [InlineData("d\t/a\\ b", 'd', "/a b", null, null, null, "")]
    public void A_line_is_read(string line, char type, string path, int? mode, uint? uid, uint? gid, string argument) =>
        Assert.Equal(new TmpfilesLine(type, path, mode, uid, gid, argument), Assert.Single(TmpfilesLine.Parse(line, s_map)));

    [Theory]
    [InlineData("")]
    [InlineData("# d /a 0755 0 0 - -")]
    [InlineData("d %t/a 0755 - - - -")]
    [InlineData("d /a 0755 www-data - - -")]
    [InlineData("d relative 0755 - - - -")]
    public void Others_are_left_to_systemd(string line) => Assert.Empty(TmpfilesLine.Parse(line, s_map));
}
