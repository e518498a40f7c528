// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.ManPages;

/// <summary>
/// What people wrote of a verb: <c>prose/VERB.man</c>, roff whose sections are NAME (what it does, without a verb's
/// name), DESCRIPTION, OPTIONS, one for each verb of its own in small letters, EXIT STATUS, EXAMPLES and SEE ALSO
/// (pages of section 1). In OPTIONS and in those of verbs a comment that begins with an option's name, and may go on
/// with what stands for its value, starts the text of that option.
/// </summary>
sealed class Prose
{
    private const string OptionMark = ".\\\" -";

    private readonly Dictionary<string, string[]> _sections = new(StringComparer.Ordinal);
    private readonly string _file;

    private Prose(string file) => _file = file;

    public IEnumerable<string> Sections => _sections.Keys;

    /// <exception cref="InvalidDataException">The file is not there, or has no NAME and DESCRIPTION.</exception>
    public static Prose Read(string file)
    {
        if (!File.Exists(file))
        {
            throw new InvalidDataException($"{file} is not there: each verb has one");
        }

        Prose prose = new(file);
        foreach (string section in ("\n" + File.ReadAllText(file)).Split("\n.SH ").Skip(1))
        {
            string[] lines = section.TrimEnd('\n').Split('\n');
            prose._sections.Add(lines[0], lines[1..]);
        }

        return prose._sections.ContainsKey("NAME") && prose._sections.ContainsKey("DESCRIPTION")
            ? prose
            : throw prose.Wrong("it needs NAME and DESCRIPTION");
    }

    public InvalidDataException Wrong(string why) => new($"{_file}: {why}");

    /// <summary>A section's text without that of options; null where there is none.</summary>
    public string? Text(string section) =>
        _sections.TryGetValue(section, out string[]? lines)
        && string.Join('\n', lines.TakeWhile(l => !l.StartsWith(OptionMark, StringComparison.Ordinal)))
            is { Length: > 0 } text
            ? text
            : null;

    /// <summary>What a section says of options: name, what stands for the value (roff; null for what the tree has),
    /// text.</summary>
    public IReadOnlyDictionary<string, (string? Value, string Text)> Options(string section)
    {
        Dictionary<string, (string? Value, string Text)> options = new(StringComparer.Ordinal);
        string text = "\n" + string.Join('\n', _sections.GetValueOrDefault(section, []));
        foreach (string option in text.Split("\n" + OptionMark).Skip(1))
        {
            string[] lines = option.Split('\n', 2);
            string[] words = lines[0].Split(' ', 2);
            options.Add(
                "-" + words[0],
                (
                    words.ElementAtOrDefault(1),
                    lines.ElementAtOrDefault(1) is { Length: > 0 } said ? said : throw Wrong($"-{words[0]} has no text")
                )
            );
        }

        return options;
    }
}
