// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Bench.Report;
using SystemContainers.TestBed;

namespace SystemContainers.Bench.Rows;

/// <summary>A row of contestants on Debian 13, whose number is the wall time of the first, of the second's.</summary>
abstract class PullRow(string name, string title, double bound) : Row(name, title, "times", bound)
{
    /// <summary>Ours, the peer that the target names, and others.</summary>
    protected abstract IReadOnlyList<Contestant> Contestants(BenchRun run);

    /// <inheritdoc/>
    protected override async Task<(double Value, IReadOnlyList<Sample> Samples, string Note)> MeasureAsync(BenchRun run)
    {
        NspawnHost host = await run.TrixieAsync();
        IReadOnlyList<Sample> samples = await Contest.RunAsync(host, Contestants(run), run.Rounds);
        await host.ShellAsync($"{Steps.ClearSysctr}; {Steps.ClearPeers}");
        return (samples[0].Wall / samples[1].Wall, samples, await NoteAsync(host));
    }

    /// <summary>What has to be known with it.</summary>
    protected virtual Task<string> NoteAsync(TestHost host) => Task.FromResult("");
}
