// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Bench.Report;

/// <summary>Outcomes for people: of each row its samples, at last a line for each row with its target.</summary>
static class OutcomeTable
{
    /// <summary>One row with all that was measured.</summary>
    public static void PrintRow(Outcome outcome)
    {
        Console.WriteLine($"\n{outcome.Row}: {outcome.Title}{(outcome.Note.Length > 0 ? $" ({outcome.Note})" : "")}");
        if (outcome.Samples.Count > 0)
        {
            Console.WriteLine($"  {"",-38}{"size",10}{"wall s",9}{"cpu s",9}{"peak MiB",10}   wall from to, runs");
        }

        foreach (Sample s in outcome.Samples)
        {
            Console.WriteLine(
                $"  {s.Contestant,-38}{s.Size,10}{s.Wall,9:0.000}{s.Processor,9:0.000}{s.PeakMib,10:0.0}   {s.WallLeast:0.000} {s.WallMost:0.000}, {s.Runs}"
            );
        }

        Console.WriteLine(Line(outcome));
    }

    /// <summary>A line for each row.</summary>
    public static void PrintAll(IEnumerable<Outcome> outcomes)
    {
        Console.WriteLine();
        foreach (Outcome outcome in outcomes.OrderBy(o => o.Row, StringComparer.Ordinal))
        {
            Console.WriteLine(Line(outcome));
        }
    }

    private static string Line(Outcome o) =>
        $"{o.Row,-18}{o.Value,9:0.000} {o.Unit,-9} target {o.Bound,6:0.###}  {(o.Holds ? "holds " : "missed")}  load {o.Load:0.0}";
}
