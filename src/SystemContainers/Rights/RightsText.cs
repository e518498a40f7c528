// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Rights;

/// <summary>Rights in words for people.</summary>
static class RightsText
{
    /// <summary>More than these few of one class are counted.</summary>
    private const int Shown = 8;

    /// <summary>More than these few of one class are counted in an error.</summary>
    private const int InError = 4;

    private const int Width = 21;

    /// <summary>A line for each class, details behind it; without those that a system container has anyway.</summary>
    /// <param name="name">The container.</param>
    /// <returns>Nothing where there is none to tell.</returns>
    public static IEnumerable<string> Lines(string name, IReadOnlyList<Right> rights)
    {
        Right[] told = [.. rights.Where(r => r.LevelOf() != RightLevel.Usual)];
        return told.Length == 0
            ? []
            : ClassLines(told)
                .Select(l => "  " + l)
                .Prepend($"{name}: it has these rights on the host (sysctr(1), RIGHTS):");
    }

    /// <summary>The same for what an update gained, the usual among it.</summary>
    public static IEnumerable<string> GainedLines(string name, IReadOnlyList<Right> gained) =>
        gained.Count == 0
            ? []
            : ClassLines(gained)
                .Select(l => "  " + l)
                .Prepend($"{name}: it gained these rights on the host (sysctr(1), RIGHTS):");

    /// <summary>A line for each class.</summary>
    public static IEnumerable<string> ClassLines(IReadOnlyList<Right> rights) =>
        rights
            .GroupBy(r => r.Class, StringComparer.Ordinal)
            .Select(g =>
                $"{(g.First().LevelOf() == RightLevel.Dangerous ? "!" : " ")} {g.Key.PadRight(Width)} {Details(g, Shown)}".TrimEnd()
            );

    /// <summary>For an error: classes with their details, in one line.</summary>
    public static string Joined(IReadOnlyList<Right> rights) =>
        string.Join(
            "; ",
            rights.GroupBy(r => r.Class, StringComparer.Ordinal).Select(g => $"{g.Key} {Details(g, InError)}".TrimEnd())
        );

    /// <summary>What to type to grant classes.</summary>
    public static string Options(IEnumerable<string> classes) =>
        string.Join(' ', classes.Distinct(StringComparer.Ordinal).Select(c => "--grant " + c));

    private static string Details(IEnumerable<Right> rights, int most)
    {
        string[] details = [.. rights.Select(r => r.Detail).Where(d => d.Length > 0)];
        return string.Join(", ", details.Take(most))
            + (details.Length > most ? $" and {details.Length - most} more" : "");
    }
}
