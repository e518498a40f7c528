// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using SystemContainers.Errors;
using SystemContainers.Network;
using SystemContainers.Render.Spec;
using SystemContainers.Requests;
using SystemContainers.Runtime;
using SystemContainers.Settings;
using SystemContainers.Verbs;
using Xunit;

namespace SystemContainers.Tests.Verbs;

public sealed class StandInTests
{
    private const string Config =
        """{"process":{"user":{"uid":5,"gid":5},"args":["payload"],"env":["A=1","B=2"],"cwd":"/srv"}}""";

    [Fact]
    public void A_command_in_place_of_the_payload_has_what_was_asked_for()
    {
        JsonObject document = JsonNode.Parse(Config)!.AsObject();

        StandInOperation.Place(
            document,
            new ExecRequest("web", ["ls", "-l"])
            {
                User = "www",
                WorkingDirectory = "/tmp",
                Environment = ["A=x=y", "C="],
            },
            new ImageUser(33, 34, [33, 34, 50], "/var/www"),
            "/srv"
        );

        Assert.Equal(
            """{"process":{"user":{"uid":33,"gid":34,"additionalGids":[33,50]},"args":["ls","-l"],"env":["B=2","HOME=/var/www","A=x=y","C="],"cwd":"/tmp"}}""",
            document.ToJsonString()
        );
    }

    /// <summary>As podman has it: the home of the user, unless somebody has said another.</summary>
    [Theory]
    [InlineData("HOME=/root", null, "HOME=/var/www")]
    [InlineData("HOME=/data", null, "HOME=/data")]
    [InlineData("X=1", null, "HOME=/var/www")]
    [InlineData("HOME=/root", "HOME=/own", "HOME=/own")]
    public void The_home_is_that_of_the_user(string has, string? asked, string home)
    {
        JsonObject document = JsonNode.Parse(Config)!.AsObject();
        document["process"]!["env"] = new JsonArray(has);

        StandInOperation.Place(
            document,
            new ExecRequest("web", ["ls"]) { User = "www", Environment = asked is null ? [] : [asked] },
            new ImageUser(33, 34, [33, 34], "/var/www"),
            "/root"
        );

        Assert.Equal(
            home,
            document["process"]!["env"]!
                .AsArray()
                .Select(v => v!.ToString())
                .Single(v => v.StartsWith("HOME=", StringComparison.Ordinal))
        );
    }

    [Fact]
    public void Without_a_word_of_it_user_directory_and_variables_are_the_payload_s()
    {
        JsonObject document = JsonNode.Parse(Config)!.AsObject();

        StandInOperation.Place(document, new ExecRequest("web", ["ls"]), user: null, home: null);

        Assert.Equal(Config.Replace("payload", "ls", StringComparison.Ordinal), document.ToJsonString());
    }

    /// <summary>What is checked is the payload, and acted on is its unit.</summary>
    [Fact]
    public void A_command_in_place_of_the_payload_is_not_checked_as_that_is()
    {
        JsonObject document = JsonNode
            .Parse("""{"annotations":{"io.sysctr.health":"{}","other":"x"},"process":{"env":[]},"mounts":[]}""")!
            .AsObject();

        BundleConfig.DropHelpers(document);

        Assert.Equal("""{"other":"x"}""", document["annotations"]!.ToJsonString());
    }

    [Fact]
    public void A_command_s_network_has_nothing_that_the_service_needs_for_itself()
    {
        NetworkRequest request = new()
        {
            Mode = NetworkMode.Bridge,
            Name = "web",
            HostName = "web",
            Networks =
            [
                new NetworkAttachment
                {
                    Network = "shop",
                    Interface = "eth0",
                    Ips = ["10.0.0.5"],
                    Mac = "02:00:00:00:00:01",
                    Aliases = ["front"],
                },
            ],
            Ports = [PublishedPort.Parse("8080:80")],
        };
        JsonObject document = new()
        {
            ["annotations"] = new JsonObject { [NetworkRequest.Annotation] = request.ToJson() },
        };

        StandInOperation.PlaceNetwork(document, "web-command-1");

        NetworkRequest placed = NetworkRequest.Find(document)!;
        NetworkAttachment only = Assert.Single(placed.Networks);
        Assert.Equal(("web-command-1", "web"), (placed.Name, placed.HostName));
        Assert.Equal(("shop", "eth0", null), (only.Network, only.Interface, only.Mac));
        Assert.Equal((0, 0, 0), (placed.Ports.Count, only.Ips.Count, only.Aliases.Count));
    }

    [Fact]
    public void A_variable_without_a_value_is_refused() =>
        Assert.Equal(
            ErrorKind.Usage,
            Assert
                .Throws<SysctrException>(() =>
                    StandInOperation.Place(
                        JsonNode.Parse(Config)!.AsObject(),
                        new ExecRequest("web", ["ls"]) { Environment = ["A"] },
                        user: null,
                        home: null
                    )
                )
                .Kind
        );
}
