// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Lint.Json;
using SystemContainers.Tests.Render;
using Xunit;

namespace SystemContainers.Tests.Lint;

/// <summary>config.json against the shape that the runtime-spec gives it.</summary>
public sealed class RuntimeSpecCheckTests
{
    [Theory]
    [Trait("needs", "programs")]
    [InlineData("\"hostname\": 7", "error: hostname has to be a string, not a number")]
    [InlineData("\"hostnam\": \"x\"", "warning: hostnam is not in the runtime-spec")]
    [InlineData("\"hostName\": \"x\"", "warning: hostName is not in the runtime-spec; it has hostname")]
    [InlineData(
        "\"hostname\": \"a\", \"hostname\": \"b\"",
        "error: hostname is there twice; runtimes differ in which one they take"
    )]
    [InlineData("\"hooks\": {\"prestart\": [{\"args\": [\"x\"]}]}", "error: hooks.prestart[0].path is missing")]
    [InlineData(
        "\"hooks\": {\"poststop\": [{\"path\": \"x\"}]}",
        "error: hooks.poststop[0].path has to be an absolute path, not 'x'"
    )]
    [InlineData("\"annotations\": {\"a\": 1}", "error: annotations.a has to be a string, not a number")]
    [InlineData("\"linux\": []", "error: linux has to be an object, not an array")]
    [InlineData(
        "\"linux\": {\"namespaces\": [{\"type\": \"net\"}]}",
        "error: linux.namespaces[0].type has to be one of pid, network"
    )]
    [InlineData("\"linux\": {\"namespaces\": [{}]}", "error: linux.namespaces[0].type is missing")]
    [InlineData(
        "\"linux\": {\"uidMappings\": [{\"containerID\": 0, \"hostID\": -1, \"size\": 1}]}",
        "error: linux.uidMappings[0].hostID has to be an integer from 0 to 4294967295, not -1"
    )]
    [InlineData(
        "\"linux\": {\"devices\": [{\"type\": \"c\", \"path\": \"dev/x\"}]}",
        "error: linux.devices[0].path has to be an absolute path"
    )]
    [InlineData(
        "\"linux\": {\"resources\": {\"memory\": {\"limit\": \"1G\"}}}",
        "error: linux.resources.memory.limit has to be a number, not a string"
    )]
    [InlineData(
        "\"linux\": {\"resources\": {\"pids\": {\"limit\": 1.5}}}",
        "error: linux.resources.pids.limit has to be an integer"
    )]
    [InlineData(
        "\"linux\": {\"resources\": {\"devices\": [{\"access\": \"rwm\"}]}}",
        "error: linux.resources.devices[0].allow is missing"
    )]
    [InlineData(
        "\"linux\": {\"seccomp\": {\"defaultAction\": \"ALLOW\"}}",
        "error: linux.seccomp.defaultAction has to be one of"
    )]
    [InlineData(
        "\"linux\": {\"seccomp\": {\"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": [{\"names\": [\"a\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": [{\"index\": 6, \"value\": 0, \"op\": \"SCMP_CMP_EQ\"}]}]}}",
        "error: linux.seccomp.syscalls[0].args[0].index has to be an integer from 0 to 5"
    )]
    [InlineData(
        "\"linux\": {\"seccomp\": {\"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": [{\"name\": \"a\", \"action\": \"SCMP_ACT_ALLOW\"}, {\"name\": \"b\", \"action\": \"SCMP_ACT_ALLOW\"}]}}",
        "warning: linux.seccomp.syscalls[0] has a name, as before"
    )]
    [InlineData(
        "\"linux\": {\"maskedPaths\": \"/proc/kcore\"}",
        "error: linux.maskedPaths has to be an array, not a string"
    )]
    [InlineData("\"linux\": {\"rootfsPropagation\": \"none\"}", "error: linux.rootfsPropagation has to be one of")]
    public async Task What_a_runtime_would_refuse_or_pass_over_is_found_where_it_stands(string member, string found)
    {
        TestImage image = new TestImage()
            .File("/exports/service.template", Linted.Service)
            .File("/exports/config.json", RenderRequests.Config(more: ",\n    " + member));

        string message = Assert.Single(await Linted.GraveAsync(image));

        Assert.StartsWith("/exports/config.json:3:", message, StringComparison.Ordinal);
        Assert.Contains(found, message, StringComparison.Ordinal);
    }

    [Theory]
    [Trait("needs", "programs")]
    [InlineData(
        "{\"process\": {\"args\": [\"a\"], \"cwd\": \"/\"}, \"root\": {\"path\": \"rootfs\", \"readonly\": true}}",
        "1:1: warning: ociVersion is missing"
    )]
    [InlineData(
        "{\"ociVersion\": \"1\", \"process\": {\"args\": [\"a\"]}, \"root\": {\"path\": \"rootfs\", \"readonly\": true}}",
        "1:32: error: process.cwd is missing"
    )]
    [InlineData(
        "{\"ociVersion\": \"1\", \"process\": {\"args\": [\"a\"], \"cwd\": \"/\"}, \"root\": {\"path\": \"rootfs\"}}",
        "error: root.readonly has to be true"
    )]
    [InlineData(
        "{\"ociVersion\": \"1\", \"process\": {\"args\": [\"a\"], \"cwd\": \"/\", \"capabilities\": [\"CAP_KILL\"]}, \"root\": {\"path\": \"rootfs\", \"readonly\": true}}",
        "1:76: warning: process.capabilities is one array"
    )]
    [InlineData("{\"ociVersion\": \"1\",\n \"process\": }", "2:13: error: this is no JSON")]
    [InlineData("[1]", "error: it has to be a JSON object, not an array")]
    public async Task A_document_that_is_none_has_one_error(string config, string found) =>
        Assert.Contains(
            found,
            Assert.Single(await Linted.GraveAsync(new TestImage().File("/exports/config.json", config))),
            StringComparison.Ordinal
        );

    [Theory]
    [Trait("needs", "programs")]
    [InlineData(
        "\"platform\": {\"os\": \"linux\", \"arch\": \"amd64\"}",
        "platform was in the runtime-spec before 1.0"
    )]
    [InlineData(
        "\"linux\": {\"seccomp\": {\"defaultAction\": \"\", \"architectures\": []}}",
        "linux.seccomp has an empty defaultAction"
    )]
    [InlineData("\"linux\": {\"rootfsPropagation\": \"\"}", "linux.rootfsPropagation is empty")]
    [InlineData(
        "\"linux\": {\"namespaces\": [{\"type\": \"pid\", \"path\": \"\"}]}",
        "linux.namespaces[0].path is empty"
    )]
    public async Task What_published_images_have_and_runtimes_pass_over_is_no_fault(string member, string note)
    {
        TestImage image = new TestImage()
            .File("/exports/service.template", Linted.Service)
            .File("/exports/config.json", RenderRequests.Config(more: ",\n    " + member));

        Assert.Empty(await Linted.GraveAsync(image));
        Assert.Contains(await Linted.NotesAsync(image), n => n.Contains(note, StringComparison.Ordinal));
    }

    [Fact]
    [Trait("needs", "programs")]
    public async Task What_confines_a_payload_and_is_not_there_is_noted()
    {
        string[] bare = await Linted.NotesAsync(new TestImage().File("/exports/config.json", RenderRequests.Config()));
        Assert.All(
            ["noNewPrivileges", "seccomp", "maskedPaths", "pid namespace"],
            hint => Assert.Contains(bare, n => n.Contains(hint, StringComparison.Ordinal))
        );

        string config = $$"""
            {"ociVersion": "1.0.2", "process": {"args": ["/bin/true"], "cwd": "/", "noNewPrivileges": true},
             "root": {"path": "rootfs", "readonly": true}, {{Linted.Confined}}}
            """;
        Assert.Empty(await Linted.AllAsync(new TestImage().File("/exports/config.json", config)));
    }

    [Fact]
    public void Values_stand_where_an_editor_shows_them()
    {
        LocatedJson json = LocatedJson.Parse("{\n  \"é😀\": \"ü\", \"b\": [\n1, null]}");

        Assert.Equal((2, 16), (json["b"]!.Position.Line - 0, json["b"]!.Position.Column - 4));
        Assert.Equal((3, 1), (json["b"]!.Items[0].Position.Line, json["b"]!.Items[0].Position.Column));
        Assert.Null(json["c"]);
    }
}
