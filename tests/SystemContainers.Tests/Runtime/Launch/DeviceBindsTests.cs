// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using SystemContainers.Runtime.Launch;
using Xunit;

namespace SystemContainers.Tests.Runtime.Launch;

/// <summary>Which of the host's devices are bound where crun can't make nodes; that it starts then is in
/// SandboxTests.</summary>
public sealed class DeviceBindsTests
{
    private static readonly string[] s_default =
    [
        "/dev/null",
        "/dev/zero",
        "/dev/full",
        "/dev/tty",
        "/dev/random",
        "/dev/urandom",
    ];

    [Fact]
    public void A_dev_of_its_own_gets_what_each_container_has() =>
        Assert.Equal(
            s_default,
            Bound("""{"mounts":[{"destination":"/dev","type":"tmpfs","source":"tmpfs"}],"linux":{}}""")
        );

    [Fact]
    public void The_hosts_dev_has_them_already() =>
        Assert.Empty(Bound("""{"mounts":[{"destination":"/dev/","type":"bind","source":"/dev"}],"linux":{}}"""));

    [Fact]
    public void A_place_that_is_mounted_on_is_left_alone() =>
        Assert.DoesNotContain(
            "/dev/null",
            Bound("""{"mounts":[{"destination":"/dev/null","type":"bind","source":"/dev/zero"}],"linux":{}}""")
        );

    [Theory]
    [InlineData("/dev/fuse", "c", 10, 229, true)]
    [InlineData("/dev/fuse", "u", 10, 229, true)]
    [InlineData("/dev/fuse", "b", 10, 229, false)]
    [InlineData("/dev/fuse", "c", 10, 200, false)]
    [InlineData("/dev/renamed", "c", 10, 229, false)]
    public void A_device_that_config_json_names_is_bound_where_the_host_has_that_very_one(
        string path,
        string type,
        int major,
        int minor,
        bool bound
    ) =>
        Assert.Equal(
            bound,
            Bound(
                    $$"""{"linux": {"devices": [ {"path": "{{path}}", "type": "{{type}}", "major": {{major}}, "minor": {{minor}} } ] } }"""
                )
                .Contains(path)
        );

    [Theory]
    [InlineData("CapEff:\t000001ffffffffff", true)]
    [InlineData("CapEff:\t000001fff7ffffff", false)]
    [InlineData("CapBnd:\t0000000000000000", true)]
    public void Without_the_capability_there_are_no_nodes(string line, bool may) =>
        Assert.Equal(may, DeviceBinds.MayMakeNodes(["Name:\tsysctr", line]));

    [Fact]
    public void The_hosts_null_is_number_1_3() => Assert.Equal(('c', 1u, 3u), DeviceBinds.DeviceNumber("/dev/null"));

    private static string[] Bound(string json)
    {
        JsonObject document = (JsonObject)JsonNode.Parse(json)!;
        int before = (document["mounts"] as JsonArray)?.Count ?? 0;
        DeviceBinds.Add(
            document,
            path =>
                path == "/dev/fuse" ? ('c', 10, 229)
                : s_default.Contains(path) ? ('c', 1, 3)
                : null
        );
        return [.. document["mounts"]!.AsArray().Skip(before).Select(m => m!["destination"]!.ToString())];
    }
}
