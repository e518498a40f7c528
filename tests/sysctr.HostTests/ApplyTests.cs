// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text.Json;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>Containers that files declare, on a host whose systemd runs them.</summary>
[Collection(OrdinaryHost.Name)]
public sealed class ApplyTests(NspawnFixture fixture)
{
    private const string Place = "/etc/sysctr/containers.d";

    private readonly NspawnHost _host = fixture.Host;

    [Fact]
    public async Task Files_are_converged_to_in_one_transaction_and_taken_back_together()
    {
        HostState before = await HostState.TakeAsync(_host);
        await _host.ShellAsync(
            $"mkdir -p {Place} /srv/applied; echo FROM_FILE=file >{Place}/web.env; echo word >/srv/applied/word"
        );
        await WriteAsync(
            "quadb.container",
            "[Container]\nImage=probe\nEntrypoint=[\"/bin/sleep\", \"infinity\"]\nStopSignal=KILL\n[Service]\nNice=3\n[Install]\nWantedBy=multi-user.target"
        );
        await WriteAsync("quadata.volume", "[Volume]\nVolumeName=quadata");
        await WriteAsync("quaweb.container", Web("one"));

        string first = (await _host.SysctrAsync("apply", "--settle", "1")).MustSucceed().Error;

        Assert.Contains("quaweb: installed, running", first, StringComparison.Ordinal);
        Assert.True(
            await _host.UnitNumberAsync("quaweb.service", "ActiveEnterTimestampMonotonic")
                > await _host.UnitNumberAsync("quadb.service", "ActiveEnterTimestampMonotonic")
        );
        Assert.Equal(
            ("3", "enabled", "quadb.service"),
            (
                await _host.UnitPropertyAsync("quadb.service", "Nice"),
                await _host.UnitPropertyAsync("quaweb.service", "UnitFileState"),
                await _host.UnitPropertyAsync("quaweb.service", "Requires") is var r
                && r.Contains("quadb.service", StringComparison.Ordinal)
                    ? "quadb.service"
                    : r
            )
        );
        Assert.Equal(
            "one file word there",
            await InsideAsync(
                "quaweb",
                "echo $WORD $FROM_FILE $(cat /srv/word) $(touch /var/lib/shared/x && echo there)"
            )
        );
        Assert.Equal(
            "HUP\n",
            await _host.ShellAsync(
                "systemctl reload quaweb; for i in $(seq 1200); do sysctr exec quaweb cat /tmp/hup 2>/dev/null && break; sleep 0.1; done"
            )
        );
        string[] pids = await PidsAsync();

        Assert.Contains(
            "nothing was changed",
            (await _host.SysctrAsync("apply", "--settle", "1")).MustSucceed().Error,
            StringComparison.Ordinal
        );
        Assert.Equal(pids, await PidsAsync());

        await WriteAsync("quaweb.container", Web("two"));
        using (
            JsonDocument plan = JsonDocument.Parse(
                (await _host.SysctrAsync("--quiet", "apply", "--plan", "--offline", "--json")).MustSucceed().Output
            )
        )
        {
            Assert.Equal(
                ["quadb none", "quaweb update"],
                plan.RootElement.GetProperty("containers")
                    .EnumerateArray()
                    .Select(c => $"{c.GetProperty("name")} {c.GetProperty("action")}")
            );
        }

        Assert.Contains(
            "~ update quaweb",
            (await _host.SysctrAsync("apply", "--plan")).MustSucceed().Output,
            StringComparison.Ordinal
        );
        (await _host.SysctrAsync("apply", "--settle", "1")).MustSucceed();
        Assert.Equal("two", await InsideAsync("quaweb", "echo $WORD"));
        string[] changed = await PidsAsync();
        Assert.Equal((pids[0], false), (changed[0], pids[1] == changed[1]));

        // A port that somebody has is found before anything is changed, with its line; the service's own are not.
        await WriteAsync(
            "quaport.container",
            "[Container]\nImage=probe\nPublishPort=22222:22\n[Install]\nWantedBy=multi-user.target"
        );
        await _host.ShellAsync(
            "systemd-run -q --unit quaport-taken --socket-property=ListenStream=22222 --socket-property=Accept=yes /bin/true"
        );
        CommandResult taken = await _host.SysctrAsync("apply", "--settle", "1");
        Assert.Equal(10, taken.ExitCode);
        Assert.Contains("quaport.container:3: PublishPort=22222:22: ", taken.Error, StringComparison.Ordinal);
        Assert.Contains("something on the host listens there", taken.Error, StringComparison.Ordinal);
        Assert.Equal(changed, await PidsAsync());
        Assert.NotEqual(0, (await _host.SysctrAsync("info", "quaport")).ExitCode);
        await _host.ShellAsync("systemctl stop quaport-taken.socket; rm /etc/sysctr/containers.d/quaport.container");

        await WriteAsync(
            "quadb.container",
            "[Container]\nImage=probe\nEntrypoint=/bin/false\n[Install]\nWantedBy=multi-user.target"
        );
        await WriteAsync(
            "quanew.container",
            "[Container]\nImage=probe\nEntrypoint=[\"/bin/sleep\", \"infinity\"]\nStopSignal=KILL\n[Install]\nWantedBy=multi-user.target"
        );
        CommandResult failed = await _host.SysctrAsync("apply", "--settle", "30");
        Assert.Equal(11, failed.ExitCode);
        Assert.Equal(
            "active active inactive",
            string.Join(
                ' ',
                await Task.WhenAll(
                    new[] { "quadb", "quaweb", "quanew" }.Select(n =>
                        _host.UnitPropertyAsync(n + ".service", "ActiveState")
                    )
                )
            )
        );
        Assert.Equal("two", await InsideAsync("quaweb", "echo $WORD"));
        Assert.False((await _host.RunAsync("sysctr", "info", "quanew")).ExitCode == 0);

        await _host.ShellAsync(
            $"rm {Place}/quaweb.container {Place}/quanew.container; echo nonsense >{Place}/quabad.container"
        );
        CommandResult bad = await _host.SysctrAsync("apply", "--settle", "1", "--prune");
        Assert.Equal(
            (9, true),
            (bad.ExitCode, bad.Error.Contains($"{Place}/quabad.container:1: ", StringComparison.Ordinal))
        );
        Assert.Equal(9, (await _host.SysctrAsync("lint", $"{Place}/quabad.container")).ExitCode);
        await WriteAsync(
            "quadb.container",
            "[Container]\nImage=probe\nEntrypoint=[\"/bin/sleep\", \"infinity\"]\nStopSignal=KILL\n[Service]\nNice=3\n[Install]\nWantedBy=multi-user.target"
        );
        await _host.ShellAsync($"rm {Place}/quabad.container");
        (await _host.SysctrAsync("apply", "--settle", "1", "--prune")).MustSucceed();
        Assert.Equal("not-found", await _host.UnitPropertyAsync("quaweb.service", "LoadState"));
        Assert.Equal("active", await _host.UnitPropertyAsync("quadb.service", "ActiveState"));

        await _host.ShellAsync($"rm {Place}/quadb.container");
        (await _host.SysctrAsync("apply", "--settle", "1", "--prune")).MustSucceed();
        (await _host.SysctrAsync("fsck")).MustSucceed();
        await _host.ShellAsync(
            $"rm -r {Place} /srv/applied /var/lib/sysctr-volumes /var/lib/quadb /var/lib/quaweb; rmdir --ignore-fail-on-non-empty /etc/sysctr"
        );
        Assert.Equal(before, await HostState.TakeAsync(_host));
    }

