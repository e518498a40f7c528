// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;

namespace SystemContainers.TestAll;

/// <summary>How many tests did what.</summary>
sealed record Totals(int Passed, int Failed, int Skipped)
{
    private const int ShownLines = 12;

    public static Totals operator +(Totals a, Totals b) =>
        new(a.Passed + b.Passed, a.Failed + b.Failed, a.Skipped + b.Skipped);

    /// <summary>Reads the summary of a report in the Common Test Report Format; null when there is none.</summary>
    public static Totals? Read(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        using JsonDocument report = JsonDocument.Parse(File.ReadAllText(path));
        JsonElement summary = report.RootElement.GetProperty("results").GetProperty("summary");
        int Count(string name) => summary.GetProperty(name).GetInt32();
        return new Totals(Count("passed"), Count("failed") + Count("other"), Count("skipped"));
    }

    /// <summary>The tests of such a report that took longest, longest first; none when there is none.</summary>
    public static IEnumerable<(string Name, TimeSpan Duration)> Slowest(string path, int count) =>
        Tests(path)
            .Select(t =>
                (t.GetProperty("name").GetString()!, TimeSpan.FromMilliseconds(t.GetProperty("duration").GetDouble()))
            )
            .OrderByDescending(t => t.Item2)
            .Take(count);

    /// <summary>
    /// The tests of such a report that failed, each with the first lines of its message, for of a long run little more
    /// than the end is kept; none when there is no report.
    /// </summary>
    public static IEnumerable<(string Name, string Message)> Failures(string path) =>
        from test in Tests(path)
        where test.GetProperty("status").GetString() is not ("passed" or "skipped")
        let message = test.TryGetProperty("message", out JsonElement text) ? text.GetString() : null
        select (
            test.GetProperty("name").GetString()!,
            string.Join("\n    ", (message ?? "").Split('\n').Take(ShownLines))
        );

    private static JsonElement[] Tests(string path)
    {
        if (!File.Exists(path))
        {
            return [];
        }

        using JsonDocument report = JsonDocument.Parse(File.ReadAllText(path));
        return
        [
            .. report.RootElement.GetProperty("results").GetProperty("tests").EnumerateArray().Select(t => t.Clone()),
        ];
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Passed} passed, {Failed} failed, {Skipped} skipped";
}
