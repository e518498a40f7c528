// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>
/// doctor on a booted host: in order, then with things broken one after the other, each of which is named with its
/// remedy. The host has Debian 12's runc, whose known holes its distribution has not mended, and no profile of
/// containers-common.
/// </summary>
[Collection(CheckedHost.Name)]
public sealed class DoctorTests(HardLinksFixture fixture)
{
    private const string Changelog = "/usr/share/doc/runc/changelog.Debian.gz";

    private readonly NspawnHost _host = fixture.Host;

    [Fact]
    public async Task A_host_in_order_has_no_problem_and_looking_changes_nothing()
    {
        // Other tests of this host kill processes.
        (await _host.SysctrAsync("recover")).MustSucceed();
        HostState before = await HostState.TakeAsync(_host);
        string store = await _host.ShellAsync(
            "find /var/lib/sysctr -printf '%p %T@ %m %U\\n' 2>/dev/null | sort; ls /tmp"
        );

        CommandResult result = await _host.SysctrAsync("doctor");

        Assert.True(result.ExitCode == 0, result.Output + result.Error);
        foreach (
            string line in (string[])
                [
                    "ok       sysctr",
                    "ok       systemd        252",
                    "ok       dbus",
                    "ok       kernel",
                    "ok       configuration",
                    "ok       registries",
                    "ok       seccomp        the built-in profile",
                    "ok       store",
                    "ok       space",
                    "ok       leftovers",
                    "ok       recovery       sysctr-recover.service is installed and enabled",
                ]
        )
        {
            Assert.Contains(line, result.Output, StringComparison.Ordinal);
        }

        Assert.Contains(" 0 problems", result.Output, StringComparison.Ordinal);
        Assert.Equal(before, await HostState.TakeAsync(_host));
        Assert.Equal(
            store,
            await _host.ShellAsync("find /var/lib/sysctr -printf '%p %T@ %m %U\\n' 2>/dev/null | sort; ls /tmp")
        );
    }

    [Fact]
    public async Task Its_JSON_says_the_same()
    {
        CommandResult result = await _host.SysctrAsync("doctor", "--json");

        using JsonDocument json = JsonDocument.Parse(result.Output);
        Assert.Equal(0, json.RootElement.GetProperty("problems").GetInt32());
        JsonElement runtime = json
            .RootElement.GetProperty("checks")
            .EnumerateArray()
            .First(c =>
                c.GetProperty("check").GetString() == "runtime"
                && c.GetProperty("found").GetString()!.Contains("/runc ", StringComparison.Ordinal)
            );
        Assert.Equal("warning", runtime.GetProperty("level").GetString());
        string[] holes = [.. runtime.GetProperty("details").EnumerateArray().Select(d => d.GetString()!.Split(':')[0])];
        Assert.Equal(
            ["CVE-2024-45310", "CVE-2025-31133", "CVE-2025-52565", "CVE-2025-52881", "CVE-2026-41579"],
            holes.Order(StringComparer.Ordinal)
        );
        Assert.Equal(1, (await _host.SysctrAsync("doctor", "--json", "--strict")).ExitCode);
    }

