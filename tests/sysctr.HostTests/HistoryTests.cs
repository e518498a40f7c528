// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>Whatever changes a container leaves who, what, when, from, to and outcome, in the history and in the
/// journal.</summary>
[Collection(InstallingHost.Name)]
public sealed class HistoryTests(NspawnFixture fixture)
{
    private readonly NspawnHost _host = fixture.Host;

    [Fact]
    public async Task A_containers_life_is_told()
    {
        string name;
        await using (Container probe = await Container.InstallAsync(_host, "probe", "--now"))
        {
            name = probe.Name;
            (
                await _host.RunAsync("env", "SUDO_USER=alice", "sysctr", "update", name, "--runtime", "crun")
            ).MustSucceed();
            (await _host.SysctrAsync("update", name)).MustSucceed();
            Assert.Equal(
                11,
                (await _host.SysctrAsync("update", "--settle", "30", name, "--rebase", "broken-start")).ExitCode
            );
            Assert.Equal(3, (await _host.SysctrAsync("update", name, "--rebase", "no-such-image")).ExitCode);
            await _host.MustAsync(
                "systemd-run",
                "--wait",
                "--quiet",
                $"--unit=back-{name}",
                "sysctr",
                "rollback",
                name
            );
        }

        JsonElement[] entries = await EntriesAsync(name);
        Assert.Equal(
            [
                "install done - 0",
                "update done 0 1",
                "update rolledBack 1 2",
                "update failed 1 -",
                "rollback done 1 0",
                "uninstall done 0 -",
            ],
            entries.Select(Line)
        );
        Assert.Equal("alice", Text(entries[1].GetProperty("by"), "sudoUser"));
        Assert.Equal((11, "broken-start"), (entries[2].GetProperty("exitCode").GetInt32(), Image(entries[2])));
        Assert.Matches(
            $@"^starting {name}\.service: its process exited with status [0-9]+[^\n]*$",
            Text(entries[2], "reason")
        );
        Assert.Equal(3, entries[3].GetProperty("exitCode").GetInt32());
        Assert.Equal($"back-{name}.service", Text(entries[4].GetProperty("by"), "unit"));
        Assert.All(
            entries,
            e =>
                Assert.InRange(
                    e.GetProperty("startedAt").GetDateTimeOffset(),
                    DateTimeOffset.UtcNow.AddMinutes(-10),
                    DateTimeOffset.UtcNow
                )
        );
        Assert.All(entries, e => Assert.InRange(e.GetProperty("seconds").GetDouble(), 0, 120));

        string table = (await _host.SysctrAsync("history", name, "--last", "3")).MustSucceed().Output;
        string[] lines = table.TrimEnd().Split('\n');
        Assert.Equal(4, lines.Length);
        Assert.Matches(@"failed \(3\): .*no-such-image", lines[1]);
        Assert.Matches(@"\brollback +" + name + " +1@[0-9a-f]{12} +0@[0-9a-f]{12} .*done$", lines[2]);
    }

