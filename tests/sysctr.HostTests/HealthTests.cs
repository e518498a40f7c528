// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>What an update takes for a success: the unit stays up, and the image's own check holds. Else it did not
/// happen.</summary>
[Collection(HealthHost.Name)]
public sealed class HealthTests(NspawnFixture fixture)
{
    private const string Nothing = "pass";
    private const string DiesLate =
        """config["Entrypoint"] = ["/bin/sh", "-c", "sleep 3; echo this killed me >&2; exit 3"]; config["Cmd"] = []""";

    private const string Dies =
        """config["Entrypoint"] = ["/bin/sh", "-c", "echo this killed me >&2; exit 3"]; config["Cmd"] = []""";

    /// <summary>A payload that answers 200 below / and 404 elsewhere.</summary>
    private const string Serves = """
        config["Cmd"] = []
        config["Entrypoint"] = ["/usr/bin/python3", "-c", '''
        import signal, socket, sys
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        server = socket.create_server(("127.0.0.1", 8011))
        while True:
            connection, _ = server.accept()
            with connection:
                status = "200 OK" if connection.recv(4096).startswith(b"GET / ") else "404 Not Found"
                try:
                    connection.sendall(f"HTTP/1.1 {status}\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n".encode())
                except OSError:
                    pass
        ''']

        """;

    private readonly NspawnHost _host = fixture.Host;

    public static TheoryData<string> Runtimes => ["runc", "crun"];

    [Fact]
    public async Task A_payload_that_does_not_stay_up_is_no_update()
    {
        ChangedImage image = await ChangedImage.MakeAsync(_host, Nothing);
        await using Container probe = await Container.InstallAsync(_host, image.Reference, "--now");
        await image.BecomeAsync(DiesLate);
        HostState before = await HostState.TakeAsync(_host);

        CommandResult update = await _host.SysctrAsync("update", "--settle", "60", probe.Name);

        await AssertRolledBackAsync(probe, update, before, "this killed me");
        string journal = $"/var/lib/sysctr/deployments/{probe.Name}/failed-1.journal";
        Assert.Contains(journal, update.Error, StringComparison.Ordinal);
        string kept = await _host.ShellAsync($"cat {journal}");
        Assert.Contains("this killed me", kept, StringComparison.Ordinal);

        // The old payload's words before the switch are not in it.
        Assert.DoesNotContain("PROBE_VALUE", kept.Split("this killed me")[0], StringComparison.Ordinal);

        // Whoever does not wait does not see it.
        (await _host.SysctrAsync("update", "--settle", "0", probe.Name)).MustSucceed();
    }

    // Between two lives, and given up by systemd: what becomes of an update must not depend on when it comes.
    [Theory]
    [InlineData("RestartSec=60", "auto-restart")]
    [InlineData("RestartSec=10ms", "failed")]
    public async Task An_update_mends_what_crashes_whenever_it_comes_and_says_that_it_was_not_well(
        string restart,
        string state
    )
    {
        ChangedImage image = await ChangedImage.MakeAsync(_host, Dies);
        await using Container probe = await Container.InstallAsync(_host, image.Reference);
        await _host.ShellAsync(
            $"""
            mkdir -p /etc/systemd/system/{probe.Service}.d
            printf '[Service]\n{restart}\n[Unit]\nStartLimitIntervalSec=1h\nStartLimitBurst=2\n' > /etc/systemd/system/{probe.Service}.d/50-local.conf
            systemctl daemon-reload
            systemctl start {probe.Service} || true
            """
        );
        await probe.WaitForAsync($"systemctl show --value -p SubState {probe.Service} | grep -qx {state}", state);
        await image.BecomeAsync(Nothing);

        CommandResult update = (await _host.SysctrAsync("update", "--settle", "1", probe.Name)).MustSucceed();

        Assert.Contains("updated from deployment 0 to 1, running", update.All, StringComparison.Ordinal);
        Assert.Equal(state == "failed", update.All.Contains("was not well before", StringComparison.Ordinal));
        Assert.Equal("active", await probe.PropertyAsync("ActiveState"));
    }

