// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Bench.Report;

namespace SystemContainers.Bench.Rows;

/// <summary>What is installed, where much is: offline, so that it is our own time and not systemd's.</summary>
sealed class ListRow(string verb) : Row(verb, $"{verb} of 1 000 containers, offline", "s", 0.050)
{
    private const int Wanted = 1000;

    /// <inheritdoc/>
    protected override async Task<(double Value, IReadOnlyList<Sample> Samples, string Note)> MeasureAsync(BenchRun run)
    {
        int count = Wanted / run.Scale;
        await using Offline offline = await Offline.CreateHostAsync();
        await ManyContainers.InstallAsync(run, offline, 1, count);
        string command = Name == "info" ? $"info c{count}" : Name;
        IReadOnlyList<Sample> samples = await Contest.RunAsync(
            run.Here,
            [new($"sysctr {Name}", "true", $"{Offline.Sysctr} {command} --root {offline.Root}", IsCold: false)],
            run.Rounds
        );
        return (samples[0].Wall, samples, $"{count} containers");
    }
}
