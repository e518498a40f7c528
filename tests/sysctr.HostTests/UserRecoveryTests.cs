// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>What a user's systemd does by itself: it ends what a crash has left before containers start, and updates at
/// night.</summary>
[Collection(UserHost.Name)]
public sealed class UserRecoveryTests(NspawnFixture fixture)
{
    private const string Second = "config['Env'] = config.get('Env', []) + ['VERSION=2']";

    private readonly NspawnHost _host = fixture.Host;

    /// <summary>An operation, the first step of that kind in it, how many steps after that it is cut, and the
    /// deployment that is there afterwards.</summary>
    public static TheoryData<string, string, int, string> Cuts =>
        new()
        {
            { "update", "Reload", 0, "0" },
            { "update", "RestartUnit", 6, "1" },
            { "uninstall", "StopUnit", 2, "" },
            { "install", "Reload", 1, "" },
        };

    [Theory]
    [MemberData(nameof(Cuts))]
    public async Task A_crash_is_recovered_from_before_anything_starts(
        string operation,
        string call,
        int after,
        string deployment
    )
    {
        TestUser user = await KillAsync(u => BeginAsync(u, operation), call, after);
        await RestartAsync(user);

        Assert.Equal("", await user.ShellAsync($"find {user.Store}/transactions {user.Store}/staging -mindepth 1"));
        Assert.Equal("success", await user.PropertyAsync("sysctr-recover.service", "Result"));
        Assert.Equal(
            deployment,
            (await user.ShellAsync($"readlink {user.Store}/deployments/probe/current || true")).Trim()
        );
        Assert.Equal(deployment == "" ? "not-found" : "loaded", await user.PropertyAsync("probe.service", "LoadState"));
        if (deployment != "")
        {
            Assert.Equal("active", await user.PropertyAsync("probe.service", "ActiveState"));
            Assert.Equal("no", await user.PropertyAsync("probe.service", "NeedDaemonReload"));
            Assert.Equal(
                $"{user.Store}/deployments/probe/{deployment}",
                await user.PropertyAsync("probe.service", "WorkingDirectory")
            );
            Assert.InRange(await RecoveredAtAsync(user), 1, await StartedAtAsync(user, "probe.service"));
        }

        await user.MustAsync("fsck");
    }

    [Fact]
    public async Task Sockets_wait_for_it_too()
    {
        TestUser user = await KillAsync(
            async u =>
            {
                await u.MustAsync(
                    "install",
                    "--now",
                    "--name",
                    "probe",
                    "--set",
                    $"SOCKET={u.RunDirectory}/probe.sock",
                    "probe-socket"
                );
                return ["update", "--set", $"SOCKET={u.RunDirectory}/other.sock", "probe"];
            },
            "Reload",
            0
        );

        await RestartAsync(user);

        Assert.Equal("", await user.ShellAsync($"ls {user.Store}/transactions"));
        Assert.InRange(await RecoveredAtAsync(user), 1, await StartedAtAsync(user, "probe.socket"));
        Assert.Contains(
            $"{user.RunDirectory}/probe.sock",
            await user.PropertyAsync("probe.socket", "Listen"),
            StringComparison.Ordinal
        );
        await user.ShellAsync($"test -S {user.RunDirectory}/probe.sock && ! test -e {user.RunDirectory}/other.sock");
        await user.MustAsync("uninstall", "--purge", "probe");
    }

    [Fact]
    public async Task Nothing_is_done_for_users_without_leftovers()
    {
        TestUser user = await TestUser.AddAsync(_host, hasRanges: false);
        Assert.Equal("no", await user.PropertyAsync("sysctr-recover.service", "ConditionResult"));

        // Then the store may be anywhere, and the binary itself looks; it needs no subordinate ids for that.
        await user.ShellAsync(
            "systemctl --user set-environment XDG_DATA_HOME=$HOME/data; systemctl --user start sysctr-recover.service"
        );

        Assert.Equal("yes", await user.PropertyAsync("sysctr-recover.service", "ConditionResult"));
        Assert.Equal("success", await user.PropertyAsync("sysctr-recover.service", "Result"));
        Assert.Equal("", await user.ShellAsync("ls -A $HOME | grep -v '^\\.' || true"));
    }

