// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using SystemContainers.Errors;
using SystemContainers.Linux.Users;
using SystemContainers.SystemdText;
using SystemContainers.Units;
using Xunit;

namespace SystemContainers.Tests.Units;

public sealed class RootlessConfigTests
{
    private static readonly IdMap s_map = IdMap.Of(
        1000,
        1001,
        [new IdRange(0, 100000, 65536)],
        [new IdRange(0, 200000, 65536)]
    );

    [Fact]
    public void A_user_namespace_with_the_users_map_is_added()
    {
        JsonObject document = Document();

        Assert.Empty(RootlessConfig.Adapt(document, s_map, RuntimeKind.Crun));

        JsonNode linux = document["linux"]!;
        Assert.Equal(
            ["mount", "pid", "user"],
            linux["namespaces"]!.AsArray().Select(n => n!["type"]!.GetValue<string>())
        );
        Assert.Equal(
            """[{"containerID":0,"hostID":1000,"size":1},{"containerID":1,"hostID":100000,"size":65536}]""",
            linux["uidMappings"]!.ToJsonString()
        );
        Assert.Equal(
            """[{"containerID":0,"hostID":1001,"size":1},{"containerID":1,"hostID":200000,"size":65536}]""",
            linux["gidMappings"]!.ToJsonString()
        );
        Assert.Null(linux["resources"]!["devices"]);
        Assert.Null(document["process"]!["oomScoreAdj"]);
    }

    [Fact]
    public void A_map_of_the_images_own_stays()
    {
        JsonObject document = Document();
        document["linux"]!["namespaces"]!.AsArray().Add((JsonNode)new JsonObject { ["type"] = "user" });
        document["linux"]!["uidMappings"] = new JsonArray(
            new JsonObject
            {
                ["containerID"] = 0,
                ["hostID"] = 7,
                ["size"] = 1,
            }
        );

        RootlessConfig.Adapt(document, s_map, RuntimeKind.Crun);

        Assert.Equal("""[{"containerID":0,"hostID":7,"size":1}]""", document["linux"]!["uidMappings"]!.ToJsonString());
    }

    [Fact]
    public void What_the_hosts_namespaces_own_is_bound()
    {
        JsonObject document = Document();

        RootlessConfig.Adapt(document, s_map, RuntimeKind.Crun);

        Assert.Equal(
            ["proc proc", "bind /sys", "bind /dev/mqueue", "tmpfs tmpfs"],
            document["mounts"]!.AsArray().Select(m => $"{m!["type"]} {m["source"]}")
        );
    }

    /// <summary>Of several the last counts, as for the runtimes; what says nothing stays read-only.</summary>
    [Theory]
    [InlineData("[]", "ro")]
    [InlineData("""["rw"]""", "rw")]
    [InlineData("""["rw", "nosuid", "ro"]""", "ro")]
    [InlineData("""["ro", "rw"]""", "rw")]
    public void The_last_word_says_whether_sys_can_be_written_to(string options, string access)
    {
        JsonObject document = Document();
        document["mounts"]![1]!["options"] = JsonNode.Parse(options);

        RootlessConfig.Adapt(document, s_map, RuntimeKind.Crun);

        Assert.Equal(
            ["rbind", "nosuid", "noexec", "nodev", access],
            document["mounts"]![1]!["options"]!.AsArray().Select(o => o!.ToString())
        );
    }

    [Fact]
    public void Owners_that_the_namespace_lacks_are_left_out_of_mounts()
    {
        JsonObject document = Document();
        JsonObject mount = new()
        {
            ["type"] = "devpts",
            ["source"] = "devpts",
            ["options"] = new JsonArray("nosuid", "mode=0620", "gid=5"),
        };
        document["mounts"]!.AsArray().Add((JsonNode)mount);

        RootlessConfig.Adapt(document, s_map, RuntimeKind.Crun);
        Assert.Equal("""["nosuid","mode=0620","gid=5"]""", mount["options"]!.ToJsonString());
        RootlessConfig.Adapt(document, IdMap.Of(1000, 1001, [], []), RuntimeKind.Crun);
        Assert.Equal("""["nosuid","mode=0620"]""", mount["options"]!.ToJsonString());
    }

    [Fact]
    public void A_payload_whom_the_namespace_lacks_is_refused()
    {
        JsonObject document = Document();

        RootlessConfig.CheckUser(document, s_map, "alice");
        SysctrException refused = Assert.Throws<SysctrException>(() =>
            RootlessConfig.CheckUser(document, IdMap.Of(1000, 1001, [], []), "alice")
        );

        Assert.Equal(ErrorKind.Host, refused.Kind);
        Assert.Contains("user 33 and group 33, and alice has no", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Groups_that_runc_can_not_give_are_told()
    {
        JsonObject document = Document();

        string lost = Assert.Single(RootlessConfig.Adapt(document, s_map, RuntimeKind.Runc));

        Assert.Contains("further groups 4, 24;", lost, StringComparison.Ordinal);
        Assert.Null(document["process"]!["user"]!["additionalGids"]);
    }

    private static JsonObject Document() =>
        JsonNode
            .Parse(
                """
                {
                  "process": { "oomScoreAdj": -500, "user": { "uid": 33, "gid": 33, "additionalGids": [4, 24, 33] } },
                  "mounts": [
                    { "destination": "/proc", "type": "proc", "source": "proc" },
                    { "destination": "/sys", "type": "sysfs", "source": "sysfs" },
                    { "destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue" },
                    { "destination": "/run", "type": "tmpfs", "source": "tmpfs" }
                  ],
                  "linux": {
                    "namespaces": [{ "type": "network" }, { "type": "mount" }, { "type": "pid" }],
                    "resources": { "devices": [{ "allow": false, "access": "rwm" }] }
                  }
                }
                """
            )!
            .AsObject();
}
