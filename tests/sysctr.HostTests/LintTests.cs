// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary><c>sysctr lint</c> of images in the registry and of directories; the host and its store stay as they
/// are.</summary>
[Collection(InstallingHost.Name)]
public sealed class LintTests(NspawnFixture fixture)
{
    private readonly NspawnHost _host = fixture.Host;

    [Fact]
    public async Task A_good_image_is_clean_and_leaves_nothing()
    {
        const string store = "find /var/lib/sysctr /tmp -printf '%p %s\\n' 2>/dev/null | sort";
        HostState before = await HostState.TakeAsync(_host);
        string stored = await _host.ShellAsync(store);

        CommandResult linted = await _host.SysctrAsync("lint", "--strict", "etcd");

        linted.MustSucceed();
        Assert.All(Lines(linted), line => Assert.Contains(": note: ", line, StringComparison.Ordinal));
        Assert.Contains(Lines(linted), line => line.StartsWith("/exports/etcd.service.sbn:", StringComparison.Ordinal));
        Assert.Equal(before, await HostState.TakeAsync(_host));
        Assert.Equal(stored, await _host.ShellAsync(store));
    }

    [Theory]
    [InlineData("broken-config", "/exports/config.json.sbn:1:49: error: this is no JSON")]
    [InlineData("broken-unit", "/exports/broken.service.sbn:7:1: error: ")]
    public async Task A_broken_image_says_where(string image, string line)
    {
        CommandResult linted = await _host.SysctrAsync("lint", image);

        Assert.Equal(9, linted.ExitCode);
        Assert.Contains(Lines(linted), l => l.StartsWith(line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_variable_that_nobody_sets_is_a_note_at_its_place()
    {
        CommandResult linted = await _host.SysctrAsync("lint", "broken-variable");

        linted.MustSucceed();
        Assert.Contains(
            Lines(linted),
            l => l.StartsWith("/exports/broken.service.sbn:5:24: note: NOBODY_SETS_THIS ", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task An_unknown_image_is_not_found() =>
        Assert.Equal(3, (await _host.SysctrAsync("lint", "no-such-image")).ExitCode);

    [Fact]
    public async Task A_directory_is_linted_as_sources_without_root_and_as_json()
    {
        string directory = $"/srv/{Container.NewName()}";
        await _host.ShellAsync(
            $$$"""
            mkdir -p {{{directory}}}/exports
            printf '[Service]\nExecStart=$EXEC_START\nNonsense=1\n' > {{{directory}}}/exports/service.template
            echo '{"renameFiles": {"/etc/nothing": "/etc/x"}}' > {{{directory}}}/exports/manifest.json
            """
        );

        CommandResult linted = await _host.RunAsync(
            "setpriv",
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
            "sysctr",
            "lint",
            "--strict",
            "--json",
            directory
        );

        Assert.Equal(9, linted.ExitCode);
        using JsonDocument findings = JsonDocument.Parse(linted.Output);
        Assert.Equal(
            [$"{directory}/exports/manifest.json:1:34 warning", $"{directory}/exports/service.template:3:1 warning"],
            findings
                .RootElement.EnumerateArray()
                .Where(f => Text(f, "severity") != "note")
                .Select(f =>
                    $"{Text(f, "file")}:{f.GetProperty("line").GetInt32()}:{f.GetProperty("column").GetInt32()} {Text(f, "severity")}"
                )
        );

        await _host.ShellAsync($"sed -i /Nonsense/d {directory}/exports/service.template");
        (await _host.SysctrAsync("lint", directory)).MustSucceed();
        Assert.Equal(9, (await _host.SysctrAsync("lint", "--strict", directory)).ExitCode);
        Assert.Equal(3, (await _host.SysctrAsync("lint", directory + "/exports")).ExitCode);
        await _host.ShellAsync($"rm -r {directory}");
    }

    private static string[] Lines(CommandResult result) =>
        result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static string Text(JsonElement finding, string member) => finding.GetProperty(member).GetString()!;
}
