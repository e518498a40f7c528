// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>What somebody sees who uses it for a day.</summary>
[Collection(SourcesHost.Name)]
public sealed class UseTests(HardLinksFixture fixture)
{
    private readonly NspawnHost _host = fixture.Host;

    [Fact]
    public async Task What_is_shown_of_a_container_from_its_plan_to_what_stays_of_it()
    {
        // A name that nothing has is no history.
        Assert.Equal(3, (await _host.SysctrAsync("uninstall", "no-such-name")).ExitCode);
        Assert.Equal(3, (await _host.SysctrAsync("install", "no-such-name")).ExitCode);
        Assert.Equal(3, (await _host.SysctrAsync("pull", "no-such-name")).ExitCode);
        Assert.DoesNotContain(
            "no-such-name",
            (await _host.SysctrAsync("history")).MustSucceed().Output,
            StringComparison.Ordinal
        );

        string display = (await _host.SysctrAsync("install", "--display", "probe")).MustSucceed().Output;
        Assert.Matches("\"seccomp\": { … SCMP_ACT_ERRNO but for [0-9]+ rules; [0-9]+ lines … }", display);

        Container probe = await Container.InstallAsync(_host, "probe", "--now");
        Assert.Equal("", (await _host.SysctrAsync("pull", "probe")).MustSucceed().Error);
        using (JsonDocument plan = await JsonAsync("plan", "update", probe.Name, "--set", "STATE_DIRECTORY=/srv"))
        {
            Assert.True(plan.RootElement.GetProperty("containers")[0].GetProperty("configChanged").GetBoolean());
        }

        await AssertTablesAsync(probe.Name);
        await AssertSpaceAsync(probe.Name);

        string user = $"uses-{probe.Name}.service";
        await _host.ShellAsync(
            $"""
            printf '[Unit]\nRequires={probe.Service}\nAfter={probe.Service}\n[Service]\nExecStart=sleep infinity\n' > /etc/systemd/system/{user}
            mkdir -p /etc/systemd/system/{probe.Service}.d
            printf '[Service]\nLogLevelMax=debug\n' > /etc/systemd/system/{probe.Service}.d/50-mine.conf
            systemctl daemon-reload
            systemctl start {user}
            """
        );
        CommandResult gone = (await _host.SysctrAsync("uninstall", "--json", probe.Service)).MustSucceed();
        using JsonDocument report = JsonDocument.Parse(gone.Output);
        Assert.Equal([user], Texts(report.RootElement[0], "stopped"));
        Assert.Equal(
            [$"/etc/systemd/system/{probe.Service}.d/50-mine.conf", $"/var/lib/{probe.Name}"],
            Texts(report.RootElement[0], "kept")
        );
        Assert.Matches(
            $"(?s)depend on it and stop with it: {user}.*: uninstalled.*: kept /etc/.*: kept /var/lib/",
            gone.Error
        );

        (await _host.SysctrAsync("install", "--name", probe.Name, "probe")).MustSucceed();
        Assert.Contains(
            $"{probe.Name}: removed /var/lib/{probe.Name}\n",
            (await _host.SysctrAsync("uninstall", "--purge", probe.Name)).MustSucceed().Error,
            StringComparison.Ordinal
        );
        await _host.ShellAsync(
            $"systemctl stop {user}; rm -r /etc/systemd/system/{user} /etc/systemd/system/{probe.Service}.d; systemctl daemon-reload"
        );
    }

    /// <summary>A terminal gets colours and no line that is too wide.</summary>
    private async Task AssertTablesAsync(string name)
    {
        string coloured = await TerminalAsync("TERM=xterm COLUMNS=80 sysctr list");
        Assert.Contains(name, coloured, StringComparison.Ordinal);
        Assert.Contains("\e[32mactive\e[0m", coloured, StringComparison.Ordinal);
        foreach (int columns in (int[])[80, 40])
        {
            foreach (string verb in (string[])["list", "images list", "df", "history"])
            {
                string table = await TerminalAsync($"TERM=xterm NO_COLOR=1 COLUMNS={columns} sysctr {verb}");
                Assert.DoesNotContain("\e", table, StringComparison.Ordinal);
                Assert.All(
                    table.Split('\n').Where(l => !l.Contains(": ", StringComparison.Ordinal) && !l.StartsWith('\'')),
                    l => Assert.True(l.TrimEnd().Length <= columns, l)
                );
            }
        }
    }

    private async Task AssertSpaceAsync(string name)
    {
        // Only the container holds the image then, which other tests of this host pulled under other names.
        using (JsonDocument named = await JsonAsync("images", "list"))
        {
            string[] names =
            [
                .. named
                    .RootElement.EnumerateArray()
                    .Where(i => i.GetProperty("named").GetBoolean())
                    .Select(i => i.GetProperty("name").GetString()!),
            ];
            (await _host.SysctrAsync(["images", "delete", "--force", .. names])).MustSucceed();
        }

        using JsonDocument images = await JsonAsync("images", "list");
        JsonElement image = Assert.Single(
            images.RootElement.EnumerateArray(),
            i => !i.GetProperty("named").GetBoolean() && Texts(i, "usedBy").Contains(name, StringComparer.Ordinal)
        );
        Assert.InRange(image.GetProperty("size").GetInt64(), 1_000_000, long.MaxValue);

        using JsonDocument space = await JsonAsync("df");
        JsonElement container = Assert.Single(
            space.RootElement.GetProperty("containers").EnumerateArray(),
            c => c.GetProperty("name").GetString() == name
        );
        Assert.InRange(container.GetProperty("bytes").GetInt64(), 4096, image.GetProperty("size").GetInt64());
        JsonElement used = Assert.Single(
            space.RootElement.GetProperty("images").EnumerateArray(),
            i => Texts(i, "usedBy").Contains(name, StringComparer.Ordinal)
        );
        Assert.Equal(image.GetProperty("id").GetString(), used.GetProperty("id").GetString());

        // What it says that a prune would free, a prune frees.
        long promised = space.RootElement.GetProperty("prunableAll").GetInt64();
        using JsonDocument pruned = await JsonAsync("images", "prune", "--all");
        Assert.InRange(pruned.RootElement.GetProperty("bytes").GetInt64(), promised, promised + 1_000_000);
        using JsonDocument left = await JsonAsync("df");
        Assert.Equal(0, left.RootElement.GetProperty("prunableAll").GetInt64());
    }

    private async Task<JsonDocument> JsonAsync(params string[] words) =>
        JsonDocument.Parse((await _host.SysctrAsync([.. words, "--json"])).MustSucceed().Output);

    /// <summary>Without what the framework itself sends to a terminal, which prepares its keys.</summary>
    private async Task<string> TerminalAsync(string command) =>
        (await _host.ShellAsync($"script --quiet --return --command '{command}' /dev/null < /dev/null")).Replace(
            "\e[?1h\e=",
            "",
            StringComparison.Ordinal
        );

    private static string[] Texts(JsonElement element, string name) =>
        [.. element.GetProperty(name).EnumerateArray().Select(t => t.GetString()!)];
}
