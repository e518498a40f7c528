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
            NetworkPrograms.Require(
                new NetworkRequest { Mode = NetworkMode.Bridge, Name = "a" },
                p => _root + p,
                isUsers: false
            )
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

        NetworkPrograms.Require(
            new NetworkRequest { Mode = NetworkMode.Bridge, Name = "a" },
            p => _root + p,
            isUsers: false
        );
    }

    /// <summary>A user's network needs what the system's needs, what leads outside, and what leads in.</summary>
    [Theory]
    [InlineData("usr/bin/none", "apt install netavark")]
    [InlineData("usr/lib/podman/netavark", "apt install passt")]
    [InlineData("usr/bin/pasta", "package systemd")]
    [InlineData("usr/lib/systemd/systemd-socket-proxyd", null)]
    public void A_user_s_needs_all_up_to(string there, string? lacking)
    {
        Make("usr/sbin/nft");
        foreach (
            string file in (string[])
                ["usr/lib/podman/netavark", "usr/bin/pasta", "usr/lib/systemd/systemd-socket-proxyd"]
        )
        {
            if (there != "usr/bin/none")
            {
                Make(file);
            }

            if (file == there)
            {
                break;
            }
        }

        SysctrException? refused =
            Record.Exception(() =>
                NetworkPrograms.Require(
                    new NetworkRequest
                    {
                        Mode = NetworkMode.Bridge,
                        Name = "a",
                        Ports = [PublishedPort.Parse("80:80")],
                    },
                    p => _root + p,
                    isUsers: true
                )
            ) as SysctrException;

        Assert.Equal(lacking is null, refused is null);
        Assert.Contains(lacking ?? "", refused?.Hint ?? "", StringComparison.Ordinal);
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
