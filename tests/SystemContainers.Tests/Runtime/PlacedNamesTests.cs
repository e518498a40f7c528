// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using SystemContainers.Runtime;
using Xunit;

namespace SystemContainers.Tests.Runtime;

/// <summary>Files of names as a start places them; that a payload has them is in NetworkTests.</summary>
public sealed class PlacedNamesTests
{
    private static readonly Dictionary<string, string> s_files = new(StringComparer.Ordinal)
    {
        ["hosts"] = "/etc/hosts",
        ["resolv.conf"] = "/etc/resolv.conf",
        ["hostname"] = "/run/sysctr/web/hostname",
    };

    /// <summary>Whoever wrote config.json, and wherever it looks for them: the host's own may come of it.</summary>
    [Theory]
    [InlineData("/run/sysctr/web/hosts", """["bind","rw"]""", """["bind","ro"]""")]
    [InlineData("/var/lib/web/sysctr/x/hosts", """["bind","ro","rw","nodev"]""", """["bind","nodev","ro"]""")]
    [InlineData("/run/sysctr/web/hosts", """["rbind","rro","rrw"]""", """["rbind","ro"]""")]
    [InlineData("/run/sysctr/web/hosts", "null", """["ro"]""")]
    [InlineData(
        "/run/sysctr/web/hosts",
        """["bind","ro","nosuid","noexec","nodev"]""",
        """["bind","nosuid","noexec","nodev","ro"]"""
    )]
    public void Nobody_writes_to_them(string source, string options, string placed)
    {
        JsonObject document = JsonNode
            .Parse(
                $$"""{"mounts":[{"destination":"/data/h","type":"none","source":"{{source}}","options":{{options}} }]}"""
            )!
            .AsObject();

        BundleConfig.PlaceNetwork(document, s_files, network: null);

        JsonNode mount = document["mounts"]![0]!;
        Assert.Equal(("bind", "/etc/hosts"), (mount["type"]!.ToString(), mount["source"]!.ToString()));
        Assert.Equal(placed, mount["options"]!.ToJsonString());
    }
}
