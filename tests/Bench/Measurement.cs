// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using SystemContainers.TestBed;

namespace SystemContainers.Bench;

/// <summary>What one run cost: seconds of wall clock, seconds of processor, and the largest process's memory in
/// KiB.</summary>
sealed record Measurement(double Seconds, double Processor, long PeakKib)
{
    // The clock is the one of the host's python, around GNU time, whose own clock has steps of 10 ms. GNU time is
    // small, so what it reports as peak is the measured program's and not its own. Processor time comes in ticks of 10
    // ms.
    private const string Stopwatch = """
        import os, sys, time
        argv = ["/usr/bin/time", "--quiet", "--format=%M", "--output=/run/bench-peak", "sh", "-euc", sys.argv[1]]
        begin = time.monotonic()
        child = os.posix_spawn(argv[0], argv, os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 1, "/run/bench-output", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), (os.POSIX_SPAWN_DUP2, 1, 2)])
        _, status = os.waitpid(child, 0)
        end = time.monotonic()
        usage = os.times()
        if status:
            sys.stderr.write(open("/run/bench-output").read())
            sys.exit(1)
        print(end - begin, usage.children_user + usage.children_system, open("/run/bench-peak").read().split()[-1])
        """;

    /// <summary>Runs a script on the host; nothing is cached from disk when it begins.</summary>
    public static async Task<Measurement> TakeAsync(TestHost host, Contestant contestant)
    {
        await host.ShellAsync(contestant.Before);
        await host.ShellAsync("sync");
        if (contestant.IsCold)
        {
            await Command.MustAsync("sh", "-euc", "echo 3 > /proc/sys/vm/drop_caches");
        }

        CommandResult measured = await host.RunAsync(
            ["python3", "-c", Stopwatch, contestant.Measured],
            TimeSpan.FromMinutes(30)
        );
        string[] parts = measured.MustSucceed().Output.Split();
        await host.ShellAsync(contestant.After);
        return new Measurement(
            double.Parse(parts[0], CultureInfo.InvariantCulture),
            double.Parse(parts[1], CultureInfo.InvariantCulture),
            long.Parse(parts[2], CultureInfo.InvariantCulture)
        );
    }
}