    [Fact]
    public async Task A_pod_is_a_network_that_its_containers_share_and_comes_and_goes_with_them()
    {
        const string pod =
            "[Pod]\nVolume=/srv/quapod:/srv:ro\nPublishPort=127.0.0.1:{0}:8098\n[Install]\nWantedBy=multi-user.target";
        HostState before = await HostState.TakeAsync(_host);
        await _host.ShellAsync(
            $"""
            mkdir -p {Place} /srv/quapod
            cat >/srv/quapod/serve.py <<'END'
            import socket, sys
            server = socket.create_server(('127.0.0.1' if sys.argv[2] == 'inside' else '', int(sys.argv[1])))
            while True:
                caller, _ = server.accept()
                caller.sendall(socket.gethostname().encode())
                caller.close()
            END
            cat >/srv/quapod/ask.py <<'END'
            import socket, sys
            with socket.create_connection(('127.0.0.1', int(sys.argv[1])), 3) as server:
                print(server.recv(100).decode())
            END
            """
        );
        await WriteAsync("qua.pod", string.Format(CultureInfo.InvariantCulture, pod, 8099));
        await WriteAsync("quaserve.container", InPod("8097 inside"));
        await WriteAsync("quaask.container", InPod("8098 all"));

        string said = (await _host.SysctrAsync("apply", "--settle", "1")).MustSucceed().Error;

        Assert.Contains("qua-pod: installed, running", said, StringComparison.Ordinal);
        Assert.Equal("active active active", await StatesAsync());
        await AnswersAsync("python3 /srv/quapod/ask.py 8099");
        await AnswersAsync("sysctr exec quaask python3 /srv/ask.py 8097");
        Assert.Equal("0", await _host.UnitPropertyAsync("qua-pod.service", "MainPID"));
        Assert.Contains(
            "nothing was changed",
            (await _host.SysctrAsync("apply", "--settle", "1")).MustSucceed().Error,
            StringComparison.Ordinal
        );

        await _host.ShellAsync("systemctl stop qua-pod");
        Assert.Equal("inactive inactive inactive", await StatesAsync());
        await _host.ShellAsync("systemctl start quaask");
        await AnswersAsync("python3 /srv/quapod/ask.py 8099");

        await WriteAsync("qua.pod", string.Format(CultureInfo.InvariantCulture, pod, 8096));
        (await _host.SysctrAsync("apply", "--settle", "1")).MustSucceed();
        await AnswersAsync("python3 /srv/quapod/ask.py 8096");
        Assert.Equal("active active active", await StatesAsync());

        // multi-user.target wants it no more: it ends with the last of its containers.
        await WriteAsync("qua.pod", string.Format(CultureInfo.InvariantCulture, pod, 8096).Split("[Install]")[0]);
        (await _host.SysctrAsync("apply", "--settle", "1")).MustSucceed();
        Assert.Equal("active active active", await StatesAsync());
        await _host.ShellAsync("systemctl stop quaask");
        Assert.Equal("active active inactive", await StatesAsync());
        await _host.ShellAsync("systemctl stop quaserve");
        await _host.EventuallyAsync("test $(systemctl is-active qua-pod) = inactive", TimeSpan.FromMinutes(3));

        await _host.ShellAsync($"rm {Place}/qua*");
        (await _host.SysctrAsync("apply", "--settle", "1", "--prune")).MustSucceed();
        await _host.ShellAsync(
            $"rm -r {Place} /srv/quapod; rm -rf /var/lib/quaserve /var/lib/quaask; rmdir --ignore-fail-on-non-empty /etc/sysctr"
        );
        (await _host.SysctrAsync("fsck")).MustSucceed();
        Assert.Equal(before, await HostState.TakeAsync(_host));

        static string InPod(string words) =>
            $"[Container]\nImage=probe\nPod=qua.pod\nEntrypoint=[\"/usr/bin/python3\", \"/srv/serve.py\"]\nExec={words}\nStopSignal=KILL";

        async Task<string> StatesAsync() =>
            string.Join(
                ' ',
                await Task.WhenAll(
                    new[] { "qua-pod", "quaserve", "quaask" }.Select(n =>
                        _host.UnitPropertyAsync(n + ".service", "ActiveState")
                    )
                )
            );

        // A payload that has started may not listen yet.
        Task AnswersAsync(string ask) =>
            _host.EventuallyAsync($"test \"$({ask})\" = systemd-qua", TimeSpan.FromMinutes(3));
    }