    [Fact]
    public async Task A_failure_is_told_in_the_words_of_its_own_life_wherever_they_are_logged()
    {
        ChangedImage image = await ChangedImage.MakeAsync(_host, Dies);
        await using Container probe = await Container.InstallAsync(_host, image.Reference);
        foreach (string line in (string[])["", "LogNamespace=apart"])
        {
            await _host.ShellAsync(
                $"""
                mkdir -p /etc/systemd/system/{probe.Service}.d
                printf '[Service]\nRestart=no\n{line}\n' > /etc/systemd/system/{probe.Service}.d/50-local.conf
                systemctl daemon-reload
                """
            );
            CommandResult first = await FailAsync();
            CommandResult second = await FailAsync();

            Assert.Equal((11, 11), (first.ExitCode, second.ExitCode));
            Assert.Contains("status 3", second.Error, StringComparison.Ordinal);
            Assert.Equal(2, second.Error.Split("this killed me").Length);
            Assert.Contains(
                "this killed me",
                (await _host.SysctrAsync("logs", probe.Name)).MustSucceed().Output,
                StringComparison.Ordinal
            );
        }

        // A start is done when the payload runs: on a busy machine it may live a moment longer than that.
        async Task<CommandResult> FailAsync()
        {
            for (int left = 20; ; left--)
            {
                CommandResult started = await _host.SysctrAsync("start", probe.Name);
                if (started.ExitCode != 0 || left == 0)
                {
                    return started;
                }

                await _host.EventuallyAsync(
                    $"test $(systemctl is-active {probe.Service}) = failed",
                    TimeSpan.FromMinutes(3)
                );
            }
        }
    }

    [Fact]
    public async Task Neither_is_one_that_ends_with_success()
    {
        ChangedImage image = await ChangedImage.MakeAsync(_host, Nothing);
        await using Container probe = await Container.InstallAsync(_host, image.Reference, "--now");
        await image.BecomeAsync(DiesLate.Replace("exit 3", "exit 0", StringComparison.Ordinal));
        HostState before = await HostState.TakeAsync(_host);

        CommandResult update = await _host.SysctrAsync("update", "--settle", "60", probe.Name);

        await AssertRolledBackAsync(probe, update, before, "instead of staying up");
    }

    [Theory]
    [MemberData(nameof(Runtimes))]
    public async Task A_command_is_run_in_the_container_until_it_holds(string runtime)
    {
        ChangedImage image = await ChangedImage.MakeAsync(_host, Nothing);
        await using Container probe = await Container.InstallAsync(
            _host,
            image.Reference,
            "--now",
            "--runtime",
            runtime
        );
        await image.BecomeAsync(
            """
            config["Labels"]["sysctr.health.command"] = "echo I am ${NAME} of $$PROBE_VALUE; test -e /var/lib/probe/well"
            config["Labels"]["sysctr.health.timeout"] = "10"
            config["Labels"]["sysctr.health.interval"] = "0.2"
            """
        );
        HostState before = await HostState.TakeAsync(_host);

        CommandResult sick = await _host.SysctrAsync("update", probe.Name);

        await AssertRolledBackAsync(probe, sick, before, $"I am {probe.Name} of from the image");

        // It becomes well while it is asked: the file comes a second after its deployment.
        string well = (await _host.ShellAsync($"dirname $(find /var/lib/{probe.Name} -name report)")).Trim() + "/well";
        await _host.ShellAsync(
            $"systemd-run --quiet --collect sh -c 'while ! [ -e /var/lib/sysctr/deployments/{probe.Name}/1 ]; do sleep 0.1; done; sleep 1; touch {well}'"
        );
        CommandResult update = (await _host.SysctrAsync("update", probe.Name)).MustSucceed();
        Assert.Contains("running and healthy", update.All, StringComparison.Ordinal);
        Assert.Equal("active", await probe.PropertyAsync("ActiveState"));

        // A rollback asks too: the first deployment has no check, the second has.
        (await _host.SysctrAsync("rollback", probe.Name)).MustSucceed();
        await _host.ShellAsync($"rm {well}");
        Assert.Equal(11, (await _host.SysctrAsync("rollback", probe.Name)).ExitCode);
        Assert.Equal("0", await probe.DeploymentAsync());
        (await _host.SysctrAsync("rollback", "--no-healthcheck", probe.Name)).MustSucceed();
        Assert.Equal("1", await probe.DeploymentAsync());
    }

