// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests;

/// <summary>A container whose unit the administrator confines by a drop-in, with what systemd-analyze security(1)
/// counts; and what is left where that keeps a clean-up from its work.</summary>
[Collection(RunningHost.Name)]
public sealed class SandboxTests(NspawnFixture fixture)
{
    /// <summary>All that an OCI runtime works in, but for what would take from the payload what it needs to be
    /// seen.</summary>
    private const string Settings = """
        PrivateNetwork=yes
        PrivateTmp=yes
        PrivateIPC=yes
        PrivateDevices=yes
        ProtectKernelModules=yes
        ProtectKernelTunables=yes
        ProtectKernelLogs=yes
        ProtectClock=yes
        ProtectHome=yes
        ProtectSystem=strict
        ReadWritePaths=/run /var/lib
        LockPersonality=yes
        MemoryDenyWriteExecute=yes
        CapabilityBoundingSet=~CAP_SYS_PTRACE CAP_SYS_TIME CAP_SYS_MODULE CAP_SYS_BOOT CAP_SYSLOG CAP_MAC_ADMIN CAP_SYS_RAWIO CAP_WAKE_ALARM CAP_LEASE
        KeyringMode=private
        RestrictRealtime=yes
        RestrictSUIDSGID=yes
        SystemCallArchitectures=native
        SystemCallFilter=~@clock @module @raw-io @reboot @swap @cpu-emulation @obsolete
        IPAddressDeny=any
        RemoveIPC=yes
        """;

    private readonly NspawnHost _host = fixture.Host;

    [Theory]
    [InlineData("runc")]
    [InlineData("crun")]
    public async Task A_confined_unit_starts_crashes_restarts_and_stops(string runtime)
    {
        await using Container probe = await Container.InstallAsync(_host, "probe", "--runtime", runtime);

        await ConfineAsync(probe, Settings);
        await probe.StartedAsync("start");
        await _host.ShellAsync(
            $"find /var/lib/{probe.Name} -name report -delete; kill -KILL {await probe.MainProcessAsync()}"
        );
        await probe.WaitForAsync(
            $"test \"$(systemctl show -p NRestarts -p SubState {probe.Service} | sort | tr -d '\\n')\" = NRestarts=1SubState=running",
            "its restart"
        );
        await probe.ReportAsync();
        await probe.StartedAsync("restart");
        await _host.ShellAsync($"find /var/lib/{probe.Name} -name report -delete");
        CommandResult update = (
            await _host.SysctrAsync(
                "update",
                "--settle",
                "1",
                "--runtime",
                runtime == "runc" ? "crun" : "runc",
                probe.Name
            )
        ).MustSucceed();
        await probe.ReportAsync();
        await _host.MustAsync("systemctl", "stop", probe.Service);

        Assert.Contains("updated from deployment 0 to 1, running", update.All, StringComparison.Ordinal);
        Assert.Equal("success", await probe.PropertyAsync("Result"));
        Assert.Equal(
            "",
            await _host.ShellAsync(
                $"ls -d /run/runc/{probe.Name} /run/crun/{probe.Name} /run/sysctr/{probe.Name} 2>/dev/null || true"
            )
        );
    }

    [Fact]
    public async Task What_a_stop_has_left_is_cleared_by_the_next_start_and_a_start_that_can_not_be_says_why()
    {
        await using Container probe = await Container.InstallAsync(_host, "probe");
        await ConfineAsync(probe, "ExecStopPost=");
        for (int i = 0; i < 2; i++)
        {
            await probe.StartedAsync("start");
            await _host.MustAsync("systemctl", "stop", probe.Service);
            Assert.Equal("stopped\n", await _host.ShellAsync($"runc list | awk '$1 == \"{probe.Name}\" {{print $3}}'"));
        }

        await ConfineAsync(probe, "ProtectSystem=strict\nRestart=no");
        CommandResult start = await _host.SysctrAsync("start", probe.Name);

        Assert.Equal(11, start.ExitCode);
        Assert.Contains("ReadWritePaths=/run", start.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", start.Error, StringComparison.Ordinal);
        await ConfineAsync(probe, "");
        await probe.StartedAsync("start");
    }

    private Task<string> ConfineAsync(Container container, string lines) =>
        _host.ShellAsync(
            $"""
            mkdir -p /etc/systemd/system/{container.Service}.d
            cat > /etc/systemd/system/{container.Service}.d/50-local.conf <<'END'
            [Service]
            {lines.ReplaceLineEndings("\n         ")}
            END
            systemctl daemon-reload
            """
        );
}
