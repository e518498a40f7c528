// SPDX-License-Identifier: Apache-2.0

using SystemContainers.TestBed;

namespace SystemContainers.TestAll;

/// <summary>
/// Runs few failed tests again, each suite's by themselves: on a machine that others keep busy one of thousands may
/// have met a time-out, and says nothing of the change that is tested. One that holds then counts as passed, and is
/// named with what it said the first time, for somebody has to look. One that looks for faults by chance, where a
/// failure in a thousand is the fault that was looked for, is believed the first time.
/// </summary>
static class SecondChance
{
    /// <summary>More that fail together have a cause of their own.</summary>
    private const int Most = 2;

    /// <summary>Of the whole name: sweeps of every step, power cuts, fuzzers, random input.</summary>
    private static readonly string[] s_believed =
    [
        ".Faults.",
        ".MachineTests.",
        ".Fuzz.",
        "FaultTests.",
        "PropertyTests.",
        "OracleTests.",
    ];

    /// <summary>What a property test says of the sample that it failed with.</summary>
    private const string Sample = "CsCheck_Seed";

    /// <summary>Runs a suite's failed tests again where they are few.</summary>
    /// <param name="suite">The suite.</param>
    /// <param name="failures">Names and messages.</param>
    /// <returns>Those that hold now; none where one does not.</returns>
    public static async Task<IReadOnlyList<(string Name, string Message)>> GiveAsync(
        TestSuite suite,
        IReadOnlyList<(string Name, string Message)> failures
    )
    {
        if (
            failures.Count is 0 or > Most
            || failures.Any(f =>
                f.Message.Contains(Sample, StringComparison.Ordinal)
                || s_believed.Any(b => f.Name.Contains(b, StringComparison.Ordinal))
            )
        )
        {
            return [];
        }

        Console.WriteLine($"== {suite.Name}: again, alone: {string.Join(", ", failures.Select(f => f.Name))}");
        string folder = Directory.CreateTempSubdirectory("sysctr-tests-").FullName;
        string report = Path.Combine(folder, "again.json");
        int exitCode = await suite.RunAsync(
            report,
            [
                .. failures
                    .Select(f => f.Name.Split('(')[0])
                    .Distinct(StringComparer.Ordinal)
                    .SelectMany(m => new[] { "-method", m }),
            ]
        );
        bool hold = exitCode == 0 && Totals.Read(report) is { Failed: 0 } totals && totals.Passed >= failures.Count;
        await Cache.DeleteAsync(folder);
        return hold ? failures : [];
    }
}
