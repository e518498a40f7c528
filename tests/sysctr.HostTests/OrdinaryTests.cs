// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>What ordinary images and their users expect of a container: a standard output that has a path, a root that
/// can be written to, secrets, devices, the unit's variables and credentials.</summary>
[Collection(OrdinaryHost.Name)]
public sealed class OrdinaryTests(NspawnFixture fixture)
{
    private const string Payload = """
        echo by path >/dev/stdout
        echo $(id -u) $FROM_UNIT $VAR_SECRET $(cat /run/secrets/pw) $(stat -c %u:%a /etc/pw) $(cat $CREDENTIALS_DIRECTORY/word /etc/word) $(head -c1 /dev/box | wc -c) $(touch /written && echo wrote) >/dev/stderr
        trap 'echo last words >/dev/stderr; exit 0' TERM
        while :; do sleep 0.1; done
        """;

    private readonly NspawnHost _host = fixture.Host;

    [Theory]
    [InlineData("runc")]
    [InlineData("crun")]
    public async Task It_has_what_only_a_start_knows_and_leaves_nothing_of_it(string runtime)
    {
        string name = Container.NewName();
        string unit = name + ".service";
        await _host.ShellAsync(
            $"""
            mkdir -p /etc/sysctr/secrets.d /etc/systemd/system/{unit}.d
            printf hidden > /etc/sysctr/secrets.d/{name}; chmod 644 /etc/sysctr/secrets.d/{name}
            test -e /dev/sysctr-box || mknod /dev/sysctr-box c 1 5
            printf '[Service]\nEnvironment=FROM_UNIT=said\nSetCredential=word:credential\n' > /etc/systemd/system/{unit}.d/50-local.conf
            """
        );
        string[] install =
        [
            "install",
            "--now",
            "--name",
            name,
            "--runtime",
            runtime,
            "--settle",
            "1",
            "--log-pipe",
            "yes",
            "--read-only=false",
            "--secret",
            $"{name},target=pw",
            "--secret",
            $"{name},type=env,target=VAR_SECRET",
            "--secret",
            $"{name},target=/etc/pw,uid=33,mode=0400",
            "--secret",
            "word,target=/etc/word",
            "--device",
            "/dev/sysctr-box:/dev/box:r",
            "--entrypoint",
            "[\"/bin/sh\", \"-c\"]",
            "probe",
            "--",
            Payload,
        ];
        CommandResult open = await _host.SysctrAsync(install);
        Assert.Equal(8, open.ExitCode);
        Assert.Contains($"chmod 600 /etc/sysctr/secrets.d/{name}", open.Error, StringComparison.Ordinal);
        await _host.ShellAsync($"chmod 600 /etc/sysctr/secrets.d/{name}");
        HostState before = await HostState.TakeAsync(_host);

        (await _host.SysctrAsync(install)).MustSucceed();

        string said = "0 said hidden hidden 33:400 credentialcredential 1 wrote";
        await SaysAsync(unit, said, 1);
        Assert.Contains("by path", await JournalAsync(unit), StringComparison.Ordinal);
        Assert.DoesNotContain(
            "hidden",
            await _host.ShellAsync($"cat /var/lib/sysctr/deployments/{name}/0/config.json /etc/systemd/system/{unit}"),
            StringComparison.Ordinal
        );

        // Nobody is left to tidy up: the next start does.
        await _host.ShellAsync($"systemctl kill -s KILL sysctr-log-{name}.service {unit}");
        await SaysAsync(unit, said, 2);
        await _host.MustAsync("systemctl", "stop", unit);
        Assert.Contains("last words", await JournalAsync(unit), StringComparison.Ordinal);
        Assert.Equal(
            "",
            await _host.ShellAsync(
                $"grep -E '/{name}(/| )' /proc/self/mountinfo || true; ls -d /run/sysctr/{name} 2>/dev/null || true; find /var/lib/sysctr/deployments -name written"
            )
        );
        await _host.UnitsGoneAsync("sysctr-log-*");

        (
            await _host.SysctrAsync("update", "--settle", "1", "--reset", "read-only", "--writable", "persistent", name)
        ).MustSucceed();
        await _host.MustAsync("systemctl", "restart", unit);
        (
            await _host.SysctrAsync(
                "exec",
                name,
                "sh",
                "-c",
                "for i in $(seq 1200); do test -e /written && break; sleep 0.1; done; test -e /written && echo kept > /written"
            )
        ).MustSucceed();
        await _host.MustAsync("systemctl", "stop", unit);
        Assert.Equal("kept\n", await _host.ShellAsync($"cat /var/lib/{name}/.writable/upper/written"));
        (await _host.SysctrAsync("uninstall", "--purge", name)).MustSucceed();
        Assert.Equal(before, await HostState.TakeAsync(_host));
        await _host.ShellAsync($"rm -r /etc/sysctr/secrets.d/{name} /etc/systemd/system/{unit}.d");
    }

