// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Errors;
using SystemContainers.Quadlet;
using SystemContainers.Settings;

namespace SystemContainers.Conversion.Files;

/// <summary>A file of podman-systemd.unit(5) that is written: its lines by section, and what is said above
/// them.</summary>
/// <param name="name">The file's: <c>web.container</c>.</param>
/// <param name="findings">Gets what no line says.</param>
sealed class ConvertedFile(string name, ConversionFindings findings)
{
    private static readonly string[] s_order =
    [
        "Unit",
        "Container",
        "Volume",
        "Network",
        ContainerKeys.Ours,
        "Service",
        "Install",
    ];

    private readonly List<ConvertedLine> _lines = [];

    /// <summary>What the lines say, and how often a key is there: a compose file can have tens of thousands.</summary>
    private readonly HashSet<(string Section, string Key, string Text)> _said = [];
    private readonly Dictionary<(string Section, string Key), int> _keys = [];
    private readonly ConversionFindings _lost = new();

    /// <summary>Without a directory.</summary>
    public string Name { get; } = name;

    /// <summary>The name without its suffix.</summary>
    public string Stem => Path.GetFileNameWithoutExtension(Name);

    /// <summary>What is said at the top, a line each.</summary>
    public IReadOnlyList<string> Comments { get; init; } = [];

    /// <summary>What of its source no line says; it is told at the top.</summary>
    public IReadOnlyList<ConversionFinding> Lost => _lost.All;

    /// <summary>In the order in which they were added.</summary>
    public IReadOnlyList<ConvertedLine> Lines => _lines;

    /// <summary>Adds a key of [Container]; where no line says the value, that is told.</summary>
    /// <param name="key">One of <see cref="ContainerKeys"/>.</param>
    /// <param name="value">What is to be read.</param>
    /// <param name="origin">What it is a translation of.</param>
    public void Key(string key, string value, string origin)
    {
        QuadletKey known = ContainerKeys.OfContainer[key];
        KeyForm form = known.Form;
        if (known.Option is { } option)
        {
            // A comma in it would be one between two values.
            value = SettingOptions.Find(option)?.Said(value) ?? value;
        }

        if (form is KeyForm.One or KeyForm.Switch)
        {
            // Of two values the later one counts, and a file may say it once.
            Forget(ContainerKeys.Container, key);
        }

        Add(ContainerKeys.Container, key, origin, () => QuadletEscape.Value(value, form));
    }

    /// <summary>Adds a key of [Container] whose value is several words.</summary>
    public void Words(string key, IEnumerable<string> words, string origin) =>
        Add(
            ContainerKeys.Container,
            key,
            origin,
            () => string.Join(' ', words.Select(w => QuadletEscape.Value(w, ContainerKeys.OfContainer[key].Form)))
        );

    /// <summary>Adds a line of another section.</summary>
    public void Line(string section, string key, string value, string origin) =>
        Add(section, key, origin, () => QuadletEscape.UnitText(value));

    /// <summary>Adds a line of another section whose value are words: this is one.</summary>
    public void Word(string section, string key, string value, string origin) =>
        Add(section, key, origin, () => QuadletEscape.UnitWord(value));

    /// <summary>Adds a line of another section that stands there once.</summary>
    public void OnlyLine(string section, string key, string value, string origin)
    {
        Forget(section, key);
        Line(section, key, value, origin);
    }

    /// <summary>Whether a key stands there.</summary>
    public bool Has(string section, string key) => _keys.ContainsKey((section, key));

    /// <summary>Takes lines away.</summary>
    public int Remove(Func<ConvertedLine, bool> which) =>
        _lines.RemoveAll(l =>
        {
            bool goes = which(l);
            if (goes)
            {
                _said.Remove((l.Section, l.Key, l.Text));
                if (--_keys[(l.Section, l.Key)] == 0)
                {
                    _keys.Remove((l.Section, l.Key));
                }
            }

            return goes;
        });

    /// <summary>Tells what has no counterpart.</summary>
    public void Lose(string origin, string why, string? advice)
    {
        ConversionFinding finding = new(origin, Lost: true, OneLine.Of(why), advice);
        if (_lost.AddOnce(finding))
        {
            findings.Add(finding);
        }
    }

    /// <summary>Tells what is to be known of a translation.</summary>
    public void Note(string origin, string text) =>
        findings.AddOnce(new ConversionFinding(origin, Lost: false, OneLine.Of(text), null));

    /// <summary>The file's text, and the lines of it that say something, by their numbers from 1.</summary>
    public (string Text, IReadOnlyDictionary<int, ConvertedLine> Numbered) Render()
    {
        StringBuilder text = new();
        Dictionary<int, ConvertedLine> numbered = [];
        int number = 0;
        foreach (string comment in Comments)
        {
            Write(Comment(comment));
        }

        if (Lost.Count > 0)
        {
            Write("# Without a counterpart here:");
            foreach (ConversionFinding lost in Lost)
            {
                Write(Comment("  " + lost));
            }
        }

        foreach (
            IGrouping<string, ConvertedLine> section in _lines
                .GroupBy(l => l.Section, StringComparer.Ordinal)
                .OrderBy(g => Array.IndexOf(s_order, g.Key))
        )
        {
            if (number > 0)
            {
                Write("");
            }

            Write($"[{section.Key}]");
            foreach (ConvertedLine line in section)
            {
                Write($"{line.Key}={line.Text}");
                numbered[number] = line;
            }
        }

        return (text.ToString(), numbered);

        void Write(string line)
        {
            text.Append(line).Append('\n');
            number++;
        }
    }

    /// <summary>One line, and none that goes on in the next.</summary>
    private static string Comment(string text) =>
        (
            "# "
            + new string([
                .. text.Select(c =>
                    c == '\n' ? ' '
                    : char.IsControl(c) ? '?'
                    : c
                ),
            ])
        ).TrimEnd('\\', ' ');

    private void Forget(string section, string key)
    {
        if (Has(section, key))
        {
            Remove(l => l.Section == section && l.Key == key);
        }
    }

    private void Add(string section, string key, string origin, Func<string> text)
    {
        try
        {
            ConvertedLine line = new(section, key, text(), origin);
            if (_said.Add((section, key, line.Text)))
            {
                _lines.Add(line);
                _keys[(section, key)] = _keys.GetValueOrDefault((section, key)) + 1;
            }
        }
        catch (FormatException e)
        {
            Lose(origin, $"no line of a file says it: {e.Message}", null);
        }
    }
}