    [Theory]
    [InlineData(
        "a policy that does not parse",
        "cp -p /etc/containers/policy.json /root/p; echo '{\"default\": 1}' >/etc/containers/policy.json",
        "cp -p /root/p /etc/containers/policy.json",
        "problem  policy",
        "containers-policy.json(5)"
    )]
    [InlineData(
        "a masked recovery unit",
        "ln -s /dev/null /etc/systemd/system/sysctr-recover.service",
        "rm /etc/systemd/system/sysctr-recover.service",
        "problem  recovery       sysctr-recover.service is masked",
        "'systemctl unmask sysctr-recover.service'"
    )]
    [InlineData(
        "no room",
        "cp -p /etc/sysctr/sysctr.toml /root/t; echo 'min-free-space = \"99%\"' >>/etc/sysctr/sysctr.toml",
        "cp -p /root/t /etc/sysctr/sysctr.toml",
        "problem  space",
        "min-free-space in sysctr.toml(5)"
    )]
    [InlineData(
        "settings that do not parse",
        "cp -p /etc/sysctr/sysctr.toml /root/t; echo 'nonsense' >>/etc/sysctr/sysctr.toml",
        "cp -p /root/t /etc/sysctr/sysctr.toml",
        "problem  configuration",
        "see sysctr.toml(5)"
    )]
    [InlineData(
        "a runtime that is gone",
        "mv /usr/sbin/runc /usr/sbin/runc.away",
        "mv /usr/sbin/runc.away /usr/sbin/runc",
        "problem  runtime",
        "apt install runc"
    )]
    [InlineData(
        "a runtime that everybody can write",
        "chmod 0777 /usr/sbin/runc",
        "chmod 0755 /usr/sbin/runc",
        "problem  runtime        /usr/bin/runc is run as root",
        "give it"
    )]
    [InlineData(
        "a runtime in a directory of others, which is not run",
        "mkdir -m 0777 /opt/odd; printf '#!/bin/sh\\ntouch /root/was-run\\n' >/opt/odd/runc; chmod 755 /opt/odd/runc; cp -p /etc/sysctr/sysctr.toml /root/t; echo 'runtime = \"/opt/odd/runc\"' >>/etc/sysctr/sysctr.toml",
        "cp -p /root/t /etc/sysctr/sysctr.toml; rm -r /opt/odd; test ! -e /root/was-run",
        "problem  runtime        /opt/odd/runc is run as root, and /opt/odd can be written",
        "give it"
    )]
    [InlineData(
        "a store on a file system that executes nothing",
        "install -d -m 0700 /var/lib/sysctr; mount --bind /var/lib/sysctr /var/lib/sysctr; mount -o remount,bind,noexec /var/lib/sysctr",
        "umount --lazy /var/lib/sysctr",
        "problem  store",
        "mount it without noexec"
    )]
    [InlineData(
        "a store that others can read",
        "install -d -m 0755 /var/lib/sysctr",
        "chmod 0700 /var/lib/sysctr",
        "problem  store",
        "chmod 0700 /var/lib/sysctr"
    )]
    public async Task What_is_broken_is_named_with_its_remedy(
        string what,
        string damage,
        string undo,
        string found,
        string remedy
    )
    {
        await _host.ShellAsync(damage);
        CommandResult result;
        try
        {
            result = await _host.SysctrAsync("doctor");
        }
        finally
        {
            await _host.ShellAsync(undo);
        }

        Assert.True(result.ExitCode == 1, $"{what}: {result.Output}{result.Error}");
        string[] lines = result.Output.Split('\n');
        int at = Array.FindIndex(lines, l => l.StartsWith(found, StringComparison.Ordinal));
        Assert.True(at >= 0, $"{what}: no '{found}' in\n{result.Output}");
        string block = string.Join('\n', lines.Skip(at).TakeWhile((l, i) => i == 0 || l.StartsWith(' ')));
        Assert.True(
            lines.Any(l => l.StartsWith(' ') && l.Contains(remedy, StringComparison.Ordinal)),
            $"{what}: no '{remedy}' in\n{block}"
        );
        Assert.Equal(0, (await _host.SysctrAsync("doctor")).ExitCode);
    }