    private static string Web(string word) =>
        $"""
            [Unit]
            After=quadb.container
            Requires=quadb.container

            [Container]
            Image=probe
            Entrypoint=["/bin/sh", "-c"]
            Exec="trap 'echo HUP >/tmp/hup' HUP; while :; do sleep 0.1; done"
            StopSignal=KILL
            ReloadSignal=HUP
            Environment="WORD={word}"
            EnvironmentFile=web.env
            Volume=/srv/applied:/srv:ro
            Volume=quadata.volume:/var/lib/shared
            Tmpfs=/tmp

            [Install]
            WantedBy=multi-user.target
            """;

    /// <summary>Rootfs=: the files are the administrator's, and so is what the payload writes.</summary>
    /// <summary>As an image of a host has it that was made with its files: the first boot makes the containers, the
    /// second finds nothing to do.</summary>
    [Fact]
    public async Task The_service_does_it_at_boot()
    {
        await _host.ShellAsync(
            $"mkdir -p {Place}; printf '[Container]\nImage={TestHost.Registry}/probe:latest\nNetwork=host\n[Install]\nWantedBy=multi-user.target\n' > {Place}/quaboot.container; systemctl --quiet enable sysctr-apply.service"
        );
        string installed = "";
        for (int boot = 0; boot < 2; boot++)
        {
            await _host.RebootAsync();
            await _host.EventuallyAsync(
                "test \"$(systemctl show --value -P ExecMainExitTimestampMonotonic sysctr-apply.service)\" != 0 && systemctl is-active --quiet quaboot.service",
                TimeSpan.FromMinutes(3)
            );

            Assert.Equal("success\n", await _host.ShellAsync("systemctl show --value -P Result sysctr-apply.service"));
            string now = await _host.ShellAsync("sysctr info --json quaboot | grep -E '\"(deployment|installed)'");
            Assert.Equal(boot == 0 ? now : installed, now);
            installed = now;
        }

        await _host.ShellAsync(
            $"systemctl --quiet disable sysctr-apply.service; rm {Place}/quaboot.container; rmdir --ignore-fail-on-non-empty {Place}; sysctr --quiet uninstall --purge quaboot"
        );
    }

