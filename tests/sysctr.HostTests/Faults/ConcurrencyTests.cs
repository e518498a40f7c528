// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.Text.Json;
using SystemContainers.TestBed;
using Xunit;

namespace SystemContainers.HostTests.Faults;

/// <summary>Many sysctr at once on a booted host: no deadlock, no lost update, nothing removed that somebody counts
/// on.</summary>
public sealed class ConcurrencyTests(SweepHost host) : IClassFixture<SweepHost>
{
    private const int Processes = 64;

    [Theory]
    [InlineData(3, 1, 0)]
    [InlineData(3, 2, 40)]
    public async Task Sixty_four_at_once_leave_what_each_of_them_said(int rounds, int seed, int killsPerCent)
    {
        CommandResult run = await host.Host.RunAsync(
            ["python3", SweepHost.Script("storm.py"), $"{Processes}", $"{rounds}", $"{seed}", $"{killsPerCent}"],
            TimeSpan.FromMinutes(15)
        );
        using JsonDocument result = JsonDocument.Parse(run.MustSucceed().Output);
        JsonElement root = result.RootElement;
        await Console.Out.WriteLineAsync(
            $"storm: {root.GetProperty("processes")} processes, {Processes} at once, {root.GetProperty("waited")} waited, "
                + $"{root.GetProperty("killed")} killed, exit codes {root.GetProperty("codes")}, {root.GetProperty("seconds")} s"
        );

        string[] failures = [.. root.GetProperty("failures").EnumerateArray().Select(f => f.GetString()!)];
        Assert.True(failures.Length == 0, string.Join('\n', failures.Take(10)));
        Assert.InRange(root.GetProperty("waited").GetInt32(), 1, int.MaxValue);
        Assert.True((killsPerCent > 0) == (root.GetProperty("killed").GetInt32() > 0));
    }

    [Fact]
    public async Task Who_waits_for_a_lock_says_so_and_gives_up_after_the_time_that_it_was_given()
    {
        (
            await host.Host.SysctrAsync(
                "install",
                "--name",
                "held",
                "--system-package=absent",
                "oci:/srv/tiny-1:latest"
            )
        ).MustSucceed();
        await host.Host.ShellAsync(
            "systemd-run --quiet --unit=holder flock /var/lib/sysctr/locks/held.lock sleep infinity"
        );
        await host.Host.EventuallyAsync(
            "! flock --nonblock /var/lib/sysctr/locks/held.lock true",
            TimeSpan.FromMinutes(1)
        );

        Stopwatch watch = Stopwatch.StartNew();
        CommandResult result = await host.Host.SysctrAsync("--lock-timeout", "2", "uninstall", "held");
        watch.Stop();
        CommandResult atOnce = await host.Host.SysctrAsync("uninstall", "--lock-timeout", "0", "held");
        await host.Host.ShellAsync("systemctl stop holder");
        CommandResult after = await host.Host.SysctrAsync("uninstall", "held");

        Assert.Equal(15, result.ExitCode);
        Assert.Contains("waiting for another sysctr that works on 'held'", result.Error, StringComparison.Ordinal);
        Assert.Contains("another sysctr held it for 2 s", result.Error, StringComparison.Ordinal);
        Assert.InRange(watch.Elapsed.TotalSeconds, 2, 50);
        Assert.Equal(15, atOnce.ExitCode);
        after.MustSucceed();
    }
}