    [Fact]
    public async Task The_timer_updates_what_has_the_policy()
    {
        TestUser user = await TestUser.AddAsync(_host);
        await using RegistryServer registry = await _host.StartMovingRegistryAsync();
        string configuration = $"/etc/containers/registries.conf.d/{user.Name}.conf";
        await _host.ShellAsync(
            $"mkdir -p {Path.GetDirectoryName(configuration)}; printf '[[registry]]\\nlocation = \"{TestHost.MovingRegistry}\"\\ninsecure = true\\n' > {configuration}"
        );
        string name = $"agent-of-{user.Name}";
        await PushAsync(registry, "legacy-agent", name);
        await user.MustAsync(
            "install",
            "--now",
            "--name",
            "agent",
            "--set",
            "ADDRESS=here",
            "--system-package",
            "absent",
            "--auto-update",
            "registry",
            $"{TestHost.MovingRegistry}/{name}"
        );
        await PushAsync(registry, "legacy-agent-v2", name);
        Assert.Equal(
            "disabled",
            (
                await user.RunAsync(
                    "env",
                    $"XDG_RUNTIME_DIR={user.RunDirectory}",
                    "systemctl",
                    "--user",
                    "is-enabled",
                    "sysctr-update.timer"
                )
            ).Output.Trim()
        );

        // Three o'clock is far: the same timer, in a second.
        await user.ShellAsync(
            """
            mkdir -p .config/systemd/user/sysctr-update.timer.d
            printf '[Timer]\nOnCalendar=\nRandomizedDelaySec=0\nOnActiveSec=1s\nAccuracySec=100ms\n' > .config/systemd/user/sysctr-update.timer.d/now.conf
            systemctl --user daemon-reload
            systemctl --user enable --now sysctr-update.timer
            """
        );

        await _host.EventuallyAsync(
            $"test \"$(readlink {user.Store}/deployments/agent/current)\" = 1",
            TimeSpan.FromMinutes(3)
        );
        await _host.EventuallyAsync(
            $"test \"$({user.Systemctl("is-active sysctr-update.service")})\" = inactive",
            TimeSpan.FromMinutes(3)
        );
        Assert.Equal("success", await user.PropertyAsync("sysctr-update.service", "Result"));
        Assert.Equal("active", await user.PropertyAsync("agent.service", "ActiveState"));
        Assert.Matches("timer +update .*done", (await user.MustAsync("history", "agent", "--last", "1")).Output);
        await user.MustAsync("uninstall", "--purge", "agent");
        await _host.ShellAsync($"rm {configuration}");
    }

    [Fact]
    public async Task The_units_are_valid()
    {
        TestUser user = await TestUser.AddAsync(_host);

        await user.ShellAsync(
            "cd /usr/lib/systemd/user; systemd-analyze --user verify --man=no sysctr-recover.service sysctr-update.service sysctr-update.timer sysctr-netns.service sysctr-uplink.service"
        );
    }

    /// <summary>The state in which an operation begins, its container running; gives the words for it.</summary>
    private async Task<string[]> BeginAsync(TestUser user, string operation)
    {
        ChangedImage image = await ChangedImage.MakeAsync(_host, "pass");
        if (operation == "install")
        {
            // Its layers first: they are unpacked side by side, in a few steps more or less.
            await user.MustAsync("pull", image.Reference);
            return [operation, "--name", "probe", image.Reference];
        }

        await user.MustAsync("install", "--now", "--name", "probe", image.Reference);
        await image.BecomeAsync(Second);
        return [operation, "probe"];
    }

    /// <summary>Has a user whose call was killed at a step.</summary>
    /// <param name="begin">Makes the state in which the call begins, and gives its words.</param>
    /// <param name="call">The first step of this kind.</param>
    /// <param name="after">How many steps after that.</param>
    private async Task<TestUser> KillAsync(Func<TestUser, Task<string[]>> begin, string call, int after)
    {
        // A whole run first, by somebody else, to know the steps.
        TestUser first = await TestUser.AddAsync(_host);
        (
            await first.RunAsync([
                "env",
                $"SYSCTR_FAULT=trace:{first.Home}/trace",
                "sysctr",
                "--user",
                .. await begin(first),
            ])
        ).MustSucceed();
        string line = await first.ShellAsync($"grep -m 1 ' {call}$' trace");
        int step = int.Parse(line.Split(' ')[0], CultureInfo.InvariantCulture) + after;
        TestUser user = await TestUser.AddAsync(_host);

        CommandResult killed = await user.RunAsync([
            "env",
            $"SYSCTR_FAULT=kill:{step}",
            "sysctr",
            "--user",
            .. await begin(user),
        ]);

        Assert.Equal(137, killed.ExitCode);
        Assert.NotEqual("", await user.ShellAsync($"ls {user.Store}/transactions"));
        return user;
    }

    private async Task RestartAsync(TestUser user)
    {
        await _host.MustAsync("systemctl", "restart", $"user@{user.Uid}.service");
        await _host.EventuallyAsync(
            $"{user.Systemctl("is-active default.target")} | grep -qx active",
            TimeSpan.FromMinutes(3)
        );
    }

    private static async Task<long> RecoveredAtAsync(TestUser user) =>
        long.Parse(
            await user.PropertyAsync("sysctr-recover.service", "ExecMainExitTimestampMonotonic"),
            CultureInfo.InvariantCulture
        );

    private static async Task<long> StartedAtAsync(TestUser user, string unit) =>
        long.Parse(await user.PropertyAsync(unit, "InactiveExitTimestampMonotonic"), CultureInfo.InvariantCulture);

    private static async Task PushAsync(RegistryServer registry, string image, string name) =>
        await registry.PushAsync(
            await ImageBuilder.BuildAsync(new ImageSource(image)),
            ImageBuilder.Tag,
            name + ":latest"
        );
}
