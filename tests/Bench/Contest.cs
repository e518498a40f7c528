// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;

namespace SystemContainers.Bench;

/// <summary>Contestants over the same work, taking turns; the first one is what the others are compared with.</summary>
sealed class Contest(TestHost host, string title, IReadOnlyList<Contestant> contestants)
{
    private readonly Dictionary<string, List<Measurement>> _runs =
        contestants.ToDictionary(c => c.Name, _ => new List<Measurement>(), StringComparer.Ordinal);

    /// <summary>One warm-up turn each, then the rounds.</summary>
    public async Task RunAsync(int rounds)
    {
        for (int round = 0; round <= rounds; round++)
        {
            foreach (Contestant contestant in contestants)
            {
                Measurement measurement = await Measurement.TakeAsync(host, contestant);
                if (round > 0)
                {
                    _runs[contestant.Name].Add(measurement);
                }
            }
        }
    }

    /// <summary>Medians, and how many times of the first contestant's each is.</summary>
    public void Print()
    {
        Measurement first = Median(contestants[0]);
        Console.WriteLine($"\n{title} ({_runs[contestants[0].Name].Count} runs each, medians; times = of {contestants[0].Name})");
        Console.WriteLine($"{"",-34}{"wall s",9}{"times",8}{"cpu s",9}{"times",8}{"peak MiB",10}{"times",8}   wall from to");
        foreach (Contestant contestant in contestants)
        {
            Measurement m = Median(contestant);
            List<Measurement> runs = _runs[contestant.Name];
            Console.WriteLine(
                $"{contestant.Name,-34}{m.Seconds,9:0.000}{m.Seconds / first.Seconds,8:0.00}"
                + $"{m.Processor,9:0.000}{(first.Processor > 0 ? $"{m.Processor / first.Processor:0.00}" : "-"),8}"
                + $"{m.PeakKib / 1024.0,10:0.0}{(double)m.PeakKib / first.PeakKib,8:0.00}"
                + $"   {runs.Min(r => r.Seconds):0.000} {runs.Max(r => r.Seconds):0.000}");
        }
    }

    private Measurement Median(Contestant contestant)
    {
        List<Measurement> runs = _runs[contestant.Name];
        return new Measurement(
            Middle(runs.Select(r => r.Seconds)), Middle(runs.Select(r => r.Processor)), (long)Middle(runs.Select(r => (double)r.PeakKib)));
    }

    private static double Middle(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
