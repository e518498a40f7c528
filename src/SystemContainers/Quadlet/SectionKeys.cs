// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Quadlet.Syntax;

namespace SystemContainers.Quadlet;

/// <summary>Reads the section of a file that is no container: each key is known, known and refused, or a
/// fault.</summary>
static class SectionKeys
{
    private static readonly string[] s_everywhere = ["ContainersConfModule", "GlobalArgs", "PodmanArgs"];

    /// <summary>Checks the keys and sections of a file.</summary>
    /// <param name="unit">The file.</param>
    /// <param name="section">Its own section.</param>
    /// <param name="known">Keys that are taken.</param>
    /// <param name="refused">Keys that can't be had, and why.</param>
    /// <param name="faults">Gets what is neither.</param>
    public static void Check(
        QuadletUnit unit,
        string section,
        IReadOnlyCollection<string> known,
        IReadOnlyDictionary<string, string> refused,
        QuadletFaults faults
    )
    {
        foreach (QuadletLine line in unit.Lines.Where(l => l.Value.Text.Length > 0))
        {
            if (line.Section != section)
            {
                CheckOther(unit, line, faults);
            }
            else if (refused.TryGetValue(line.Key, out string? why))
            {
                faults.Add(line.Value.Place, $"{line.Key}=: {why}", "leave the key out");
            }
            else if (s_everywhere.Contains(line.Key, StringComparer.Ordinal))
            {
                faults.Add(line.Value.Place, $"{line.Key}=: there is no podman to give it to", "leave the key out");
            }
            else if (!known.Contains(line.Key, StringComparer.Ordinal))
            {
                faults.Add(line.Value.Place, $"{line.Key}= is no key of [{section}]", KeyGuess.Among(known, line.Key));
            }
        }
    }

    /// <summary>Whether a value says yes.</summary>
    public static bool IsYes(QuadletValue? value) =>
        value?.Text.ToLowerInvariant() is "1" or "yes" or "true" or "on" or "y" or "t";

    /// <summary>These files have no unit of their own here; what a unit would be told has no place.</summary>
    private static void CheckOther(QuadletUnit unit, QuadletLine line, QuadletFaults faults)
    {
        if (line.Section is "Unit" or "Service" or "Install" or "Quadlet")
        {
            faults.Note(
                line.Value.Place,
                $"[{line.Section}] {line.Key}=: a .{unit.Type} file has no unit here; what it declares is there before the containers that name it"
            );
        }
        else if (!line.Section.StartsWith("X-", StringComparison.Ordinal) || line.Section == ContainerKeys.Ours)
        {
            faults.Add(line.Value.Place, $"[{line.Section}] is no section of a .{unit.Type} file");
        }
    }
}
