// SPDX-License-Identifier: Apache-2.0

using System.Text.RegularExpressions;
using SystemContainers.Bundle;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.Tests.Bundle;

/// <summary>A config.json that was read is asked, and not parsed again.</summary>
public sealed partial class RuntimeConfigFileTests
{
    [Fact]
    public void A_copy_changes_nothing_but_itself()
    {
        RuntimeConfigFile config = Read("""{"uid": 7, "gid": 8}""", "[]");
        config.Copy()["process"]!["user"]!["uid"] = 9;

        Assert.Equal((7u, 8u), config.User);
        Assert.Equal((0u, 0u), Read("null", "[]").User);
    }

    [Fact]
    public void What_is_parsed_is_what_is_written()
    {
        // Of runtime-spec 0.x: one list for all sets.
        RuntimeConfigFile config = Read("null", """["CAP_KILL"]""");

        Assert.Equal(config.Root.GetRawText(), System.Text.Encoding.UTF8.GetString(config.Json));
        Assert.Equal(
            "CAP_KILL",
            config.Root.GetProperty("process").GetProperty("capabilities").GetProperty("bounding")[0].GetString()
        );
    }

    [Fact]
    public void Nobody_parses_what_was_read()
    {
        Regex again = ParsesAgain();
        Assert.Matches(again, "JsonNode.Parse(prepared.Rendered.ConfigJson!)");
        Assert.Matches(again, "JsonDocument.Parse(config.Json)");
        Assert.DoesNotContain(
            Directory.EnumerateFiles(
                Path.Combine(Workspace.Root, "src", "SystemContainers"),
                "*.cs",
                SearchOption.AllDirectories
            ),
            f => again.IsMatch(File.ReadAllText(f))
        );
    }

    private static RuntimeConfigFile Read(string user, string capabilities) =>
        RuntimeConfigFile.Read(
            "config.json",
            $$$"""
            {"process": {"args": ["x"], "cwd": "/", "user": {{{user}}}, "capabilities": {{{capabilities}}}}, "root": {"path": "rootfs"}}
            """
        );

    [GeneratedRegex("""Parse\(\s*[\w.!?]*(ConfigJson|onfig\w*[!?]?\.Json|configJson)\b""")]
    private static partial Regex ParsesAgain();
}