    [Fact]
    public async Task An_install_that_was_killed_and_a_lock_of_a_stopped_process_are_named()
    {
        string name = Container.NewName();

        // One of the last steps takes the intent away. What is pulled already needs as many steps each time.
        await _host.ShellAsync(
            $"""
            sysctr pull probe
            SYSCTR_FAULT=trace:/root/trace sysctr install --name {name} probe
            sysctr uninstall --purge {name}
            for step in $(seq $(wc -l </root/trace) -1 1); do
                SYSCTR_FAULT=kill:$step sysctr install --name {name} probe || true
                ls /var/lib/sysctr/transactions/*.json && exit 0
                sysctr uninstall --purge {name} || true
            done
            exit 1
            """
        );
        CommandResult cut = await _host.SysctrAsync("doctor");
        Assert.Equal(1, cut.ExitCode);
        Assert.Contains($"an install of {name} was cut off", cut.Output, StringComparison.Ordinal);
        Assert.Contains("'sysctr recover'", cut.Output, StringComparison.Ordinal);

        (await _host.SysctrAsync("recover")).MustSucceed();
        string held = (
            await _host.ShellAsync(
                $"""
                (exec flock --no-fork /var/lib/sysctr/locks/{name}.lock sleep 60) >/dev/null 2>&1 &
                while [ "$(cat /proc/$!/comm)" != sleep ]; do sleep 0.05; done
                kill -STOP $!
                until grep -q '^State:.T' /proc/$!/status; do sleep 0.05; done
                sysctr doctor || echo "it ended with $?"
                kill -KILL $!
                """
            )
        );
        Assert.DoesNotContain("was cut off", held, StringComparison.Ordinal);
        Assert.Contains($"warning  locks          '{name}': locked by sleep", held, StringComparison.Ordinal);
        Assert.Contains("kill -CONT", held, StringComparison.Ordinal);
        Assert.DoesNotContain("it ended with", held, StringComparison.Ordinal);
        await _host.SysctrAsync("uninstall", "--purge", name);
    }

    [Fact]
    public async Task An_install_says_once_that_its_runtime_has_holes_until_the_distribution_mends_them()
    {
        string first = Container.NewName();
        string second = Container.NewName();
        CommandResult install = (await _host.SysctrAsync("install", "--name", first, "probe")).MustSucceed();
        string warning = Assert.Single(
            install.Error.Split('\n'),
            l => l.Contains("known holes", StringComparison.Ordinal)
        );
        Assert.StartsWith("warning: /usr/bin/runc 1.1.5", warning, StringComparison.Ordinal);
        Assert.Contains(
            "CVE-2025-31133, CVE-2025-52565, CVE-2025-52881, CVE-2026-41579",
            warning,
            StringComparison.Ordinal
        );

        await _host.ShellAsync($"cp -p {Changelog} /root/changelog.gz");
        try
        {
            await _host.ShellAsync(
                $"(echo 'runc (1.1.5+ds1-1+deb12u2) bookworm-security; urgency=high'; echo; echo '  * CVE-2024-45310, CVE-2025-31133, CVE-2025-52565, CVE-2025-52881, CVE-2026-41579'; "
                    + $"echo; echo ' -- A Maintainer <a@example.org>  Sat, 28 Nov 2026 00:00:00 +0000'; echo; zcat /root/changelog.gz) | gzip >{Changelog}"
            );
            CommandResult mended = (await _host.SysctrAsync("install", "--name", second, "probe")).MustSucceed();
            Assert.DoesNotContain("known holes", mended.Error, StringComparison.Ordinal);
            CommandResult doctor = await _host.SysctrAsync("doctor");
            Assert.Contains("ok       runtime        /usr/bin/runc 1.1.5", doctor.Output, StringComparison.Ordinal);
        }
        finally
        {
            await _host.ShellAsync($"cp -p /root/changelog.gz {Changelog}");
            await _host.SysctrAsync("uninstall", "--purge", first, second);
        }
    }

    [Fact]
    public async Task Who_is_not_root_gets_a_page_that_says_what_it_lacks()
    {
        CommandResult result = await _host.RunAsync(
            "setpriv",
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
            "sysctr",
            "doctor"
        );

        Assert.Equal(0, result.ExitCode);
        Assert.Contains("unknown  store", result.Output, StringComparison.Ordinal);
        Assert.Contains("> call it as root", result.Output, StringComparison.Ordinal);
        Assert.Contains("warning  runtime", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("runc")]
    [InlineData("crun")]
    public async Task A_host_without_a_profile_filters_all_the_same(string runtime)
    {
        Assert.Equal(
            "",
            await _host.ShellAsync(
                "ls /etc/containers/seccomp.json /usr/share/containers/seccomp.json 2>/dev/null || true"
            )
        );

        await using Container container = await Container.InstallAsync(_host, "probe", "--runtime", runtime, "--now");

        Assert.Equal(
            "Seccomp:\t2\n",
            await _host.ShellAsync($"grep Seccomp: /proc/{await container.MainProcessAsync()}/status")
        );
    }
}
