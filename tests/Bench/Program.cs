// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using SystemContainers.Bench;
using SystemContainers.Bench.Report;
using SystemContainers.Bench.Rows;
using SystemContainers.Bench.Rows.Memory;
using SystemContainers.TestBed;

// Whole processes, contestants taking turns; what the numbers are about is in the rows.
Row[] all =
[
    new StartRow(),
    new ColdPullRow(),
    new ColdInstallRow(),
    new FirstAnswerRow(),
    new SharedBaseRow(),
    new RebuiltBaseRow(),
    new InStoreRow(),
    new UpdateOneRow(),
    new ResidentRow(),
    new BootRow(),
    new VersionRow(),
    new ListRow("list"),
    new ListRow("info"),
    new BinaryRow(),
    new ColdInstallMemoryRow(),
    new LargeLayerRow(),
    new ManyFilesRow(),
    new ManyLayersRow(),
    new LayersGrowthRow(),
    new FilesGrowthRow(),
    new ContainersGrowthRow(),
    new ObjectsGrowthRow("fsck"),
    new ObjectsGrowthRow("prune"),
];

string? Value(string option) =>
    Array.IndexOf(args, option) is >= 0 and var i && i + 1 < args.Length ? args[i + 1] : null;

if (args.Contains("--list"))
{
    foreach (Row row in all)
    {
        Console.WriteLine($"{row.Name,-18}{row.Title}");
    }

    return 0;
}

string[] wanted =
    Value("--rows")?.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries) ?? [.. all.Select(r => r.Name)];
if (wanted.Except(all.Select(r => r.Name)).ToArray() is [_, ..] unknown)
{
    Console.Error.WriteLine(
        $"no row is called {string.Join(", ", unknown)}; there are {string.Join(' ', all.Select(r => r.Name))}"
    );
    return 64;
}

await Packages.EnsureAsync();
int failures = 0;
await using (
    BenchRun run = new()
    {
        Rounds = int.Parse(Value("--rounds") ?? "5", CultureInfo.InvariantCulture),
        Scale = int.Parse(Value("--scale") ?? "10", CultureInfo.InvariantCulture),
        InstallOptions = Value("--checkout") is { } form ? $" --checkout {form}" : "",
    }
)
{
    foreach (Row row in all.Where(r => wanted.Contains(r.Name)))
    {
        BenchRun.Say(row.Name);
        try
        {
            Outcome outcome = await row.RunAsync(run);
            OutcomeBook.Add(outcome);
            OutcomeTable.PrintRow(outcome);
        }
        catch (Exception e) when (e is CommandFailedException or TimeoutException)
        {
            // The other rows are worth having.
            Console.Error.WriteLine($"{row.Name}: {e.Message}");
            failures++;
        }
    }
}

IReadOnlyList<Outcome> outcomes = OutcomeBook.Read();
OutcomeTable.PrintAll(outcomes);
if (Value("--docs") is { } docs)
{
    Directory.CreateDirectory(Path.Combine(docs, "bench"));
    OutcomeBook.Write(Path.Combine(docs, "bench.json"), outcomes);
    foreach (Outcome outcome in outcomes)
    {
        if (Chart.Of(outcome) is { } picture)
        {
            File.WriteAllText(Path.Combine(docs, "bench", outcome.Row + ".svg"), picture);
        }
    }
}

return failures == 0 ? 0 : 1;
