// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Quadlet.Syntax;

namespace SystemContainers.Quadlet.Values;

/// <summary>
/// What systemd makes of a word of podman's command line when a unit starts: specifiers and variables. Here that is
/// made when a file is applied, so that what differs from one boot to the next, or is known by the manager alone, is
/// refused.
/// </summary>
/// <param name="unit">The file.</param>
/// <param name="name">The container's name, which is its unit's.</param>
/// <param name="host">What is the same for all units.</param>
sealed class QuadletExpansion(QuadletUnit unit, string name, QuadletHost host)
{
    /// <summary>Specifiers that systemd has and that are not known when a file is applied.</summary>
    private const string NotKnown = "aAbBcdDfHlmMoqrRvwWxXyY";

    /// <summary>What stands before the at sign of an instance's name; the name of any other unit, and of one that has
    /// a name of its own.</summary>
    private readonly string _prefix =
        unit.Instance is not null && name.Replace('@', '-') == unit.Stem.Replace('@', '-') ? unit.Prefix : name;

    private QuadletVariables? _variables;

    /// <summary>What the unit's programs get of the unit and its manager.</summary>
    public QuadletVariables Variables =>
        _variables ??= QuadletVariables.Of(unit, host, text => Specified(text, static _ => true));

    /// <summary>A word of podman's command line as podman gets it.</summary>
    /// <exception cref="FormatException">Says what is not known.</exception>
    public ExpandedWord Expand(string text) => Assigned(Specified(text, static _ => true));

    /// <summary>The same as one text; what is not set is empty in it.</summary>
    /// <exception cref="FormatException">Says what is not known.</exception>
    public string Word(string text) => Expand(text).Text;

    /// <summary>A line for the unit: systemd expands it, but for what an instance's name gives, for the unit has
    /// none.</summary>
    public string Line(string text) =>
        unit.Instance is null
            ? text
            : Specified(text, static letter => letter is 'i' or 'I' or 'p' or 'P' or 'j' or 'J');

    /// <summary>Replaces those specifiers that are asked for.</summary>
    private string Specified(string text, Func<char, bool> isWanted)
    {
        StringBuilder result = new();
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '%' && i + 1 < text.Length)
            {
                char letter = text[++i];
                result.Append((isWanted(letter) ? ValueOf(letter) : null) ?? $"%{letter}");
            }
            else
            {
                result.Append(text[i]);
            }
        }

        return result.ToString();
    }

    private string? ValueOf(char letter) =>
        letter switch
        {
            '%' => "%",
            'n' => name + ".service",
            'N' => name,
            'p' or 'P' => _prefix,
            'i' => unit.Instance ?? "",
            'I' => Unescaped(unit.Instance ?? ""),
            'j' => _prefix[(_prefix.LastIndexOf('-') + 1)..],
            'J' => Unescaped(_prefix[(_prefix.LastIndexOf('-') + 1)..]),
            _ when host.Specifiers.TryGetValue(letter, out string? value) => value,
            _ when NotKnown.Contains(letter, StringComparison.Ordinal) => throw new FormatException(
                $"what %{letter} stands for is not known before the unit starts; write it out, or %% for a percent sign"
            ),
            _ => null,
        };

    /// <summary>What systemd.service(5) says of $ in command lines.</summary>
    private ExpandedWord Assigned(string word)
    {
        if (!word.Contains('$', StringComparison.Ordinal))
        {
            return new ExpandedWord([word], []);
        }

        List<string> unset = [];
        if (word is ['$', not ('{' or '$'), ..] && IsName(word[1..]))
        {
            return new ExpandedWord(Words(Variable(word[1..], unset)), unset);
        }

        StringBuilder result = new();
        for (int i = 0; i < word.Length; i++)
        {
            if (word[i] == '$' && i + 1 < word.Length && word[i + 1] == '$')
            {
                result.Append('$');
                i++;
            }
            else if (
                word[i] == '$'
                && i + 1 < word.Length
                && word[i + 1] == '{'
                && word.IndexOf('}', i) is > 0 and var end
                && IsName(word[(i + 2)..end])
            )
            {
                result.Append(Variable(word[(i + 2)..end], unset));
                i = end;
            }
            else
            {
                result.Append(word[i]);
            }
        }

        return new ExpandedWord([result.ToString()], unset);
    }

    private string Variable(string variable, List<string> unset)
    {
        if (Variables.Find(variable) is { } value)
        {
            return value;
        }

        unset.Add(variable);
        return "";
    }

    /// <summary>A variable that stands alone is as many words as it has, quotes taken away.</summary>
    private static IReadOnlyList<string> Words(string value)
    {
        try
        {
            return QuadletWords.Plain(value);
        }
        catch (FormatException e)
        {
            throw new FormatException(
                $"'{value}' is to be taken apart into words, and {e.Message}; write it with braces to have it whole",
                e
            );
        }
    }

    private static bool IsName(string text) =>
        text.Length > 0 && !char.IsAsciiDigit(text[0]) && text.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');

    /// <summary>As unit_name_unescape in src/basic/unit-name.c.</summary>
    private static string Unescaped(string text)
    {
        List<byte> bytes = [];
        for (int i = 0; i < text.Length; i++)
        {
            if (
                text[i] == '\\'
                && i + 3 < text.Length
                && text[i + 1] == 'x'
                && byte.TryParse(
                    text.AsSpan(i + 2, 2),
                    System.Globalization.NumberStyles.AllowHexSpecifier,
                    null,
                    out byte value
                )
            )
            {
                bytes.Add(value);
                i += 3;
            }
            else
            {
                bytes.AddRange(Encoding.UTF8.GetBytes(text[i] == '-' ? "/" : text[i].ToString()));
            }
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }
}
