// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Quadlet.Syntax;

/// <summary>A file with its drop-ins, as far as syntax goes.</summary>
/// <param name="Name">The file's: <c>web.container</c>, <c>web@one.container</c>.</param>
/// <param name="Path">As this process opens it.</param>
/// <param name="Lines">The file's, then those of its drop-ins.</param>
sealed record QuadletUnit(string Name, string Path, IReadOnlyList<QuadletLine> Lines)
{
    /// <summary>The suffix without its dot: <c>container</c>.</summary>
    public string Type => System.IO.Path.GetExtension(Name)[1..];

    /// <summary>The name without its suffix.</summary>
    public string Stem => System.IO.Path.GetFileNameWithoutExtension(Name);

    /// <summary>What stands between the at sign and the suffix; null for what is no instance; empty for a
    /// template.</summary>
    public string? Instance => Stem.IndexOf('@', StringComparison.Ordinal) is >= 0 and var at ? Stem[(at + 1)..] : null;

    /// <summary>What stands before the at sign, or the whole stem.</summary>
    public string Prefix => Stem.Split('@', 2)[0];

    /// <summary>Its place as a whole.</summary>
    public QuadletPlace Place => new(Path);

    /// <summary>Whether a section says something.</summary>
    public bool Has(string section) => Lines.Any(l => l.Section == section);

    /// <summary>The lines of a section, in order.</summary>
    public IEnumerable<QuadletLine> Of(string section) => Lines.Where(l => l.Section == section);

    /// <summary>The last value of a key, without blanks at its end and without quotation marks around it; null where it
    /// is not set.</summary>
    public QuadletValue? Last(string section, string key) =>
        Lines.LastOrDefault(l => l.Section == section && l.Key == key)?.Value is { } value
            ? value with
            {
                Text = Unquoted(value.Text),
            }
            : null;

    /// <summary>Every value of a key since it was last emptied.</summary>
    public IReadOnlyList<QuadletValue> All(string section, string key)
    {
        List<QuadletValue> values = [];
        foreach (QuadletLine line in Lines.Where(l => l.Section == section && l.Key == key))
        {
            if (line.Value.Text.Length == 0)
            {
                values.Clear();
            }
            else
            {
                values.Add(line.Value);
            }
        }

        return values;
    }

    private static string Unquoted(string text) => text.TrimEnd() is ['"', .. var inner, '"'] ? inner : text.TrimEnd();
}
