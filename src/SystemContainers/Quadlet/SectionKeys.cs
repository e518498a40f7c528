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
    /// <param name="lists">Those of them of which each value counts.</param>
    /// <param name="refused">Keys that can't be had, and why.</param>
    /// <param name="faults">Gets what is neither.</param>
    public static void Check(
        QuadletUnit unit,
        string section,
        IReadOnlyCollection<string> known,
        IReadOnlyCollection<string> lists,
        IReadOnlyDictionary<string, string> refused,
        QuadletFaults faults
    )
    {
        foreach (string key in known.Except(lists, StringComparer.Ordinal))
        {
            RefuseTwice(unit, section, key, faults);
        }

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

    /// <summary>Whether a key of the section says yes; unsaid it does not, and what is neither is a fault.</summary>
    public static bool Yes(QuadletUnit unit, string section, string key, QuadletFaults faults) =>
        unit.Last(section, key) is { Text.Length: > 0 } value && Yes(value, key, faults);

    /// <summary>Whether a value says yes; what says neither yes nor no is a fault.</summary>
    public static bool Yes(QuadletValue value, string key, QuadletFaults faults)
    {
        switch (value.Text.ToLowerInvariant())
        {
            case "1" or "yes" or "true" or "on" or "y" or "t":
                return true;
            case "0" or "no" or "false" or "off" or "n" or "f":
                return false;
            default:
                faults.Add(value.Place, $"{key}={value.Text}: it is yes or no");
                return false;
        }
    }

    /// <summary>Once is meant, and one of the two is not what counts: in one file that is a mistake. A drop-in says it
    /// anew, and an empty value forgets what stands before it.</summary>
    public static void RefuseTwice(QuadletUnit unit, string section, string key, QuadletFaults faults)
    {
        foreach (
            IGrouping<string, QuadletLine> file in unit.Of(section)
                .Where(l => l.Key == key)
                .GroupBy(l => l.Value.Place.File, StringComparer.Ordinal)
        )
        {
            QuadletLine[] all = [.. file];
            QuadletLine[] said = all[(Array.FindLastIndex(all, l => l.Value.Text.Length == 0) + 1)..];
            if (said.Length > 1)
            {
                faults.Add(
                    said[^1].Value.Place,
                    $"{key}= stands in line {said[0].Value.Place.Line}, too, and counts once",
                    "leave one of the two out"
                );
            }
        }
    }

    /// <summary>These files have no unit of their own here; what a unit would be told has no place.</summary>
    private static void CheckOther(QuadletUnit unit, QuadletLine line, QuadletFaults faults)
    {
        if (line is { Section: "Unit", Key: "Description" or "Documentation" } or { Section: "Install" } || Waits(line))
        {
            // Of a unit that there is none of, it takes nothing away.
            return;
        }

        if (line.Section is "Unit" or "Service" or "Quadlet")
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

    /// <summary>Networks are made when a container starts, and images fetched when files are applied: both with the
    /// network that is there then.</summary>
    private static bool Waits(QuadletLine line) =>
        line is { Section: "Unit", Key: "After" or "Wants" or "Requires" }
        && line.Value.Text.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .All(u => u is "network-online.target" or "network.target");
}
