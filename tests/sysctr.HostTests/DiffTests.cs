// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>What differs between two deployments, and between one and an image that is not installed.</summary>
[Collection(InstallingHost.Name)]
public sealed class DiffTests(NspawnFixture fixture)
{
    private readonly NspawnHost _host = fixture.Host;

    [Fact]
    public async Task An_update_is_told_before_and_after()
    {
        await using Container agent = await Container.InstallAsync(_host, "legacy-agent", "--set", "ADDRESS=here");
        string store = await StoreAsync();

        string before = await DiffAsync(agent, "--image", "legacy-agent-v2", "--set", "VALUE=second");

        Assert.Equal(store, await StoreAsync());
        Assert.Equal("", await DiffAsync(agent, "--image", "legacy-agent"));
        (
            await _host.SysctrAsync("update", agent.Name, "--rebase", "legacy-agent-v2", "--set", "VALUE=second")
        ).MustSucceed();
        string after = await DiffAsync(agent);

        foreach (string diff in (string[])[before, after])
        {
            Assert.Contains("-costs = $5\n+costs = $6\n", diff, StringComparison.Ordinal);
            Assert.Contains("--- /dev/null\n+++ ", diff, StringComparison.Ordinal);
            Assert.Contains($"/etc/agent/{agent.Name}-more.conf\n", diff, StringComparison.Ordinal);
            Assert.Contains("V VALUE: \"from the manifest\" to \"second\"\n", diff, StringComparison.Ordinal);
            Assert.Contains("\nC /exports/hostfs/usr/local/bin/agentctl (content)\n", diff, StringComparison.Ordinal);
            Assert.Contains("\nA /exports/hostfs/etc/agent/more.conf\n", diff, StringComparison.Ordinal);

            // The deployment's own directory is no difference.
            Assert.DoesNotContain($"deployments/{agent.Name}/1", diff, StringComparison.Ordinal);
            Assert.DoesNotContain($"+++ 1/etc/systemd/system/{agent.Service}", diff, StringComparison.Ordinal);
        }

        Assert.Contains("-costs = $6\n+costs = $5\n", await DiffAsync(agent, "1", "0"), StringComparison.Ordinal);
        Assert.Equal(3, (await _host.SysctrAsync("diff", agent.Name, "7")).ExitCode);
        using JsonDocument json = JsonDocument.Parse(await DiffAsync(agent, "0", "1", "--json"));
        Assert.Equal(
            (0, 1),
            (
                json.RootElement.GetProperty("from").GetProperty("deployment").GetInt32(),
                json.RootElement.GetProperty("to").GetProperty("deployment").GetInt32()
            )
        );
        Assert.Contains(
            json.RootElement.GetProperty("files").EnumerateArray(),
            f =>
                f.GetProperty("path").GetString() == "/exports/hostfs/etc/agent/more.conf"
                && f.GetProperty("kind").GetString() == "A"
        );

        // Old scripts say it so.
        await _host.ShellAsync("mkdir -p /run/atomic && ln -sf \"$(command -v sysctr)\" /run/atomic/atomic");
        Assert.Equal(after, (await _host.RunAsync("/run/atomic/atomic", "diff", agent.Name)).MustSucceed().Output);
    }

    private async Task<string> DiffAsync(Container container, params string[] arguments) =>
        (await _host.SysctrAsync(["diff", container.Name, .. arguments])).MustSucceed().Output;

    private Task<string> StoreAsync() =>
        _host.ShellAsync(
            "find /var/lib/sysctr -mindepth 1 -path '*/rootfs' -prune -o -printf '%p %s %T@\\n' | sort | sha256sum"
        );
}