    [Fact]
    public async Task A_directory_of_the_host_can_be_a_container_s_root()
    {
        await _host.ShellAsync(
            $"sysctr --quiet install --checkout hardlinks --name quamade probe; mkdir -p {Place} /srv/quatree; cp -a /var/lib/sysctr/deployments/quamade/0/rootfs/. /srv/quatree/; sysctr --quiet uninstall --purge quamade"
        );
        await WriteAsync(
            "quatree.container",
            "[Container]\nRootfs=/srv/quatree\nExec=/bin/sleep infinity\nStopSignal=KILL\nNetwork=none\n[Install]\nWantedBy=multi-user.target"
        );
        (await _host.SysctrAsync("apply", "--settle", "1")).MustSucceed();

        await InsideAsync("quatree", "echo kept >/here");

        Assert.Equal("kept\n", await _host.ShellAsync("cat /srv/quatree/here"));
        Assert.Contains(
            "nothing was changed",
            (await _host.SysctrAsync("apply", "--settle", "1")).MustSucceed().Error,
            StringComparison.Ordinal
        );
        await WriteAsync(
            "quatree.container",
            "[Container]\nRootfs=/srv/quatree:O\nExec=/bin/sleep infinity\nStopSignal=KILL\nNetwork=none\n[Install]\nWantedBy=multi-user.target"
        );
        (await _host.SysctrAsync("apply", "--settle", "1")).MustSucceed();
        Assert.Equal("kept", await InsideAsync("quatree", "echo lost >/there; cat /here"));
        Assert.Equal("here\n", await _host.ShellAsync("cd /srv/quatree; ls -d here there 2>/dev/null || true"));
        await _host.ShellAsync($"rm {Place}/quatree.container");
        (await _host.SysctrAsync("apply", "--settle", "1", "--prune")).MustSucceed();
        Assert.Equal("kept\n", await _host.ShellAsync($"cat /srv/quatree/here; rm -r /srv/quatree; rmdir {Place}"));
    }

    private async Task WriteAsync(string name, string text) =>
        await _host.ShellAsync($"cat >{Place}/{name} <<'END'\n{text}\nEND");

    private Task<string[]> PidsAsync() =>
        Task.WhenAll(new[] { "quadb", "quaweb" }.Select(n => _host.UnitPropertyAsync(n + ".service", "MainPID")));

    private async Task<string> InsideAsync(string name, string script) =>
        (await _host.SysctrAsync("exec", name, "sh", "-c", script)).MustSucceed().Output.Trim();
}
