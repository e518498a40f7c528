// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using System.Text.RegularExpressions;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>A plan says what would change, the verb itself then does just that, and between them nothing
/// changes.</summary>
[Collection(InstallingHost.Name)]
public sealed class PlanTests(NspawnFixture fixture)
{
    private readonly NspawnHost _host = fixture.Host;

    [Fact]
    public async Task An_install_fetches_and_does_what_the_plan_said()
    {
        string name = Container.NewName();
        (await _host.SysctrAsync("pull", "probe")).MustSucceed();
        Snapshot before = await SnapshotAsync();
        int logged = File.ReadAllText(_host.RegistryServer!.Log).Length;

        // Not in the store: no other test on this host uses the image.
        using JsonDocument document = await PlanAsync(
            "install",
            "--name",
            name,
            "--set",
            "NODE_IP=192.0.2.1",
            "legacy-kubelet"
        );

        string fetched = File.ReadAllText(_host.RegistryServer.Log)[logged..];
        Assert.Equal(before.Host, (await SnapshotAsync()).Host);
        JsonElement plan = document.RootElement;
        JsonElement container = Assert.Single(plan.GetProperty("containers").EnumerateArray());
        string[] planned =
        [
            .. container
                .GetProperty("files")
                .EnumerateArray()
                .Select(f => $"{Text(f, "action")} {Text(f, "path")}")
                .Order(StringComparer.Ordinal),
        ];
        Assert.Contains($"create /etc/systemd/system/{name}.service", planned);
        Assert.Equal("install", Text(container, "action"));
        Assert.Equal([$"{name}.service"], Texts(container, "enabled"));
        Assert.InRange(plan.GetProperty("storedLayers").GetInt32(), 1, 2);
        Assert.InRange(plan.GetProperty("diskBytes").GetInt64(), 1, long.MaxValue);

        // What the plan fetched is there for the install, and whole.
        logged = File.ReadAllText(_host.RegistryServer.Log).Length;
        (await _host.SysctrAsync("fsck")).MustSucceed();
        (
            await _host.SysctrAsync("install", "--name", name, "--set", "NODE_IP=192.0.2.1", "legacy-kubelet")
        ).MustSucceed();
        string config = await ConfigDigestAsync(name);
        Assert.Equal(plan.GetProperty("downloadBytes").GetInt64(), LayerBytes(fetched, config));
        Assert.Equal(0, LayerBytes(File.ReadAllText(_host.RegistryServer.Log)[logged..], config));
        using JsonDocument info = JsonDocument.Parse(
            (await _host.SysctrAsync("info", name, "--json")).MustSucceed().Output
        );
        Assert.Equal(
            planned.Select(p => p.Split(' ')[1]),
            Texts(info.RootElement, "files").Order(StringComparer.Ordinal)
        );
        (await _host.SysctrAsync("uninstall", "--purge", name)).MustSucceed();
    }

    [Fact]
    public async Task An_update_tells_files_values_and_restarts_and_changes_nothing()
    {
        await using Container agent = await Container.InstallAsync(
            _host,
            "legacy-agent",
            "--now",
            "--set",
            "ADDRESS=here"
        );
        string user = $"uses-{agent.Name}.service";
        await _host.ShellAsync(
            $"""
            printf '[Unit]\nRequires={agent.Service}\nAfter={agent.Service}\n[Service]\nExecStart=sleep infinity\n' > /etc/systemd/system/{user}
            systemctl daemon-reload
            systemctl start {user}
            echo mine >> /etc/agent/{agent.Name}.conf
            """
        );
        Snapshot before = await SnapshotAsync();

        CommandResult none = await _host.SysctrAsync("plan", "update", agent.Name, "--detailed-exitcode");
        CommandResult text = await _host.SysctrAsync(
            "plan",
            "update",
            agent.Name,
            "--rebase",
            "legacy-agent-v2",
            "--set",
            "VALUE=second",
            "--detailed-exitcode"
        );
        using JsonDocument document = await PlanAsync(
            "update",
            agent.Name,
            "--rebase",
            "legacy-agent-v2",
            "--set",
            "VALUE=second"
        );

        await AssertUnchangedAsync(before);
        Assert.Equal(0, none.ExitCode);
        Assert.Contains("is up to date", none.Output, StringComparison.Ordinal);
        Assert.Equal(2, text.ExitCode);
        Assert.Contains(
            "Plan: 0 to install, 1 to update, 0 to roll back, 0 to uninstall, 0 unchanged.",
            text.Output,
            StringComparison.Ordinal
        );
        Assert.Matches(@"~ restart +" + agent.Service, text.Output);
        Assert.Matches(@"~ value +VALUE: ""from the manifest"" to ""second""", text.Output);
        JsonElement container = document.RootElement.GetProperty("containers")[0];
        Assert.Equal([agent.Service], Texts(container, "stopped"));
        Assert.Equal([user], Texts(container, "dependents"));
        Assert.Equal(
            (0, 1),
            (
                container.GetProperty("from").GetProperty("deployment").GetInt32(),
                container.GetProperty("to").GetProperty("deployment").GetInt32()
            )
        );
        Dictionary<string, string> planned = container
            .GetProperty("files")
            .EnumerateArray()
            .ToDictionary(f => Text(f, "path"), f => Text(f, "action"));

        // The verb does what was said.
        string[] conf = (await _host.ShellAsync($"find /etc/agent -type f")).Split(
            '\n',
            StringSplitOptions.RemoveEmptyEntries
        );
        (
            await _host.SysctrAsync("update", agent.Name, "--rebase", "legacy-agent-v2", "--set", "VALUE=second")
        ).MustSucceed();
        foreach ((string path, string action) in planned)
        {
            bool there = File.Exists(_host.Root + path) || new FileInfo(_host.Root + path).LinkTarget is not null;
            bool beside = File.Exists(_host.Root + path + ".sysctr-new");
            Assert.Equal((path, action is not "delete", action is "layBeside"), (path, there, beside));
            Assert.True(action is not "create" || !conf.Contains(path), path);
        }

        Assert.Contains("layBeside", planned.Values);
        Assert.Contains("create", planned.Values);
        await _host.ShellAsync(
            $"systemctl stop {user}; rm /etc/systemd/system/{user}; systemctl daemon-reload; rm -f /etc/agent/{agent.Name}.conf.sysctr-new /etc/agent/{agent.Name}.conf"
        );
    }