    [Fact]
    public async Task Its_unit_is_ready_when_it_is_well_and_what_falls_ill_is_killed_and_starts_again()
    {
        string name = Container.NewName();
        string unit = name + ".service";
        (
            await _host.SysctrAsync(
                "install",
                "--name",
                name,
                "--sdnotify",
                "healthy",
                "--health-cmd",
                "test -e /run/well",
                "--health-interval",
                "1s",
                "--health-retries",
                "2",
                "--health-on-failure",
                "kill",
                "--entrypoint",
                "[\"/bin/sh\", \"-c\"]",
                "probe",
                "--",
                "sleep 1; touch /run/well; trap 'exit 0' TERM; while :; do sleep 0.1; done"
            )
        ).MustSucceed();
        await _host.MustAsync("systemctl", "start", unit);
        Assert.Equal(0, (await _host.SysctrAsync("exec", name, "test", "-e", "/run/well")).ExitCode);

        (await _host.SysctrAsync("exec", name, "rm", "/run/well")).MustSucceed();

        await _host.EventuallyAsync(
            $"test $(systemctl show --value -p NRestarts {unit}) = 1 && systemctl is-active {unit}",
            TimeSpan.FromMinutes(3)
        );
        Assert.Contains(
            $"{unit} is unhealthy: 'test -e /run/well'",
            (await JournalAsync(unit)).Replace("/bin/sh -c ", "", StringComparison.Ordinal),
            StringComparison.Ordinal
        );
        (await _host.SysctrAsync("uninstall", "--purge", name)).MustSucceed();
        await _host.UnitsGoneAsync("sysctr-health-*");
    }

    [Fact]
    public async Task Nothing_is_asked_of_it_before_it_has_come_up_and_what_does_not_come_up_starts_again()
    {
        string name = Container.NewName();
        string unit = name + ".service";
        string counts = $"/run/sysctr/{name}/health-startup";
        (
            await _host.SysctrAsync(
                "install",
                "--now",
                "--settle",
                "0",
                "--no-healthcheck",
                "--name",
                name,
                "--health-cmd",
                "test -e /run/well",
                "--health-interval",
                "1s",
                "--health-retries",
                "1",
                "--health-on-failure",
                "kill",
                "--health-startup-cmd",
                "test -e /run/up",
                "--health-startup-interval",
                "1s",
                "--health-startup-success",
                "2",
                "--entrypoint",
                "[\"/bin/sh\", \"-c\"]",
                "probe",
                "--",
                "trap 'exit 0' TERM; while :; do sleep 0.1; done"
            )
        ).MustSucceed();
        await _host.EventuallyAsync($"set -- $(cat {counts}); test $1 = 0 -a $2 -ge 3", TimeSpan.FromMinutes(3));
        Assert.Equal("0", await _host.UnitPropertyAsync(unit, "NRestarts"));

        (await _host.SysctrAsync("exec", name, "touch", "/run/up")).MustSucceed();

        await _host.EventuallyAsync(
            $"test $(systemctl show --value -p NRestarts {unit}) -ge 1",
            TimeSpan.FromMinutes(3)
        );
        Assert.Contains($"{unit} is unhealthy", await JournalAsync(unit), StringComparison.Ordinal);
        (
            await _host.SysctrAsync(
                "update",
                "--settle",
                "0",
                "--no-healthcheck",
                "--health-startup-retries",
                "2",
                name
            )
        ).MustSucceed();
        await _host.EventuallyAsync(
            $"journalctl --sync; journalctl -u {unit} -o cat | grep -q 'has not come up'",
            TimeSpan.FromMinutes(3)
        );
        (await _host.SysctrAsync("uninstall", "--purge", name)).MustSucceed();
        await _host.UnitsGoneAsync("sysctr-health-*", "sysctr-startup-*");
    }

    private Task<CommandResult> SaysAsync(string unit, string line, int times) =>
        _host.EventuallyAsync(
            $"test $(journalctl --sync; journalctl -u {unit} -o cat | grep -cxF '{line}') -ge {times}",
            TimeSpan.FromMinutes(3)
        );

    private Task<string> JournalAsync(string unit) =>
        _host.ShellAsync($"journalctl --sync; journalctl -u {unit} -o cat");
}
