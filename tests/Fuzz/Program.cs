// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using SystemContainers.Fuzz;
using SystemContainers.Tests.Fuzz.Targets;

// Fuzz --runs N|--minutes N|--input FILE [TARGET...]: documents for each reader of what others wrote, changed on where
// they reach new code. Exits with 1 when one ended in a way that it must not; the document is kept in artifacts/fuzz,
// for --input.
if (Environment.GetEnvironmentVariable(Instrumentation.Marker) is null)
{
    return await Instrumentation.RunInstrumentedAsync(args);
}

Coverage.Begin();
if (args is not [("--runs" or "--minutes" or "--input") and var mode, var value, .. var names])
{
    await Console.Error.WriteLineAsync("Fuzz --runs N|--minutes N|--input FILE [TARGET...]");
    return 2;
}

FuzzTarget[] targets =
[
    .. FuzzTargets.All.Where(t => names.Length == 0 || names.Contains(t.Name, StringComparer.Ordinal)),
];
if (mode == "--input")
{
    string? wrong = targets.Single().Judge(await File.ReadAllBytesAsync(value));
    Console.WriteLine(wrong ?? "nothing is wrong");
    return wrong is null ? 0 : 1;
}

double amount = double.Parse(value, CultureInfo.InvariantCulture);
int faults = 0;
foreach (FuzzTarget target in targets)
{
    // A short run is the same each time; a long one is another each time, and names its seed.
    bool isShort = mode == "--runs";
    int seed = isShort ? 1 : Random.Shared.Next();
    using Session session = new(target, seed);
    Fault? fault = isShort ? session.Run((long)amount) : session.Run(TimeSpan.FromMinutes(amount / targets.Length));
    Console.WriteLine(
        $"{target.Name}: {session.Runs} documents, {session.Corpus} of them kept, {session.Edges} edges, seed {seed}"
    );
    if (fault is not null)
    {
        faults++;
        Console.WriteLine(
            $"{target.Name}: {fault.Why}\n  dotnet run --project tests/Fuzz -c Release -- --input {fault.Keep(target.Name)} {target.Name}"
        );
    }
}

return faults == 0 ? 0 : 1;
