// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>Old deployments go, with every update and by prune; the one in use, the one before it and pinned ones
/// stay.</summary>
[Collection(HealthHost.Name)]
public sealed class PruneTests(NspawnFixture fixture)
{
    private readonly NspawnHost _host = fixture.Host;

    [Fact]
    public async Task An_update_keeps_the_deployment_in_use_and_the_one_before()
    {
        await using Container probe = await Container.InstallAsync(_host, "probe");
        foreach (string runtime in (string[])["crun", "runc", "crun"])
        {
            (await _host.SysctrAsync("update", "--runtime", runtime, probe.Name)).MustSucceed();
        }

        Assert.Equal(["3*", "2"], await DeploymentsAsync(probe));
        Assert.Equal("2 3", await DirectoriesAsync(probe));
        (await _host.SysctrAsync("rollback", probe.Name)).MustSucceed();
        Assert.Equal(["2*", "3"], await DeploymentsAsync(probe));
    }

    [Fact]
    public async Task A_rollback_leads_to_what_was_in_use_and_that_stays()
    {
        await using Container probe = await Container.InstallAsync(_host, "probe");
        (await _host.SysctrAsync("update", "--runtime", "crun", probe.Name)).MustSucceed();
        (await _host.SysctrAsync("rollback", probe.Name)).MustSucceed();
        (await _host.SysctrAsync("update", "--runtime", "/usr/sbin/runc", probe.Name)).MustSucceed();

        // Deployment 1 is later than 0, but nobody was content with it.
        Assert.Equal(["2*", "0"], await DeploymentsAsync(probe));
        (await _host.SysctrAsync("rollback", probe.Name)).MustSucceed();
        Assert.Equal(["0*", "2"], await DeploymentsAsync(probe));
    }

    [Fact]
    public async Task Pinned_deployments_stay_until_they_are_unpinned()
    {
        await using Container probe = await Container.InstallAsync(_host, "probe");
        (await _host.SysctrAsync("pin", probe.Name)).MustSucceed();
        (await _host.SysctrAsync("update", "--runtime", "crun", probe.Name)).MustSucceed();
        (await _host.SysctrAsync("update", "--runtime", "runc", probe.Name)).MustSucceed();
        (await _host.SysctrAsync("update", "--runtime", "crun", probe.Name)).MustSucceed();
        Assert.Equal(["3*", "2", "0 pinned"], await DeploymentsAsync(probe));

        (await _host.SysctrAsync("prune", "--keep", "1", probe.Name)).MustSucceed();
        Assert.Equal(["3*", "0 pinned"], await DeploymentsAsync(probe));
        Assert.Contains(
            $"\n{probe.Name} ",
            (await _host.SysctrAsync("list", "--all")).MustSucceed().Output,
            StringComparison.Ordinal
        );
        Assert.Contains("0 pinned", (await _host.SysctrAsync("list", "--all")).Output, StringComparison.Ordinal);

        (await _host.SysctrAsync("unpin", probe.Name, "0")).MustSucceed();
        (await _host.SysctrAsync("prune", "--keep", "1", probe.Name)).MustSucceed();
        Assert.Equal(["3*"], await DeploymentsAsync(probe));
        Assert.Equal(3, (await _host.SysctrAsync("rollback", probe.Name)).ExitCode);
        Assert.Equal(3, (await _host.SysctrAsync("pin", probe.Name, "7")).ExitCode);
        Assert.Equal(2, (await _host.SysctrAsync("prune", "--keep", "0")).ExitCode);
        Assert.Equal(3, (await _host.SysctrAsync("prune", "nobody")).ExitCode);
    }

    [Fact]
    public async Task A_pinned_deployment_is_there_to_roll_back_to_and_goes_with_its_container()
    {
        await using (Container probe = await Container.InstallAsync(_host, "probe", "--now"))
        {
            (await _host.SysctrAsync("pin", probe.Name)).MustSucceed();
            foreach (string runtime in (string[])["crun", "runc", "crun"])
            {
                (await _host.SysctrAsync("update", "--runtime", runtime, probe.Name)).MustSucceed();
            }

            (await _host.SysctrAsync("rollback", probe.Name, "0")).MustSucceed();
            Assert.Equal("active", await probe.PropertyAsync("ActiveState"));
            Assert.Equal(["0* pinned", "3", "2"], await DeploymentsAsync(probe));

            // The pin is the deployment's: what comes after it is not pinned, and it stays, in use or not.
            (await _host.SysctrAsync("update", "--runtime", "/usr/sbin/runc", probe.Name)).MustSucceed();
            (await _host.SysctrAsync("prune", "--keep", "1", probe.Name)).MustSucceed();
            Assert.Equal(["4*", "0 pinned"], await DeploymentsAsync(probe));
            (await _host.SysctrAsync("rollback", probe.Name)).MustSucceed();
            Assert.Equal(["0* pinned", "4"], await DeploymentsAsync(probe));

            (await _host.SysctrAsync("uninstall", probe.Name)).MustSucceed();
            Assert.Equal(
                "",
                await _host.ShellAsync($"ls -d /var/lib/sysctr/deployments/{probe.Name} 2>/dev/null || true")
            );
            Assert.Empty(await DeploymentsAsync(probe));
            (await _host.SysctrAsync("install", "--system", "--name", probe.Name, "probe")).MustSucceed();
            Assert.Equal(["0*"], await DeploymentsAsync(probe));
        }

        Assert.Equal(0, (await _host.SysctrAsync("fsck")).ExitCode);
    }

