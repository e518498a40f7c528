// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Bench.Report;

/// <summary>Medians of one contestant's runs.</summary>
/// <param name="Contestant">Who.</param>
/// <param name="Size">What there was of it, where the row is about growth; else null.</param>
/// <param name="Wall">Seconds.</param>
/// <param name="WallLeast">The fastest run's.</param>
/// <param name="WallMost">The slowest run's.</param>
/// <param name="Processor">Seconds, of all processes.</param>
/// <param name="PeakMib">The largest process's memory.</param>
/// <param name="Runs">How many there were.</param>
sealed record Sample(
    string Contestant,
    double? Size,
    double Wall,
    double WallLeast,
    double WallMost,
    double Processor,
    double PeakMib,
    int Runs
)
{
    /// <summary>The medians of runs.</summary>
    public static Sample Of(string contestant, IReadOnlyCollection<Measurement> runs, double? size = null) =>
        new(
            contestant,
            size,
            Middle(runs.Select(r => r.Seconds)),
            runs.Min(r => r.Seconds),
            runs.Max(r => r.Seconds),
            Middle(runs.Select(r => r.Processor)),
            Middle(runs.Select(r => r.PeakKib / 1024.0)),
            runs.Count
        );

    private static double Middle(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