    [Fact]
    public async Task Http_has_to_answer_2xx_and_tcp_to_connect()
    {
        ChangedImage image = await ChangedImage.MakeAsync(
            _host,
            Serves
                + """
                config["Labels"].update({"sysctr.health.http": "http://127.0.0.1:${PORT}/", "sysctr.health.tcp": "localhost:${PORT}", "sysctr.health.timeout": "10"})
                """
        );
        string name = Container.NewName();
        CommandResult unset = await _host.SysctrAsync("install", "--name", name, image.Reference);
        Assert.Equal(9, unset.ExitCode);
        Assert.Contains("sysctr.health.http", unset.Error, StringComparison.Ordinal);

        await using Container server = await Container.InstallAsync(
            _host,
            image.Reference,
            "--now",
            "--set",
            "PORT=8011"
        );
        await image.BecomeAsync(
            Serves
                + """
                config["Labels"].update({"sysctr.health.http": "http://127.0.0.1:${PORT}/nowhere", "sysctr.health.timeout": "10"})
                """
        );
        HostState before = await HostState.TakeAsync(_host);
        await AssertRolledBackAsync(
            server,
            await _host.SysctrAsync("update", server.Name),
            before,
            "GET http://127.0.0.1:8011/nowhere: 404"
        );

        await image.BecomeAsync(
            Serves
                + """
                config["Labels"].update({"sysctr.health.tcp": "127.0.0.1:8012", "sysctr.health.timeout": "2"})
                """
        );
        before = await HostState.TakeAsync(_host);
        await AssertRolledBackAsync(
            server,
            await _host.SysctrAsync("update", server.Name),
            before,
            "connecting to 127.0.0.1:8012: Connection refused"
        );
    }

