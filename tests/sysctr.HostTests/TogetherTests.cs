// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>Several containers in one transaction: systemd's dependencies give the order, and all change or
/// none.</summary>
[Collection(HealthHost.Name)]
public sealed class TogetherTests(NspawnFixture fixture) : IAsyncLifetime
{
    private readonly NspawnHost _host = fixture.Host;
    private readonly List<Container> _chain = [];
    private ChangedImage _middle = null!;

    /// <summary>The first needs the second, the second the third: the order of the command line is the wrong
    /// one.</summary>
    public async ValueTask InitializeAsync()
    {
        _middle = await ChangedImage.MakeAsync(_host, "pass");
        foreach (string image in (string[])["probe", _middle.Reference, "probe"])
        {
            _chain.Add(await Container.InstallAsync(_host, image));
        }

        await NeedsAsync(_chain[0], _chain[1]);
        await NeedsAsync(_chain[1], _chain[2]);
        await _host.ShellAsync($"systemctl daemon-reload; systemctl start {_chain[0].Service}");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Container container in _chain)
        {
            await _host.ShellAsync($"rm -f /etc/systemd/system/{container.Service}.d/50-order.conf");
            await container.DisposeAsync();
        }
    }

    [Fact]
    public async Task They_stop_and_start_in_the_order_of_their_dependencies()
    {
        (await _host.SysctrAsync(["update", "--together", "--runtime", "crun", .. Names])).MustSucceed();

        await AssertOrderAsync("1");
    }

    [Fact]
    public async Task When_the_last_fails_all_are_back_and_running_in_order()
    {
        // It lives on nothing that the others need, so that it is the last to start.
        await _host.ShellAsync(
            $"""
            printf '[Service]\nExecStartPre=sh -c "if grep -q crun /etc/systemd/system/{_chain[
                0
            ].Service}; then echo not with me; exit 9; fi"\n' >> /etc/systemd/system/{_chain[0].Service}.d/50-order.conf
            systemctl daemon-reload
            """
        );
        HostState before = await HostState.TakeAsync(_host);

        CommandResult update = await _host.SysctrAsync(["update", "--together", "--runtime", "crun", .. Names]);

        Assert.Equal(11, update.ExitCode);
        Assert.Contains("not with me", update.Error, StringComparison.Ordinal);
        Assert.Contains(_chain[0].Service, update.Error, StringComparison.Ordinal);
        Assert.Equal(before, await HostState.TakeAsync(_host));
        await AssertOrderAsync("0");
    }

    [Fact]
    public async Task When_the_middle_one_is_not_healthy_all_are_back_and_running_in_order()
    {
        await _middle.BecomeAsync(
            """config["Labels"].update({"sysctr.health.command": "echo not me; false", "sysctr.health.timeout": "1"})"""
        );
        HostState before = await HostState.TakeAsync(_host);

        CommandResult update = await _host.SysctrAsync("update", "--all", "--together", "--runtime", "crun");

        Assert.Equal(11, update.ExitCode);
        Assert.Contains("not me", update.Error, StringComparison.Ordinal);
        Assert.Contains(_chain[1].Service, update.Error, StringComparison.Ordinal);
        Assert.All(
            _chain,
            c => Assert.Contains($"{c.Name}: deployment 0 is back and running", update.Error, StringComparison.Ordinal)
        );
        Assert.Equal(before, await HostState.TakeAsync(_host));
        await AssertOrderAsync("0");

        // Each has what it was about in its history, and where the failed start's journal is.
        foreach (Container container in _chain)
        {
            string journal = $"/var/lib/sysctr/deployments/{container.Name}/failed-1.journal";
            Assert.Contains(
                journal,
                (await _host.SysctrAsync("history", container.Name)).MustSucceed().Output,
                StringComparison.Ordinal
            );
            await _host.ShellAsync($"test -s {journal}");
        }
    }

    [Fact]
    public async Task A_kill_when_all_of_them_run_already_takes_all_back()
    {
        HostState before = await HostState.TakeAsync(_host);
        string updating = $"together-{_chain[0].Name}";
        await _host.ShellAsync(
            $"""
            systemd-run --quiet --unit {updating} sysctr update --together --settle 60 --runtime crun {string.Join(
                ' ',
                Names
            )}
            until grep -q crun /etc/systemd/system/{_chain[0].Service} && systemctl is-active --quiet {string.Join(
                ' ',
                _chain.Select(c => c.Service)
            )}; do sleep 0.1; done
            systemctl kill --signal=KILL {updating}
            while systemctl is-active --quiet {updating}; do sleep 0.1; done
            systemctl reset-failed {updating}
            """
        );

        CommandResult next = (await _host.SysctrAsync("update", "--pull", "never", _chain[2].Name)).MustSucceed();

        Assert.Contains("is up to date", next.Error, StringComparison.Ordinal);
        Assert.Equal(before, await HostState.TakeAsync(_host));
        Assert.Equal("", await _host.ShellAsync("ls -A /var/lib/sysctr/transactions"));
        await AssertOrderAsync("0");
        Assert.Equal(0, (await _host.SysctrAsync("fsck")).ExitCode);
    }

    /// <summary>At a few of the steps that Faults/sweep.py tries for one container, each of them.</summary>
    [Fact]
    public async Task Cut_anywhere_all_are_old_or_all_are_new()
    {
        const int points = 7;
        const string trace = "/root/together.trace";
        (await UpdateAsync($"trace:{trace}", "crun")).MustSucceed();
        int steps = (await _host.ShellAsync($"cat {trace}; rm {trace}"))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Length;
        HashSet<bool> updated = [];
        string runtime = "/usr/bin/crun";
        for (int point = 0; point < points; point++)
        {
            // From the middle on: before it, layers and trees are written beside what is in use.
            int step = (steps / 2) + ((steps / 2) * point / (points - 1));
            string wanted = runtime.EndsWith("crun", StringComparison.Ordinal) ? "runc" : "crun";
            Assert.Equal(137, (await UpdateAsync($"kill:{step}", wanted)).ExitCode);

            (await _host.SysctrAsync("update", "--pull", "never", _chain[2].Name)).MustSucceed();

            string[] runtimes = await Task.WhenAll(_chain.Select(c => c.InfoAsync("runtime")));
            Assert.Single(runtimes.Distinct());
            updated.Add(runtimes[0] != runtime);
            runtime = runtimes[0];
            await AssertDeploymentAsync(await _chain[0].DeploymentAsync());
            Assert.Equal("", await _host.ShellAsync("ls -A /var/lib/sysctr/transactions"));
        }

        Assert.Equal(2, updated.Count);
        Assert.Equal(0, (await _host.SysctrAsync("fsck")).ExitCode);

        Task<CommandResult> UpdateAsync(string fault, string with) =>
            _host.RunAsync([
                "env",
                $"SYSCTR_FAULT={fault}",
                "sysctr",
                "update",
                "--together",
                "--settle",
                "0",
                "--runtime",
                with,
                .. Names,
            ]);
    }

    [Fact]
    public async Task A_plan_says_the_order_and_that_all_change_or_none()
    {
        string[] options = ["update", "--together", "--runtime", "crun", .. Names];

        using JsonDocument plan = JsonDocument.Parse(
            (await _host.SysctrAsync(["plan", .. options, "--json"])).MustSucceed().Output
        );
        string text = (await _host.SysctrAsync(["plan", .. options])).MustSucceed().Output;
        using JsonDocument apart = JsonDocument.Parse(
            (await _host.SysctrAsync("plan", "update", "--runtime", "crun", "--all", "--json")).MustSucceed().Output
        );

        string[] services = [.. _chain.Select(c => c.Service)];
        Assert.True(plan.RootElement.GetProperty("together").GetBoolean());
        Assert.Equal(services, Texts(plan.RootElement, "stopOrder"));
        Assert.Equal(services.Reverse(), Texts(plan.RootElement, "startOrder"));
        Assert.Contains("Together: all of them, or none.", text, StringComparison.Ordinal);
        Assert.Contains($"Stop, in this order: {string.Join(", ", services)}.", text, StringComparison.Ordinal);
        Assert.False(apart.RootElement.GetProperty("together").GetBoolean());
        Assert.Empty(Texts(apart.RootElement, "startOrder"));
        await AssertDeploymentAsync("0");

        // One that can't be updated is the end of all.
        await _middle.BecomeAsync("""config["Labels"]["sysctr.health.http"] = "http://127.0.0.1:${UNSET}/" """);
        CommandResult refused = await _host.SysctrAsync(["plan", .. options]);
        Assert.Equal(9, refused.ExitCode);
        Assert.Contains("UNSET", refused.Error, StringComparison.Ordinal);
        CommandResult update = await _host.SysctrAsync(options);
        Assert.Equal(9, update.ExitCode);
        await AssertDeploymentAsync("0");

        await _middle.BecomeAsync("pass");
        (await _host.SysctrAsync(options)).MustSucceed();
        await AssertOrderAsync("1");
    }

    [Fact]
    public async Task Several_are_installed_and_started_or_the_one_that_fails_is_named()
    {
        ChangedImage[] images =
        [
            await ChangedImage.MakeAsync(_host, "pass"),
            await ChangedImage.MakeAsync(_host, "pass"),
            await ChangedImage.MakeAsync(_host, "pass", "broken-variable"),
        ];
        string[] references = [.. images.Select(i => i.Reference)];
        string[] names = [.. images.Select(i => i.Name)];
        HostState before = await HostState.TakeAsync(_host);

        // The third can't be rendered: nothing of the others is there.
        Assert.Equal(9, (await _host.SysctrAsync(["install", "--now", .. references])).ExitCode);
        Assert.Equal(before, await HostState.TakeAsync(_host));

        // It is good, but does not start: that is after the commit, so all are there, and the others run.
        await images[2].BecomeAsync("pass", "broken-start");
        before = await HostState.TakeAsync(_host);
        using JsonDocument plan = JsonDocument.Parse(
            (await _host.SysctrAsync(["plan", "install", "--now", .. references, "--json"])).MustSucceed().Output
        );
        Assert.Equal(names.Select(n => n + ".service").Order(), Texts(plan.RootElement, "startOrder").Order());
        Assert.Equal([names[0] + ".service"], Texts(plan.RootElement.GetProperty("containers")[0], "started"));
        Assert.Equal(before, await HostState.TakeAsync(_host));
        CommandResult install = await _host.SysctrAsync(["install", "--now", "--settle", "30", .. references]);
        Assert.Equal(11, install.ExitCode);
        Assert.Contains($"starting {names[2]}.service", install.Error, StringComparison.Ordinal);
        Assert.Equal(
            ["active", "active"],
            await Task.WhenAll(names.Take(2).Select(n => _host.UnitPropertyAsync(n + ".service", "ActiveState")))
        );

        // What Restart= makes of the third changes all the time; it is there to be mended.
        Assert.Contains(
            $"\n{names[2]} ",
            (await _host.SysctrAsync("list")).MustSucceed().Output,
            StringComparison.Ordinal
        );
        (await _host.SysctrAsync(["uninstall", "--purge", .. names])).MustSucceed();
        await _host.ShellAsync($"rm -r {string.Join(' ', names.Select(n => "/srv/" + n))}");
    }

    [Fact]
    public async Task What_can_be_said_of_one_only_is_refused_for_several()
    {
        foreach (
            string[] wrong in (string[][])
                [
                    ["--all", "--together", "--rebase", "probe"],
                    ["--all", "--set", "A=b"],
                    ["--together", "--set", "A=b", .. Names],
                    [.. Names, "--rebase", "probe"],
                ]
        )
        {
            CommandResult update = await _host.SysctrAsync(["update", .. wrong]);

            Assert.Equal(2, update.ExitCode);
            Assert.Contains("--rebase and --set go with a single container", update.Error, StringComparison.Ordinal);
        }

        Assert.Equal(2, (await _host.SysctrAsync("update", "--settle", "-1", _chain[0].Name)).ExitCode);
    }

    private string[] Names => [.. _chain.Select(c => c.Name)];

    private async Task NeedsAsync(Container container, Container needed) =>
        await _host.ShellAsync(
            $"""
            mkdir -p /etc/systemd/system/{container.Service}.d
            printf '[Unit]\nAfter={needed.Service}\nRequires={needed.Service}\n' > /etc/systemd/system/{container.Service}.d/50-order.conf
            """
        );

    /// <summary>From systemd's own clock: whoever needs another stops before it, and starts when it is up. Each started
    /// once.</summary>
    private async Task AssertOrderAsync(string deployment)
    {
        await AssertDeploymentAsync(deployment);
        foreach ((Container user, Container needed) in _chain.Zip(_chain.Skip(1)))
        {
            long stopped = await user.TimeAsync("InactiveEnter");
            Assert.InRange(stopped, 1, await needed.TimeAsync("InactiveEnter"));
            Assert.InRange(
                await needed.TimeAsync("ActiveEnter"),
                await needed.TimeAsync("InactiveEnter"),
                await user.TimeAsync("InactiveExit")
            );
        }
    }

    private async Task AssertDeploymentAsync(string deployment)
    {
        foreach (Container container in _chain)
        {
            Assert.Equal("active", await container.PropertyAsync("ActiveState"));
            Assert.Equal(deployment, await container.DeploymentAsync());
        }
    }

    private static string[] Texts(JsonElement element, string member) =>
        [.. element.GetProperty(member).EnumerateArray().Select(e => e.GetString()!)];
}
