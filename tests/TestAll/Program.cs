// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using SystemContainers.TestAll;
using SystemContainers.TestBed;

// Runs every test project of the solution and ends with one line over all of them, which CI reads.
string reports = Directory.CreateTempSubdirectory("sysctr-tests-").FullName;
Totals all = new(0, 0, 0);
bool broken = false;
List<string> times = [],
    failures = [];
foreach (TestSuite suite in TestSuite.FindAll())
{
    Console.WriteLine($"== {suite.Name}");
    string report = Path.Combine(reports, suite.Name + ".json");
    long began = Stopwatch.GetTimestamp();
    int exitCode = await suite.RunAsync(report, args);
    times.Add($"{suite.Name}: {Stopwatch.GetElapsedTime(began):h\\:mm\\:ss}, of which the slowest:");
    times.AddRange(Totals.Slowest(report, 12).Select(t => $"  {t.Duration:m\\:ss} {t.Name}"));
    (string Name, string Message)[] failed = [.. Totals.Failures(report)];
    IReadOnlyList<(string Name, string Message)> unsteady = await SecondChance.GiveAsync(suite, failed);
    failures.AddRange(
        failed.Select(f =>
            $"{(unsteady.Contains(f) ? "unsteady, passed when it ran again alone" : "failed")}: {f.Name}: {f.Message}"
        )
    );
    Totals? totals = Totals.Read(report);
    // A suite that ended badly without a failed test crashed, or never began: nothing may hide that.
    broken |= totals is null || (exitCode != 0 && totals.Failed == 0);
    totals = totals is null
        ? null
        : totals with
        {
            Passed = totals.Passed + unsteady.Count,
            Failed = totals.Failed - unsteady.Count,
        };
    all += totals ?? new Totals(0, 0, 0);
    Console.WriteLine($"{suite.Name}: {totals?.ToString() ?? "no report"}, exit code {exitCode}");
}

await Cache.DeleteAsync(reports);
times.ForEach(Console.WriteLine);
failures.ForEach(Console.WriteLine);
all = broken ? all with { Failed = all.Failed + 1 } : all;
Console.WriteLine(all);
return all.Failed == 0 && all.Passed > 0 ? 0 : 1;
