// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.SystemdText;

namespace SystemContainers.Render;

/// <summary>What a file that declares a container says of its unit.</summary>
static class DeclaredUnit
{
    /// <summary>The section of lines that are for sysctr; systemd passes over it.</summary>
    public const string Ours = "X-Sysctr";

    /// <summary>The key of a line that says of the payload that it tells systemd itself when it is ready.</summary>
    public const string Notify = "Notify";

    /// <summary>The key of a line of config.json's annotation about the unit's variables.</summary>
    public const string Environment = "Environment";

    /// <summary>The key of a line for a path to be mounted that the unit makes itself before its payload
    /// starts.</summary>
    public const string Makes = "Makes";

    private const string Install = "Install";

    /// <summary>The lines in a unit of ours: each at the end of its section, where it counts more than what stands
    /// before. What is enabled the file alone says.</summary>
    /// <param name="unit">The unit's text.</param>
    /// <param name="lines">Of the file; none where no file declares it.</param>
    public static string Merge(string unit, IReadOnlyList<UnitLine> lines)
    {
        if (lines.Count == 0)
        {
            return unit;
        }

        StringBuilder merged = new();
        HashSet<string> written = new(StringComparer.Ordinal) { Install };
        string? section = null;
        foreach (string line in unit.TrimEnd('\n').Split('\n').Append("["))
        {
            if (line is ['[', ..])
            {
                if (section is not null && section != Install)
                {
                    // Below the last line that says something.
                    while (merged.Length > 1 && merged[^1] == '\n' && merged[^2] == '\n')
                    {
                        merged.Length--;
                    }

                    Write(merged, lines.Where(l => l.Section == section));
                    merged.Append('\n');
                    written.Add(section);
                }

                section = line.Trim('[', ']');
            }

            if (section is not (Install or ""))
            {
                merged.Append(line).Append('\n');
            }
        }

        foreach (
            string further in lines
                .Select(l => l.Section)
                .Where(s => written.Add(s))
                .Append(Install)
                .Where(s => lines.Any(l => l.Section == s))
        )
        {
            merged.Append($"[{further}]\n");
            Write(merged, lines.Where(l => l.Section == further));
            merged.Append('\n');
        }

        return merged.ToString().TrimEnd('\n') + "\n";
    }

    /// <summary>The lines as a drop-in of a unit that an image brings.</summary>
    /// <param name="name">The container.</param>
    /// <param name="lines">Of the file.</param>
    public static RenderedUnit DropIn(string name, IReadOnlyList<UnitLine> lines)
    {
        StringBuilder text = new(
            $"# Made by sysctr: what the file says that declares {name}. An update writes it anew.\n"
        );
        foreach (string section in lines.Select(l => l.Section).Distinct(StringComparer.Ordinal))
        {
            text.Append($"[{section}]\n");
            Write(text, lines.Where(l => l.Section == section));
        }

        return new RenderedUnit($"{name}.service.d/20-declared.conf", text.ToString(), Source: null);
    }

    private static void Write(StringBuilder text, IEnumerable<UnitLine> lines)
    {
        foreach (UnitLine line in lines)
        {
            text.Append($"{line.Key}={line.Value}\n");
        }
    }
}
