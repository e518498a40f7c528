// SPDX-License-Identifier: Apache-2.0

using System.Text.RegularExpressions;

namespace SystemContainers.SystemdText;

/// <summary>
/// A unit file as far as we have to understand it (systemd.syntax(7)): sections, keys with their values in order,
/// comments and continuation lines. What it can't make out it passes over; systemd-analyze is the judge of validity.
/// </summary>
sealed partial class UnitText
{
    // Not what Unicode calls blank: we would take a line for something else than systemd does.
    private static readonly char[] s_blanks = [' ', '\t'];

    private readonly List<(string Section, string Key, string Value)> _lines = [];

    private UnitText() { }

    public static UnitText Parse(string text)
    {
        UnitText unit = new();
        string section = "";
        string pending = "";
        foreach (string raw in LineEnd().Split(text.TrimStart('\ufeff')))
        {
            string line = raw.Trim(s_blanks);
            if (line is ['#' or ';', ..])
            {
                continue;
            }

            if (line is [.., '\\'])
            {
                pending += line[..^1] + " ";
                continue;
            }

            line = (pending + line).Trim(s_blanks);
            pending = "";
            if (line is ['[', .., ']'])
            {
                section = line[1..^1];
            }
            else if (line.IndexOf('=', StringComparison.Ordinal) is > 0 and int equals)
            {
                unit._lines.Add((section, line[..equals].TrimEnd(s_blanks), line[(equals + 1)..].TrimStart(s_blanks)));
            }
        }

        return unit;
    }

    /// <summary>Every key that is set or emptied, with its section, in order.</summary>
    public IEnumerable<(string Section, string Key)> Keys => _lines.Select(l => (l.Section, l.Key));

    /// <summary>Whether the section is there and says something.</summary>
    public bool Has(string section) => _lines.Exists(l => l.Section == section);

    /// <summary>The last value of a key; null where it is not set, or emptied.</summary>
    public string? Find(string section, string key) =>
        _lines.FindLast(l => l.Section == section && l.Key == key) is { Value: { Length: > 0 } value } ? value : null;

    /// <summary>Every value of a key since it was last emptied.</summary>
    public IReadOnlyList<string> All(string section, string key)
    {
        List<string> values = [];
        foreach ((string _, string _, string value) in _lines.Where(l => l.Section == section && l.Key == key))
        {
            if (value.Length == 0)
            {
                values.Clear();
            }
            else
            {
                values.Add(value);
            }
        }

        return values;
    }

    /// <summary>The words of a key that is a list, such as After= (systemd.unit(5)): of all its values since it was
    /// last emptied.</summary>
    public IEnumerable<string> Words(string section, string key) =>
        All(section, key).SelectMany(value => value.Split(s_blanks, StringSplitOptions.RemoveEmptyEntries));

    /// <summary>Whether a value is one of systemd's words for no (parse_boolean in src/basic/parse-util.c).</summary>
    public static bool IsNo(string? value) => value is "0" or "no" or "n" or "false" or "f" or "off";

    // As systemd reads lines (read_line in src/basic/fileio.c): either character ends one, and each belongs to a pair
    // once; so does NUL.
    [GeneratedRegex(@"\r\n|\n\r|\r|\n|\0", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: Timeout.Infinite)]
    private static partial Regex LineEnd();
}
