// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Bench.Report;
using SystemContainers.TestBed;

namespace SystemContainers.Bench;

/// <summary>Contestants over the same work, taking turns.</summary>
static class Contest
{
    /// <summary>One warm-up turn each, then the rounds; the medians, in the contestants' order.</summary>
    /// <param name="host">Where.</param>
    /// <param name="contestants">Who.</param>
    /// <param name="rounds">How many turns each.</param>
    /// <param name="size">What there was of it, where the row is about growth.</param>
    public static async Task<IReadOnlyList<Sample>> RunAsync(
        TestHost host,
        IReadOnlyList<Contestant> contestants,
        int rounds,
        double? size = null
    )
    {
        List<Measurement>[] runs = [.. contestants.Select(_ => new List<Measurement>())];
        for (int round = 0; round <= rounds; round++)
        {
            for (int i = 0; i < contestants.Count; i++)
            {
                Measurement measurement = await Measurement.TakeAsync(host, contestants[i]);
                if (round > 0)
                {
                    runs[i].Add(measurement);
                }
            }
        }

        return [.. contestants.Select((c, i) => Sample.Of(c.Name, runs[i], size))];
    }
}
