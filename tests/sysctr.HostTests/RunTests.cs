// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>The payload is the unit: process, cgroup, journal, stop and restart, with each runtime.</summary>
[Collection(RunningHost.Name)]
public sealed class RunTests(NspawnFixture fixture)
{
    private readonly NspawnHost _host = fixture.Host;

    public static TheoryData<string> Runtimes => ["runc", "crun"];

    [Theory]
    [MemberData(nameof(Runtimes))]
    public async Task The_payload_is_the_main_process_and_nothing_else_stays(string runtime)
    {
        await using Container probe = await Container.InstallAsync(_host, "probe", "--now", "--runtime", runtime);

        long main = await probe.MainProcessAsync();
        string group = await probe.PropertyAsync("ControlGroup");
        string command = await _host.ShellAsync($"tr '\\0' ' ' < /proc/{main}/cmdline");
        string processes = await _host.ShellAsync($"cat $(find /sys/fs/cgroup{group} -name cgroup.procs)");
        string resident = await _host.ShellAsync("ps -eo args | grep -E '^[^ ]*(runc|crun|conmon|sysctr)' || true");

        Assert.Contains("/usr/bin/probe", command, StringComparison.Ordinal);
        Assert.Equal($"{main}\n", processes);
        Assert.Equal("", resident);
    }

    [Theory]
    [MemberData(nameof(Runtimes))]
    public async Task What_the_payload_prints_is_in_the_units_journal(string runtime)
    {
        await using Container probe = await Container.InstallAsync(_host, "probe", "--now", "--runtime", runtime);

        await probe.ReportAsync();
        await probe.WaitForAsync(
            $"journalctl --unit {probe.Service} --output=cat | grep -qx 'PROBE_VALUE=from the image'",
            "its output in the journal"
        );
    }

    [Theory]
    [MemberData(nameof(Runtimes))]
    public async Task Stop_is_clean(string runtime)
    {
        await using Container probe = await Container.InstallAsync(_host, "probe", "--now", "--runtime", runtime);
        await probe.ReportAsync();

        await _host.MustAsync("systemctl", "stop", probe.Service);

        // The payload ended by its own handler of the stop signal; no timeout, no SIGKILL.
        Assert.Equal("inactive", await probe.PropertyAsync("ActiveState"));
        Assert.Equal("success", await probe.PropertyAsync("Result"));
        Assert.Equal("", await _host.ShellAsync($"{runtime} list --quiet | grep -x {probe.Name} || true"));
    }

    [Theory]
    [MemberData(nameof(Runtimes))]
    public async Task A_killed_payload_is_restarted(string runtime)
    {
        await using Container probe = await Container.InstallAsync(_host, "probe", "--now", "--runtime", runtime);
        long first = await probe.MainProcessAsync();

        await _host.ShellAsync($"kill -KILL {first}");

        await probe.WaitForAsync(
            $"test \"$(systemctl show --value -p NRestarts {probe.Service})\" = 1 && systemctl is-active --quiet {probe.Service}",
            "one restart"
        );
        Assert.NotEqual(first, await probe.MainProcessAsync());
    }

