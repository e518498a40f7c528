// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Bench.Report;

namespace SystemContainers.Bench;

/// <summary>One target.</summary>
/// <param name="name">By which it is chosen.</param>
/// <param name="title">What is measured, against what.</param>
/// <param name="unit">Of the number that the target is about.</param>
/// <param name="bound">The most that it may be.</param>
abstract class Row(string name, string title, string unit, double bound)
{
    /// <summary>By which it is chosen.</summary>
    public string Name => name;

    /// <summary>What is measured, against what.</summary>
    public string Title => title;

    /// <summary>Measures it.</summary>
    public async Task<Outcome> RunAsync(BenchRun run)
    {
        double load = BenchRun.Load;
        (double value, IReadOnlyList<Sample> samples, string note) = await MeasureAsync(run);
        return new Outcome(name, title, unit, value, bound, samples, note, DateTimeOffset.UtcNow, load);
    }

    /// <summary>The number, what it is from, and what has to be known with it.</summary>
    protected abstract Task<(double Value, IReadOnlyList<Sample> Samples, string Note)> MeasureAsync(BenchRun run);
}