    [Fact]
    public async Task A_file_of_a_package_is_named_with_its_package()
    {
        string name = Container.NewName();
        await _host.ShellAsync(
            $"install -D /dev/null /usr/local/bin/{name}ctl; printf '/usr/local/bin/{name}ctl\\n' > /var/lib/dpkg/info/hostname.list.new; cp -p /var/lib/dpkg/info/hostname.list /var/lib/dpkg/info/hostname.kept; cat /var/lib/dpkg/info/hostname.list.new >> /var/lib/dpkg/info/hostname.list; rm /var/lib/dpkg/info/hostname.list.new"
        );
        try
        {
            Snapshot before = await SnapshotAsync();

            CommandResult plan = await _host.SysctrAsync(
                "plan",
                "install",
                "--name",
                name,
                "--set",
                "ADDRESS=here",
                "legacy-agent"
            );

            Assert.Equal(10, plan.ExitCode);
            Assert.Contains(
                $"/usr/local/bin/{name}ctl (is there and belongs to the package hostname)",
                plan.Output,
                StringComparison.Ordinal
            );
            await AssertUnchangedAsync(before);
        }
        finally
        {
            await _host.ShellAsync(
                $"mv /var/lib/dpkg/info/hostname.kept /var/lib/dpkg/info/hostname.list; rm /usr/local/bin/{name}ctl"
            );
        }
    }

    [Fact]
    public async Task A_rollback_and_an_uninstall_are_told_too()
    {
        await using Container probe = await Container.InstallAsync(_host, "probe", "--now");
        (await _host.SysctrAsync("update", probe.Name, "--runtime", "crun")).MustSucceed();
        Snapshot before = await SnapshotAsync();

        using JsonDocument rollback = await PlanAsync("rollback", probe.Name);
        string uninstall = (await _host.SysctrAsync("plan", "uninstall", "--purge", probe.Name)).MustSucceed().Output;

        await AssertUnchangedAsync(before);
        JsonElement container = rollback.RootElement.GetProperty("containers")[0];
        Assert.Equal(
            ("rollback", 0),
            (Text(container, "action"), container.GetProperty("to").GetProperty("deployment").GetInt32())
        );
        Assert.Equal([probe.Service], Texts(container, "stopped"));
        Assert.Matches($"- unit +/etc/systemd/system/{probe.Service}", uninstall);
        Assert.Matches($"- state +/var/lib/{probe.Name}", uninstall);
        Assert.Matches($"- stop +{probe.Service}", uninstall);
        Assert.Equal(3, (await _host.SysctrAsync("plan", "rollback", probe.Name, "7")).ExitCode);
    }

    private async Task<JsonDocument> PlanAsync(params string[] arguments) =>
        JsonDocument.Parse((await _host.SysctrAsync(["plan", .. arguments, "--json"])).MustSucceed().Output);

    private async Task<Snapshot> SnapshotAsync() =>
        new(
            await HostState.TakeAsync(_host),
            await _host.ShellAsync(
                """
                find /var/lib/sysctr -mindepth 1 \
                    \( -path /var/lib/sysctr/objects -o -path /var/lib/sysctr/layers \
                        -o -path '/var/lib/sysctr/deployments/*/*/rootfs' \) -prune \
                    -o -printf '%p %y %m %s %T@\n' | sort
                find /tmp -mindepth 1 | sort
                """
            )
        );

    /// <summary>The bytes of blobs that a registry's access log says were sent, but for the configuration.</summary>
    private static long LayerBytes(string log, string config) =>
        Regex
            .Matches(log, @"""GET /v2/[^""]+/blobs/(sha256:[0-9a-f]+)[^""]*"" 200 (\d+)")
            .Where(m => m.Groups[1].Value != config)
            .Sum(m => long.Parse(m.Groups[2].Value));

    private async Task<string> ConfigDigestAsync(string name)
    {
        using JsonDocument info = JsonDocument.Parse(
            (await _host.SysctrAsync("info", name, "--json")).MustSucceed().Output
        );
        return Text(info.RootElement, "imageId");
    }

    private static string Text(JsonElement element, string member) => element.GetProperty(member).GetString()!;

    private static string[] Texts(JsonElement element, string member) =>
        [.. element.GetProperty(member).EnumerateArray().Select(e => e.GetString()!)];

    /// <summary>
    /// The host, every file of the store with its time but for layers, which stay when they were fetched, and what
    /// temporary directories hold. What is needed for a moment comes and goes in the store's own directory.
    /// </summary>
    private sealed record Snapshot(HostState Host, string Store);

    private async Task AssertUnchangedAsync(Snapshot before)
    {
        Snapshot after = await SnapshotAsync();
        Assert.Equal(before.Store.Split('\n'), after.Store.Split('\n'));
        Assert.Equal(before.Host, after.Host);
    }
}