    [Fact]
    public async Task What_only_they_needed_leaves_the_store_too()
    {
        // So that its layers, which the other image shares in part, are there and stay.
        (await _host.SysctrAsync("pull", "probe")).MustSucceed();
        string[] before = await LayersAsync();
        ChangedImage image = await ChangedImage.MakeAsync(_host, "pass", "legacy-plain");
        await using Container container = await Container.InstallAsync(_host, image.Reference);
        string[] own = [.. (await LayersAsync()).Except(before, StringComparer.Ordinal)];
        Assert.NotEmpty(own);

        foreach (string word in (string[])["one", "two"])
        {
            await image.BecomeAsync($"""config["Labels"]["word"] = "{word}" """);
            (await _host.SysctrAsync("update", container.Name)).MustSucceed();
        }

        Assert.Equal("1 2", await DirectoriesAsync(container));
        Assert.Equal(before, await LayersAsync());
        Assert.Equal(0, (await _host.SysctrAsync("fsck")).ExitCode);
    }

    [Fact]
    public async Task A_deployment_that_an_instance_still_runs_from_stays_until_its_end()
    {
        string image = await new WildImage { Service = null, Arguments = ["$NAME", "$WORD"] }
            .Export("manifest.json", """{"version": "1.0", "defaultValues": {"WORD": "none"}}""")
            .Export(
                "app@.service.sbn",
                "[Service]\nExecStart={{ EXEC_START }}\nExecStop={{ EXEC_STOP }}\nExecStopPost={{ EXEC_STOPPOST }}\n"
            )
            .PutAsync(_host);
        await using Container app = await Container.InstallAsync(_host, image);
        string instance = $"{app.Name}@x.service";
        await _host.MustAsync("systemctl", "start", instance);
        long process = await _host.UnitNumberAsync(instance, "MainPID");
        string said = "";
        foreach (string word in (string[])["one", "two", "three"])
        {
            said = (await _host.SysctrAsync("update", "--set", $"WORD={word}", app.Name)).MustSucceed().All;
        }

        Assert.Matches($"{app.Name}: kept deployment 0: process [0-9]+ runs from it", said);
        Assert.Equal("0 2 3", await DirectoriesAsync(app));
        Assert.Equal(process, await _host.UnitNumberAsync(instance, "MainPID"));
        await _host.ShellAsync($"test -s /proc/{process}/root/bin/stub");

        await _host.MustAsync("systemctl", "stop", instance);
        (await _host.SysctrAsync("prune", app.Name)).MustSucceed();
        Assert.Equal("2 3", await DirectoriesAsync(app));
    }

    [Fact]
    public async Task A_kill_while_it_removes_leaves_no_half_of_a_deployment()
    {
        await using Container probe = await Container.InstallAsync(_host, "probe", "--checkout", "hardlinks");
        (await _host.SysctrAsync("update", "--runtime", "crun", probe.Name)).MustSucceed();

        CommandResult killed = await _host.RunAsync(
            "strace",
            "--quiet=all",
            "-f",
            "-e",
            "trace=unlinkat",
            "-o",
            "/dev/null",
            "-e",
            "inject=unlinkat:signal=KILL:when=40",
            "sysctr",
            "prune",
            "--keep",
            "1",
            probe.Name
        );
        Assert.NotEqual(0, killed.ExitCode);
        Assert.Equal("1", await DirectoriesAsync(probe));
        Assert.NotEqual("", await _host.ShellAsync("ls /var/lib/sysctr/staging"));
        Assert.Equal(["1*"], await DeploymentsAsync(probe));

        (await _host.SysctrAsync("prune")).MustSucceed();
        Assert.Equal("", await _host.ShellAsync("ls /var/lib/sysctr/staging"));
        Assert.Equal(0, (await _host.SysctrAsync("fsck")).ExitCode);
    }

    private async Task<string[]> LayersAsync() =>
        [.. (await _host.ShellAsync("ls /var/lib/sysctr/layers")).Split('\n', StringSplitOptions.RemoveEmptyEntries)];

    private async Task<string> DirectoriesAsync(Container container) =>
        string.Join(
            ' ',
            (
                await _host.ShellAsync(
                    $"cd /var/lib/sysctr/deployments/{container.Name}; find . -mindepth 1 -maxdepth 1 -type d -printf '%f\\n' | sort"
                )
            ).Split('\n', StringSplitOptions.RemoveEmptyEntries)
        );

    /// <summary>As list --all --json has them, in its order.</summary>
    private async Task<string[]> DeploymentsAsync(Container container)
    {
        using JsonDocument list = JsonDocument.Parse(
            (await _host.SysctrAsync("list", "--all", "--json")).MustSucceed().Output
        );
        return
        [
            .. list
                .RootElement.EnumerateArray()
                .Where(c => c.GetProperty("name").GetString() == container.Name)
                .Select(c =>
                    c.GetProperty("deployment").GetInt32()
                    + (c.GetProperty("inUse").GetBoolean() ? "*" : "")
                    + (c.GetProperty("pinned").GetBoolean() ? " pinned" : "")
                ),
        ];
    }
}
