// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Bundle;
using SystemContainers.Prepared;
using Xunit;

namespace SystemContainers.Tests.Prepared;

/// <summary>Configurations whose devices a runtime makes in the tree, which one that is mounted does not
/// take.</summary>
public sealed class TreeDevicesTests
{
    private const string Dev = """{"destination": "/dev", "type": "tmpfs", "source": "tmpfs"}""";

    [Theory]
    [InlineData(Dev, "", "", false)]
    [InlineData("""{"destination": "/dev/", "type": "bind", "source": "/dev", "options": ["rbind"]}""", "", "", false)]
    [InlineData("", "", "", true)]
    [InlineData("""{"destination": "/dev/shm", "type": "tmpfs", "source": "shm"}""", "", "", true)]
    [InlineData(Dev, """{"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229}""", "", false)]
    [InlineData(Dev, """{"path": "/srv/null", "type": "c", "major": 1, "minor": 3}""", "", true)]
    [InlineData(
        Dev + """, {"destination": "/srv", "type": "tmpfs", "source": "tmpfs"}""",
        """{"path": "/srv/null", "type": "c", "major": 1, "minor": 3}""",
        "",
        false
    )]
    [InlineData(Dev, "", "/dev/fuse:/dev/fuse:rwm", false)]
    [InlineData(Dev, "", "/dev/fuse:/srv/fuse:rwm", true)]
    public void Where_nodes_go_tells_it(string mounts, string devices, string asked, bool areMade)
    {
        string annotation =
            asked.Length == 0 ? "" : $$""", "annotations": {"{{StartAnnotations.Devices}}": "{{asked}}"}""";
        RuntimeConfigFile config = RuntimeConfigFile.Read(
            "/exports/config.json",
            $$$"""{"ociVersion": "1.0.0", "process": {"args": ["sh"], "cwd": "/"}, "root": {"path": "rootfs", "readonly": true}, "mounts": [{{{mounts}}}], "linux": {"devices": [{{{devices}}}]}{{{annotation}}}}"""
        );

        Assert.Equal(areMade, TreeDevices.AreMade(config));
    }

    [Theory]
    [InlineData("\"devices\": null")]
    [InlineData("\"namespaces\": []")]
    public void No_list_is_none(string linux) =>
        Assert.False(
            TreeDevices.AreMade(
                RuntimeConfigFile.Read(
                    "/exports/config.json",
                    $$$"""{"ociVersion": "1.0.0", "process": {"args": ["sh"], "cwd": "/"}, "root": {"path": "rootfs"}, "mounts": [{{{Dev}}}], "linux": {{{{linux}}}}}"""
                )
            )
        );
}