    // Gone before the runtime has left: what became of it is known all the same, at once.
    [Theory]
    [InlineData("runc", """["/bin/true"]""", "success 0 inactive")]
    [InlineData("crun", """["/bin/true"]""", "success 0 inactive")]
    [InlineData("runc", """["/bin/sh", "-c", "exit 3"]""", "exit-code 3 failed")]
    [InlineData("runc", """["/usr/bin/saved-on-windows"]""", "exit-code 1 failed")]
    [InlineData("crun", """["/usr/bin/saved-on-windows"]""", "exit-code 1 failed")]
    public async Task A_payload_that_ends_at_once_is_told_with_its_status(string runtime, string command, string told)
    {
        ChangedImage image = await ChangedImage.MakeAsync(
            _host,
            $"config['Entrypoint'] = {command}; config['Cmd'] = []"
        );
        await using Container probe = await Container.InstallAsync(_host, image.Reference, "--runtime", runtime);

        string results = await _host.ShellAsync(
            $"""
            mkdir -p /etc/systemd/system/{probe.Service}.d
            printf '[Service]\nRestart=no\n[Unit]\nStartLimitIntervalSec=0\n' > /etc/systemd/system/{probe.Service}.d/50-local.conf
            systemctl daemon-reload
            for i in $(seq 10); do
                systemctl start {probe.Service} 2>/dev/null || true
                while systemctl show --value -p ActiveState {probe.Service} | grep -qxE 'activating|active|deactivating'; do sleep 0.1; done
                echo $(systemctl show --value -p Result {probe.Service}) $(systemctl show --value -p ExecMainStatus {probe.Service}) $(systemctl show --value -p ActiveState {probe.Service})
            done
            """
        );

        Assert.Equal(Enumerable.Repeat(told, 10), results.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    // systemd would take a main process that it hears of after its end for none, the launcher's for the payload's, and
    // all for a success.
    [Theory]
    [MemberData(nameof(Runtimes))]
    public async Task A_payload_that_ends_while_systemd_is_busy_is_told_with_its_status(string runtime)
    {
        string name = Container.NewName();
        string place = $"/srv/{name}";
        string held = $"{place}/{runtime}";
        await _host.ShellAsync(
            $$"""
            mkdir {{place}}
            cat >{{held}} <<'END'
            #!/bin/sh
            case " $* " in
            *' start '*) touch {{place}}/started;;
            esac
            {{runtime}} "$@" || exit
            case " $* " in
            *' create '*) touch {{place}}/created; while [ ! -e {{place}}/go ]; do sleep 0.02; done;;
            esac
            END
            chmod +x {{held}}
            """
        );
        ChangedImage image = await ChangedImage.MakeAsync(
            _host,
            """config['Entrypoint'] = ["/bin/sh", "-c", "exit 3"]; config['Cmd'] = []"""
        );
        await using Container probe = await Container.InstallAsync(_host, image.Reference, "--runtime", held);
        await _host.ShellAsync(
            $"mkdir -p /etc/systemd/system/{probe.Service}.d; printf '[Service]\nRestart=no\n' > /etc/systemd/system/{probe.Service}.d/50-local.conf; systemctl daemon-reload"
        );

        await _host.ShellAsync(
            $"systemctl start --no-block {probe.Service}; while [ ! -e {place}/created ]; do sleep 0.02; done"
        );
        await _host.WhileManagerIsHeldAsync(async () =>
        {
            await _host.ShellAsync($"touch {place}/go");

            // Long enough for a payload that runs to be over; it must not run yet.
            await Task.Delay(1500);
            await _host.ShellAsync($"test ! -e {place}/started");
        });
        await probe.WaitForAsync(
            $"! systemctl show --value -p ActiveState {probe.Service} | grep -qxE 'activating|active|deactivating'",
            "its end"
        );

        Assert.Equal(
            ("exit-code", "3", "failed"),
            (
                await probe.PropertyAsync("Result"),
                await probe.PropertyAsync("ExecMainStatus"),
                await probe.PropertyAsync("ActiveState")
            )
        );
    }

    [Fact]
    public async Task A_payload_that_has_done_its_work_is_not_said_to_run()
    {
        ChangedImage image = await ChangedImage.MakeAsync(
            _host,
            """config['Entrypoint'] = ["/bin/true"]; config['Cmd'] = []"""
        );
        string name = Container.NewName();

        CommandResult installed = await _host.SysctrAsync(
            "install",
            "--now",
            "--settle",
            "30",
            "--name",
            name,
            image.Reference
        );
        (await _host.SysctrAsync("uninstall", name)).MustSucceed();

        Assert.Equal(0, installed.ExitCode);
        Assert.Contains($"{name}: does not run: it has ended with success", installed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_drop_in_of_the_administrator_is_applied()
    {
        await using Container probe = await Container.InstallAsync(_host, "probe");
        await _host.ShellAsync(
            $"""
            mkdir -p /etc/systemd/system/{probe.Service}.d
            printf '[Service]\nLimitNOFILE=4321\n' > /etc/systemd/system/{probe.Service}.d/50-local.conf
            systemctl daemon-reload
            systemctl start {probe.Service}
            """
        );
        try
        {
            string limits = await _host.ShellAsync(
                $"grep 'Max open files' /proc/{await probe.MainProcessAsync()}/limits"
            );

            Assert.Contains("4321", limits, StringComparison.Ordinal);
        }
        finally
        {
            await _host.ShellAsync(
                $"rm -r /etc/systemd/system/{probe.Service}.d/50-local.conf; systemctl daemon-reload"
            );
        }
    }
}
