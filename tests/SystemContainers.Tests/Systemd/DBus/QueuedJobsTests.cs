// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using SystemContainers.Linux.Native;
using SystemContainers.Systemd.DBus;
using Tmds.DBus.Protocol;
using Xunit;

namespace SystemContainers.Tests.Systemd.DBus;

/// <summary>By which calls jobs are queued, on a bus of dbus-daemon(1). That a real systemd 262 does as told is for
/// whoever runs SystemdContractTests on one.</summary>
[Trait("needs", "programs")]
public sealed class QueuedJobsTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("sysctr-bus-").FullName;

    [Theory]
    [InlineData("252.39-1~deb12u2", true, "StartUnit a.service|StartUnit b.service|RestartUnit c.service")]
    [InlineData("261.9", true, "StartUnit a.service|StartUnit b.service|RestartUnit c.service")]
    [InlineData("262.1-1", true, "EnqueueUnitJobMany a.service b.service: start replace 0|RestartUnit c.service")]
    [InlineData(
        "262~rc1",
        false,
        "unknown EnqueueUnitJobMany|StartUnit a.service|StartUnit b.service|RestartUnit c.service"
    )]
    public async Task Neighbours_of_one_type_are_one_call_where_systemd_has_it(
        string version,
        bool hasMany,
        string calls
    )
    {
        string address = $"unix:path={_directory}/bus";
        using Process daemon = Process.Start(
            new ProcessStartInfo(
                "dbus-daemon",
                ["--session", "--nofork", "--nopidfile", "--address=" + address, "--print-address"]
            )
            {
                RedirectStandardOutput = true,
                UseShellExecute = false,
            }
        )!;
        try
        {
            _ = await daemon.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
            using DBusConnection bus = new(address);
            await bus.ConnectAsync();
            FakeManager manager = new(bus, version, hasMany);
            bus.AddMethodHandler(manager);
            await bus.RequestNameAsync("org.freedesktop.systemd1", RequestNameOptions.None);
            using SystemdBus systemd = new(user: null, [new SystemdAddress(address, Libc.geteuid())]);

            await systemd.StartTogetherAsync(
                ["a.service", "b.service", "c.service"],
                anew: ["c.service"],
                TestContext.Current.CancellationToken
            );

            Assert.Equal(calls.Split('|'), manager.Calls);
        }
        finally
        {
            daemon.Kill();
            await daemon.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);
}