    [Fact]
    public async Task An_images_life_is_told_and_stands_under_no_container()
    {
        ChangedImage image = await ChangedImage.MakeAsync(_host, """config["Labels"] = {"word": "one"}""", "probe");
        foreach (string verb in (string[])["pull", "pull"])
        {
            (await _host.SysctrAsync(verb, image.Reference)).MustSucceed();
        }

        await image.BecomeAsync("""config["Labels"] = {"word": "two"}""");
        (await _host.SysctrAsync("images", "update", image.Reference)).MustSucceed();
        (await _host.SysctrAsync("images", "delete", image.Reference)).MustSucceed();
        (await _host.SysctrAsync("images", "prune")).MustSucceed();
        Assert.NotEqual(0, (await _host.SysctrAsync("pull", image.Reference + "-not-there")).ExitCode);

        using JsonDocument told = JsonDocument.Parse(
            (await _host.SysctrAsync("history", "--json", image.Reference)).MustSucceed().Output
        );
        JsonElement[] entries = [.. told.RootElement.EnumerateArray().Select(e => e.Clone())];
        Assert.Equal(
            ["pull done", "images update done", "images delete done"],
            entries.Select(e => $"{Text(e, "operation")} {Text(e, "outcome")}")
        );
        JsonElement[] images = [.. entries.Select(e => e.GetProperty("image"))];
        Assert.Equal(Text(images[0], "to"), Text(images[1], "from"));
        Assert.Equal(Text(images[1], "to"), Text(images[2], "from"));
        Assert.NotEqual(Text(images[0], "to"), Text(images[1], "to"));
        Assert.All(entries, e => Assert.False(e.TryGetProperty("container", out _)));

        string table = (await _host.SysctrAsync("history", "--last", "2")).MustSucceed().Output;
        Assert.Matches(@"images prune +- +- +- +- +done: removed [0-9]+ layers and [0-9]+ files", table);

        // A name that nothing has is no history.
        Assert.DoesNotContain("-not-there", table, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_journal_has_it_as_fields()
    {
        await using Container probe = await Container.InstallAsync(_host, "probe", "--now");
        Assert.Equal(
            11,
            (await _host.SysctrAsync("update", "--settle", "30", probe.Name, "--rebase", "broken-start")).ExitCode
        );

        string found = (
            await _host.EventuallyAsync(
                $"journalctl -o json --no-pager SYSCTR_CONTAINER={probe.Name} SYSCTR_OPERATION=update | grep .",
                TimeSpan.FromMinutes(3)
            )
        ).Output;
        using JsonDocument document = JsonDocument.Parse(found);
        JsonElement entry = document.RootElement;
        Assert.Equal("0", Text(entry, "SYSCTR_FROM"));
        Assert.Equal("1", Text(entry, "SYSCTR_TO"));
        Assert.Equal("rolledBack", Text(entry, "SYSCTR_OUTCOME"));
        Assert.Equal("11", Text(entry, "SYSCTR_EXIT_CODE"));
        Assert.Equal("3", Text(entry, "PRIORITY"));
        Assert.Equal("4fe733d8449a420eb0d6fd83f45fcec7", Text(entry, "MESSAGE_ID"));
        Assert.Equal("sysctr", Text(entry, "SYSLOG_IDENTIFIER"));
        Assert.Matches($"^starting {probe.Service}: [^\n]+$", Text(entry, "SYSCTR_REASON"));

        // With what the container itself said.
        Assert.Contains($"{probe.Name}: update by", await probe.JournalAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pins_and_deployments_that_were_pruned_are_told()
    {
        await using Container probe = await Container.InstallAsync(_host, "probe");
        (await _host.SysctrAsync("update", probe.Name, "--runtime", "crun")).MustSucceed();
        (await _host.SysctrAsync("pin", probe.Name)).MustSucceed();
        (await _host.SysctrAsync("update", probe.Name, "--runtime", "runc")).MustSucceed();
        (await _host.SysctrAsync("unpin", probe.Name, "1")).MustSucceed();

        JsonElement[] entries = await EntriesAsync(probe.Name);

        Assert.Contains("pin done - 1", entries.Select(Line));
        Assert.Contains("prune done 0 -", entries.Select(Line));
        Assert.Equal("unpin done - 1", Line(entries[^1]));
    }

    [Fact]
    public async Task What_can_not_be_written_is_said_and_fails_nothing()
    {
        await using Container probe = await Container.InstallAsync(_host, "probe");
        await _host.ShellAsync("cd /var/lib/sysctr && mv history.jsonl kept && ln -s /nowhere history.jsonl");
        CommandResult update;
        try
        {
            update = await _host.SysctrAsync("update", probe.Name, "--runtime", "crun");
        }
        finally
        {
            await _host.ShellAsync("cd /var/lib/sysctr && mv kept history.jsonl");
        }

        Assert.Equal(0, update.ExitCode);
        Assert.Contains("warning: this update is missing from the history", update.Error, StringComparison.Ordinal);
        Assert.Contains("updated from deployment 0 to 1", update.Error, StringComparison.Ordinal);
        Assert.Single(await EntriesAsync(probe.Name));
    }

    private async Task<JsonElement[]> EntriesAsync(string name)
    {
        using JsonDocument document = JsonDocument.Parse(
            (await _host.SysctrAsync("history", name, "--json")).MustSucceed().Output
        );
        return [.. document.RootElement.EnumerateArray().Select(e => e.Clone())];
    }

    private static string Line(JsonElement e) =>
        $"{Text(e, "operation")} {Text(e, "outcome")} {Number(e, "from")} {Number(e, "to")}";

    private static string Text(JsonElement entry, string member) => entry.GetProperty(member).GetString()!;

    private static string Number(JsonElement entry, string member) =>
        entry.TryGetProperty(member, out JsonElement deployment)
            ? deployment.GetProperty("deployment").GetRawText()
            : "-";

    private static string Image(JsonElement entry) =>
        Text(entry.GetProperty("to"), "image").Split('/')[^1].Split(':')[0];
}
