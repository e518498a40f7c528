// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.TestBed;

namespace SystemContainers.Bench.Report;

/// <summary>The newest outcome of each row, as JSON in the cache: a row that was not run keeps what it had.</summary>
static class OutcomeBook
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>Where it is.</summary>
    public static string Place { get; } = Path.Combine(Workspace.CacheRoot, "bench.json");

    /// <summary>What there is.</summary>
    public static IReadOnlyList<Outcome> Read() =>
        File.Exists(Place) ? JsonSerializer.Deserialize<Outcome[]>(File.ReadAllText(Place), s_json)! : [];

    /// <summary>Takes an outcome in.</summary>
    public static void Add(Outcome outcome) => Write(Place, [.. Read().Where(o => o.Row != outcome.Row), outcome]);

    /// <summary>Writes outcomes to a file.</summary>
    public static void Write(string file, IEnumerable<Outcome> outcomes) =>
        File.WriteAllText(
            file,
            JsonSerializer.Serialize(outcomes.OrderBy(o => o.Row, StringComparer.Ordinal), s_json) + "\n"
        );
}
