// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Bench.Report;

namespace SystemContainers.Bench.Rows;

/// <summary>How the processor time of one thing grows with what there is of it: the exponent of the law that fits
/// best.</summary>
abstract class GrowthRow(string name, string title) : Row(name, title, "exponent", 1.05)
{
    /// <summary>The sizes, from small to large.</summary>
    protected abstract IEnumerable<int> Sizes(BenchRun run);

    /// <summary>Makes so much of it, in a root that has the size before.</summary>
    protected abstract Task<Contestant> PrepareAsync(BenchRun run, Offline offline, int size);

    /// <summary>The root.</summary>
    protected virtual Task<Offline> RootAsync() => Offline.CreateAsync();

    /// <inheritdoc/>
    protected override async Task<(double Value, IReadOnlyList<Sample> Samples, string Note)> MeasureAsync(BenchRun run)
    {
        List<Sample> samples = [];
        await using Offline offline = await RootAsync();
        foreach (int size in Sizes(run))
        {
            BenchRun.Say($"  {size}");
            Contestant contestant = await PrepareAsync(run, offline, size);
            samples.AddRange(await Contest.RunAsync(run.Here, [contestant], Math.Min(run.Rounds, 3), size));
        }

        return (
            PowerLaw.Fit([.. samples.Select(s => (s.Size!.Value, Math.Max(s.Processor, 0.005)))]).Exponent,
            samples,
            "of processor time"
        );
    }
}
