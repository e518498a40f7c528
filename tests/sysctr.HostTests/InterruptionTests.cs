// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>A call that is interrupted rolls back however long that takes, says what then holds, and has the signal's
/// exit status.</summary>
[Collection(HealthHost.Name)]
public sealed class InterruptionTests(NspawnFixture fixture)
{
    /// <summary>A payload that takes longer to stop than the two seconds after which the command-line library used to
    /// end the process.</summary>
    private const string StopsSlowly =
        """config["Entrypoint"] = ["/bin/sh", "-c", "trap 'sleep 4; exit 0' TERM; while :; do sleep 0.1; done"]; config["Cmd"] = []; config["Labels"]["generation"] = "{0}" """;

    private readonly NspawnHost _host = fixture.Host;

    [Theory]
    [InlineData("INT", "130")]
    [InlineData("TERM", "143")]
    [InlineData("HUP", "129")]
    public async Task An_update_is_rolled_back_before_the_call_ends(string signal, string status)
    {
        (ChangedImage image, Container slow) = await InstallAsync();
        await using Container installed = slow;
        await image.BecomeAsync(Generation("2"));
        HostState before = await HostState.TakeAsync(_host);

        string said = await InterruptAsync(signal, $"update --settle 60 {slow.Name}", Settling(slow));

        Assert.Contains(
            $"sysctr: interrupted; {slow.Name}: update is rolled back, all is as before\nstatus {status}\nactive\n0\nno intent\n",
            said,
            StringComparison.Ordinal
        );
        Assert.Contains($"{slow.Name}: deployment 0 is back and running", said, StringComparison.Ordinal);
        Assert.Equal(before, await HostState.TakeAsync(_host));
    }

    [Fact]
    public async Task A_second_signal_leaves_the_rest_to_the_next_call_and_says_so()
    {
        (ChangedImage image, Container slow) = await InstallAsync();
        await using Container installed = slow;
        await image.BecomeAsync(Generation("2"));

        string said = await InterruptAsync(
            "INT",
            $"update --settle 60 {slow.Name}",
            Settling(slow),
            again: "sleep 1; kill -INT $tool"
        );

        Assert.Contains(
            $"sysctr: interrupted again; {slow.Name}: update is left interrupted; the next call of sysctr, or the next boot, rolls it back\nstatus 130\n",
            said,
            StringComparison.Ordinal
        );
        CommandResult list = await _host.SysctrAsync("list");
        Assert.Contains($"{slow.Name}: an update was cut off; rolled it back", list.Error, StringComparison.Ordinal);
        Assert.Equal("active", await slow.PropertyAsync("ActiveState"));
        Assert.Equal("0", await slow.DeploymentAsync());
    }

    [Fact]
    public async Task A_stop_of_the_service_that_updates_waits_for_the_roll_back()
    {
        (ChangedImage image, Container slow) = await InstallAsync("--auto-update", "registry");
        await using Container installed = slow;
        await image.BecomeAsync(Generation("2"));

        await _host.ShellAsync(
            $$"""
            systemd-run --quiet --unit {{slow.Name}}-night --property=TimeoutStopSec=5min --property=RemainAfterExit=yes sysctr update --settle 60 {{slow.Name}}
            {{Settling(slow)}}
            systemctl stop {{slow.Name}}-night
            """
        );

        Assert.Equal("active", await slow.PropertyAsync("ActiveState"));
        Assert.Equal("0", await slow.DeploymentAsync());
        Assert.Equal("", await _host.ShellAsync("ls /var/lib/sysctr/transactions"));
    }

    [Fact]
    public async Task What_an_install_had_done_before_it_was_interrupted_is_said()
    {
        ChangedImage image = await ChangedImage.MakeAsync(_host, Generation("1"));
        Container slow = await Container.InstallAsync(_host, image.Reference);
        await slow.DisposeAsync();

        string said = await InterruptAsync(
            "INT",
            $"install --now --settle 60 --name {slow.Name} {image.Reference}",
            $"for i in $(seq 1200); do systemctl is-active --quiet {slow.Name} && break; sleep 0.1; done",
            slow.Name
        );
        (await _host.SysctrAsync("uninstall", "--purge", slow.Name)).MustSucceed();

        Assert.Contains(
            $"sysctr: interrupted; {slow.Name}: install is done\nstatus 130\nactive\n",
            said,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Nothing_was_changed_is_said_where_nothing_was()
    {
        (_, Container slow) = await InstallAsync();
        await using Container installed = slow;

        // It waits for the lock that another call holds.
        string said = await _host.ShellAsync(
            $$"""
            flock --no-fork /var/lib/sysctr/locks/{{slow.Name}}.lock sleep 600 & holder=$!
            until ! flock --nonblock /var/lib/sysctr/locks/{{slow.Name}}.lock true; do sleep 0.05; done
            env --default-signal=INT,HUP sysctr uninstall {{slow.Name}} > /tmp/said 2>&1 & tool=$!
            for i in $(seq 1200); do grep -q 'waiting for another sysctr' /tmp/said && break; sleep 0.1; done
            kill -INT $tool; wait $tool || echo "status $?" >> /tmp/said
            kill $holder; wait $holder || true; cat /tmp/said; rm /tmp/said
            """
        );

        Assert.Contains("sysctr: interrupted; nothing was changed\nstatus 130\n", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Logs_that_are_killed_leave_no_journalctl_behind()
    {
        (_, Container slow) = await InstallAsync();
        await using Container installed = slow;

        string left = await _host.ShellAsync(
            $$"""
            sysctr logs --follow {{slow.Name}} > /dev/null 2>&1 & tool=$!
            for i in $(seq 1200); do pgrep --exact journalctl > /dev/null && break; sleep 0.1; done
            kill -KILL $tool; wait $tool || true
            for i in $(seq 1200); do pgrep --exact journalctl > /dev/null || break; sleep 0.1; done
            pgrep --exact journalctl || echo none
            """
        );

        Assert.Equal("none\n", left);
    }

    private static string Generation(string number) => StopsSlowly.Replace("{0}", number, StringComparison.Ordinal);

    /// <summary>Waits until the new deployment runs, which is then watched for a minute.</summary>
    private static string Settling(Container slow) =>
        $"for i in $(seq 1200); do systemctl show -p ExecStart -p ActiveState {slow.Name} | grep -q deployments/{slow.Name}/1 && systemctl is-active --quiet {slow.Name} && break; sleep 0.1; done";

    private async Task<(ChangedImage Image, Container Slow)> InstallAsync(params string[] options)
    {
        ChangedImage image = await ChangedImage.MakeAsync(_host, Generation("1"));
        return (image, await Container.InstallAsync(_host, image.Reference, ["--now", "--settle", "0", .. options]));
    }

    /// <summary>Sends a signal to a call; what it said, its status, and what then holds.</summary>
    private Task<string> InterruptAsync(
        string signal,
        string call,
        string until,
        string? name = null,
        string again = ""
    )
    {
        string container = name ?? call.Split(' ')[^1];
        return _host.ShellAsync(
            $$"""
            env --default-signal=INT,HUP sysctr {{call}} > /tmp/said 2>&1 & tool=$!
            {{until}}
            kill -{{signal}} $tool
            {{again}}
            wait $tool || echo "status $?" >> /tmp/said
            cat /tmp/said; rm /tmp/said
            systemctl is-active {{container}} || true
            readlink /var/lib/sysctr/deployments/{{container}}/current || true
            ls /var/lib/sysctr/transactions | grep -q . || echo "no intent"
            """
        );
    }
}
