// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Network;
using SystemContainers.Settings;
using Xunit;

namespace SystemContainers.Tests.Network;

/// <summary>What has to be installed for a container's network.</summary>
public sealed class NetworkProgramsTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("sysctr-net-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [InlineData("", "apt install netavark")]
    [InlineData("usr/lib/podman/netavark", "apt install nftables")]
    public void What_lacks_is_named_by_its_package(string there, string said)
    {
        Make(there);

        SysctrException refused = Assert.Throws<SysctrException>(() =>
            NetworkPrograms.Require(new NetworkRequest { Mode = NetworkMode.Bridge, Name = "a" }, p => _root + p)
        );

        Assert.Equal((ErrorKind.Host, true), (refused.Kind, refused.Hint!.Contains(said, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("usr/sbin/nft")]
    [InlineData("usr/sbin/iptables")]
    public void One_of_two_firewalls_is_enough(string firewall)
    {
        Make("usr/lib/podman/netavark");
        Make(firewall);

        NetworkPrograms.Require(new NetworkRequest { Mode = NetworkMode.Bridge, Name = "a" }, p => _root + p);
    }

    private void Make(string file)
    {
        if (file.Length > 0)
        {
            string path = Path.Join(_root, file);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, "");
        }
    }
}
