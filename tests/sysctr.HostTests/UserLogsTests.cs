// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>The journal gives a user what the container's root wrote; of the rest <c>logs</c> says that it is
/// there.</summary>
[Collection(UserHost.Name)]
public sealed class UserLogsTests(NspawnFixture fixture)
{
    private readonly NspawnHost _host = fixture.Host;

    [Fact]
    public async Task Logs_say_what_the_user_may_not_see()
    {
        TestUser user = await TestUser.AddAsync(_host);
        await user.MustAsync("install", "--now", "probe-owners");
        await _host.EventuallyAsync(
            $"journalctl _SYSTEMD_USER_UNIT=probe-owners.service _SYSTEMD_OWNER_UID={user.Uid} --output=cat | grep -qx uid=33",
            TimeSpan.FromMinutes(3)
        );

        CommandResult own = await user.MustAsync("logs", "probe-owners");
        await _host.ShellAsync($"usermod --append --groups systemd-journal {user.Name}");
        CommandResult all = await user.MustAsync("logs", "probe-owners");
        CommandResult few = await user.MustAsync("logs", "-n", "1", "probe-owners");

        Assert.Contains("Started probe-owners.service", own.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("uid=33", own.Output, StringComparison.Ordinal);
        Assert.Contains($"usermod --append --groups systemd-journal {user.Name}", own.Error, StringComparison.Ordinal);
        Assert.Contains("uid=33", all.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("systemd-journal", all.Error, StringComparison.Ordinal);
        Assert.Single(
            few.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries),
            line => !line.StartsWith("-- ", StringComparison.Ordinal)
        );
        await user.MustAsync("uninstall", "--purge", "probe-owners");
    }

    /// <summary>As images of nginx and httpd do, whose log files are links to /dev/stdout.</summary>
    [Fact]
    public async Task What_is_written_to_a_path_is_told_as_the_containers()
    {
        TestUser user = await TestUser.AddAsync(_host);
        string[] install =
        [
            "install",
            "--now",
            "--log-pipe",
            "yes",
            "--entrypoint",
            "[\"/bin/sh\", \"-c\"]",
            "--stop-signal",
            "KILL",
            "probe",
            "--",
        ];
        await user.MustAsync([.. install, "echo by path >/dev/stdout; exec sleep 1000"]);
        await _host.EventuallyAsync(
            $"journalctl _SYSTEMD_OWNER_UID={user.Uid} --output=cat | grep -qx 'by path'",
            TimeSpan.FromMinutes(3)
        );
        CommandResult said = await user.MustAsync("logs", "probe");
        await user.MustAsync("uninstall", "--purge", "probe");

        // Who takes the words to the journal may be slower than the payload's end.
        await user.ShellAsync(
            "mkdir -p ~/.config/systemd/user/sysctr-log-.service.d; printf '[Service]\\nExecStartPre=sleep 0.5\\n' > ~/.config/systemd/user/sysctr-log-.service.d/late.conf; systemctl --user daemon-reload"
        );
        CommandResult failed = await user.SysctrAsync([
            .. install[..2],
            "--settle",
            "30",
            .. install[2..],
            "echo the reason >/dev/stderr; exit 3",
        ]);
        await user.MustAsync("uninstall", "--purge", "probe");

        Assert.Contains("by path", said.Output, StringComparison.Ordinal);
        Assert.Equal(11, failed.ExitCode);
        Assert.Contains("the reason", failed.Error, StringComparison.Ordinal);
    }
}
