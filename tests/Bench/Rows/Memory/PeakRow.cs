// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Bench.Report;

namespace SystemContainers.Bench.Rows.Memory;

/// <summary>The peak of a pull of a generated image, offline.</summary>
abstract class PeakRow(string name, string title, double bound) : Row(name, title, "MiB", bound)
{
    /// <summary>The image.</summary>
    protected abstract GeneratedLayout Layout(BenchRun run);

    /// <summary>What was made smaller.</summary>
    protected abstract string Scaled(GeneratedLayout layout);

    /// <inheritdoc/>
    protected override async Task<(double Value, IReadOnlyList<Sample> Samples, string Note)> MeasureAsync(BenchRun run)
    {
        GeneratedLayout layout = Layout(run);
        string here = await layout.GetAsync();
        await using Offline offline = await Offline.CreateAsync();
        IReadOnlyList<Sample> samples = await Contest.RunAsync(
            run.Here,
            [new("sysctr pull", offline.Clear, offline.Pull(here))],
            Math.Min(run.Rounds, 3)
        );
        return (samples[0].PeakMib, samples, Scaled(layout));
    }
}