    [Fact]
    public async Task The_manifest_says_it_too_with_values_and_is_stronger_than_labels()
    {
        string first = await new WildImage().PutAsync(_host);
        string second = await new WildImage()
            .Export(
                "manifest.json",
                """{"defaultValues": {"PORT": "8013"}, "health": {"http": "http://127.0.0.1:$PORT/", "timeout": 3, "interval": 0.2}}"""
            )
            .Label("sysctr.health.tcp", "127.0.0.1:1")
            .PutAsync(_host);
        await using Container stub = await Container.InstallAsync(_host, first, "--now");
        HostState before = await HostState.TakeAsync(_host);

        CommandResult sick = await _host.SysctrAsync("update", stub.Name, "--rebase", second);

        await AssertRolledBackAsync(stub, sick, before, "GET http://127.0.0.1:8013/: ");
        await _host.ShellAsync(
            "systemd-run --quiet --unit=answers --working-directory=/srv python3 -m http.server --bind 127.0.0.1 8014"
        );
        try
        {
            await _host.EventuallyAsync(
                "python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", 8014))'",
                TimeSpan.FromMinutes(3)
            );
            CommandResult well = (
                await _host.SysctrAsync("update", stub.Name, "--rebase", second, "--set", "PORT=8014")
            ).MustSucceed();
            Assert.Contains("running and healthy", well.All, StringComparison.Ordinal);
        }
        finally
        {
            await _host.ShellAsync("systemctl stop answers");
        }

        // What is up to date is not asked.
        (await _host.SysctrAsync("update", stub.Name)).MustSucceed();
    }

    [Fact]
    public async Task Dockers_healthcheck_is_taken_and_one_that_hangs_leaves_nothing_behind()
    {
        ChangedImage image = await ChangedImage.MakeAsync(
            _host,
            """config["Healthcheck"] = {"Test": ["CMD-SHELL", "echo $PROBE_VALUE | grep -q image"], "Interval": 30000000000}"""
        );
        await using Container probe = await Container.InstallAsync(_host, image.Reference, "--now");
        await image.BecomeAsync(
            """
            config["Healthcheck"] = {"Test": ["CMD", "/bin/sh", "-c", "sleep 4321 & wait"], "Timeout": 1000000000}
            config["Labels"]["sysctr.health.timeout"] = "3"
            """
        );
        HostState before = await HostState.TakeAsync(_host);

        CommandResult update = await _host.SysctrAsync("update", probe.Name);

        await AssertRolledBackAsync(probe, update, before, "no answer within 1 s");
        Assert.Equal("", await _host.ShellAsync("pgrep -f 'sleep 432[1]' || true"));
        Assert.Equal("", await _host.ShellAsync("find /run/sysctr/scratch -name pid 2>/dev/null || true"));
    }

    /// <summary>It holds the check's streams, and runc itself waits for these; crun ends with the check.</summary>
    [Fact]
    public async Task What_a_check_leaves_running_is_not_waited_for()
    {
        ChangedImage image = await ChangedImage.MakeAsync(
            _host,
            """
            config["Healthcheck"] = {"Test": ["CMD", "/bin/sh", "-c", "sleep 4322 & exit 0"], "Timeout": 20000000000}
            config["Labels"]["sysctr.health.timeout"] = "10"
            """
        );

        await using Container probe = await Container.InstallAsync(
            _host,
            image.Reference,
            "--now",
            "--runtime",
            "crun"
        );

        Assert.NotEqual("", await _host.ShellAsync("pgrep -f 'sleep 432[2]' || true"));
    }

    [Fact]
    public async Task An_install_that_is_not_well_stays_and_says_so()
    {
        ChangedImage image = await ChangedImage.MakeAsync(
            _host,
            """config["Labels"].update({"sysctr.health.command": '["/bin/false"]', "sysctr.health.timeout": "5"})"""
        );
        string name = Container.NewName();

        CommandResult install = await _host.SysctrAsync("install", "--now", "--name", name, image.Reference);

        Assert.Equal(11, install.ExitCode);
        Assert.Contains("'/bin/false': status 1", install.Error, StringComparison.Ordinal);
        Assert.Equal("active", await _host.UnitPropertyAsync(name + ".service", "ActiveState"));
        (await _host.SysctrAsync("uninstall", "--purge", name)).MustSucceed();
    }

    [Fact]
    public async Task A_kill_while_it_settles_takes_the_update_back()
    {
        await using Container probe = await Container.InstallAsync(_host, "probe", "--now");
        HostState before = await HostState.TakeAsync(_host);
        long process = await probe.MainProcessAsync();
        await _host.ShellAsync(
            $"""
            systemd-run --quiet --unit updating-{probe.Name} sysctr update --settle 60 --runtime crun {probe.Name}
            until [ "$(systemctl show --value -p MainPID {probe.Service})" != {process} ] && systemctl is-active --quiet {probe.Service} && [ -e /var/lib/sysctr/deployments/{probe.Name}/1 ]; do
                sleep 0.1
            done
            sleep 1
            systemctl kill --signal=KILL updating-{probe.Name}
            while systemctl is-active --quiet updating-{probe.Name}; do sleep 0.1; done
            systemctl reset-failed updating-{probe.Name}
            """
        );
        Assert.Equal("0", await probe.DeploymentAsync());

        // The next call, whatever it is for.
        Assert.Equal(3, (await _host.SysctrAsync("rollback", probe.Name)).ExitCode);

        Assert.Equal(before, await HostState.TakeAsync(_host));
        Assert.Equal("active", await probe.PropertyAsync("ActiveState"));
        Assert.Equal(
            "",
            await _host.ShellAsync(
                $"ls -A /var/lib/sysctr/transactions; ls /var/lib/sysctr/deployments/{probe.Name} | grep 1 || true"
            )
        );
    }

    private async Task AssertRolledBackAsync(Container container, CommandResult update, HostState before, string why)
    {
        Assert.Equal(11, update.ExitCode);
        Assert.True(update.Error.Contains(why, StringComparison.Ordinal), update.All);
        Assert.Contains("is back and running", update.All, StringComparison.Ordinal);
        Assert.Equal("active", await container.PropertyAsync("ActiveState"));
        Assert.Equal("0", await container.DeploymentAsync());
        Assert.Equal(before, await HostState.TakeAsync(_host));
        Assert.Equal(
            "",
            await _host.ShellAsync(
                $"ls -A /var/lib/sysctr/transactions; ls -d /var/lib/sysctr/deployments/{container.Name}/1 2>/dev/null || true"
            )
        );
    }
}
