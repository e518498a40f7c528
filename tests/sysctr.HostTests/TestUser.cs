// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using SystemContainers.TestBed;

namespace SystemContainers.HostTests;

/// <summary>An unprivileged user of a host, made by useradd(8), with subordinate ids and, when it lingers, a
/// systemd.</summary>
sealed record TestUser(NspawnHost Host, string Name, long Uid, long FirstSubordinate)
{
    private static int s_count;

    public string Home => $"/home/{Name}";

    public string Store => $"{Home}/.local/share/sysctr";

    public string RunDirectory => $"/run/user/{Uid}";

    /// <summary>Makes a user that no other test uses.</summary>
    public static async Task<TestUser> AddAsync(NspawnHost host, bool lingers = true, bool hasRanges = true)
    {
        string name = $"user{Interlocked.Increment(ref s_count)}";
        await host.ShellAsync($"useradd --create-home --shell /bin/sh {name}");
        if (!hasRanges)
        {
            await host.ShellAsync($"sed -i /^{name}:/d /etc/subuid /etc/subgid");
        }

        long uid = await NumberAsync(host, $"id -u {name}");
        if (lingers)
        {
            // By a process that the host's systemd has started: ours are in a control group outside of the host, and
            // logind of systemd 257 says EUNATCH to those.
            await host.MustAsync("systemd-run", "--quiet", "--wait", "--collect", "loginctl", "enable-linger", name);
            await host.EventuallyAsync(
                $"test -S /run/user/{uid}/bus && test -S /run/user/{uid}/systemd/private",
                TimeSpan.FromMinutes(3)
            );
        }

        return new TestUser(
            host,
            name,
            uid,
            hasRanges ? await NumberAsync(host, $"grep ^{name}: /etc/subuid | cut -d: -f2") : 0
        );
    }

    /// <summary>Runs a program as the user, with what su(1) would give it and no more.</summary>
    public Task<CommandResult> RunAsync(params string[] command) =>
        Host.RunAsync(
            [
                "setpriv",
                $"--reuid={Name}",
                $"--regid={Name}",
                "--init-groups",
                "--reset-env",
                "env",
                "--chdir",
                Home,
                "LANG=C.UTF-8",
                .. command,
            ],
            TimeSpan.FromMinutes(3)
        );

    /// <summary>Runs <c>sysctr --user</c>.</summary>
    public Task<CommandResult> SysctrAsync(params string[] arguments) => RunAsync(["sysctr", "--user", .. arguments]);

    /// <summary>Runs <c>sysctr --user</c>, which has to succeed.</summary>
    public async Task<CommandResult> MustAsync(params string[] arguments) =>
        (await SysctrAsync(arguments)).MustSucceed();

    /// <summary>Runs a shell script as the user, with a login's variables; it has to succeed.</summary>
    public async Task<string> ShellAsync(string script) =>
        (await RunAsync("env", $"XDG_RUNTIME_DIR={RunDirectory}", "sh", "-euc", script)).MustSucceed().Output;

    /// <summary>A root's shell words that ask the user's systemd.</summary>
    public string Systemctl(string words) =>
        $"runuser -u {Name} -- env XDG_RUNTIME_DIR={RunDirectory} systemctl --user {words}";

    /// <summary>One property of a unit of the user's systemd.</summary>
    public async Task<string> PropertyAsync(string unit, string property) =>
        (await ShellAsync($"systemctl --user show --value --property={property} {unit}")).Trim();

    /// <summary>What the probe told when it started, KEY=VALUE lines.</summary>
    public async Task<Dictionary<string, string>> ReportAsync(string name) =>
        Container.Parse(
            (
                await Host.EventuallyAsync(
                    $"report=$(find {Home}/.local/share/{name} -name report -size +0 | grep .); cat $report",
                    TimeSpan.FromMinutes(3)
                )
            ).Output
        );

    /// <summary>Every file of the user but the store's images.</summary>
    public Task<string> FilesAsync() =>
        Host.ShellAsync(
            $$"""
            find {{Home}} -path '{{Store}}/*' -prune -o -printf '%p %u\n' | sort
            ls -A {{Store}}/deployments {{Store}}/transactions {{Store}}/staging 2>/dev/null || true
            find {{RunDirectory}} -name 'container-*' -o -path '*/runc/*' -o -path '*/crun/*' -o -path '*/sysctr/*' 2>/dev/null
            """
        );

    private static async Task<long> NumberAsync(NspawnHost host, string script) =>
        long.Parse(await host.ShellAsync(script), CultureInfo.InvariantCulture);
}
