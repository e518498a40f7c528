// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Quadlet;

namespace SystemContainers.Conversion.Files;

/// <summary>
/// Writes values so that <see cref="ContainerReader"/>, and podman's generator, read them as they were: the other side
/// of <see cref="KeyForm"/>. What systemd would expand (specifiers, variables) is doubled.
/// </summary>
static class QuadletEscape
{
    /// <summary>Means nothing to who reads words.</summary>
    private const string Plain = "_/.:=@,+-%$[]{}()<>|&;!?*#~^`";

    /// <summary>The text behind the equals sign that says a value.</summary>
    /// <param name="value">What is to be read.</param>
    /// <param name="form">How the key is read; of one whose value are words this is a word.</param>
    /// <exception cref="FormatException">No text says it.</exception>
    public static string Value(string value, KeyForm form)
    {
        if (value.Contains('\0', StringComparison.Ordinal))
        {
            throw new FormatException("it has a NUL character");
        }

        string text = value.Replace("%", "%%", StringComparison.Ordinal).Replace("$", "$$", StringComparison.Ordinal);
        return form switch
        {
            KeyForm.Arguments or KeyForm.Command => Escaped(text),
            KeyForm.Words => OneLine(text).Any(c => char.IsWhiteSpace(c) || c is '"' or '\'')
            || text is "" or [.., '\\']
                ? Pieces(text)
                : text,
            KeyForm.Each => OneLine(text) is [.., '\\'] || text.Trim() != text
                ? throw new FormatException("a line can't end in a backslash or a blank, nor begin with a blank")
                : text,
            _ => OneLine(text).Trim() != text || text is [.., '\\'] or ['"', .., '"'] or "\"" ? $"\"{text}\"" : text,
        };
    }

    /// <summary>A text for a line that systemd reads, such as Description=: specifiers doubled.</summary>
    /// <exception cref="FormatException">No line says it.</exception>
    public static string UnitText(string value) =>
        Value(value, KeyForm.Each).Replace("$$", "$", StringComparison.Ordinal);

    /// <summary>A word of such a line.</summary>
    /// <exception cref="FormatException">No line says it.</exception>
    public static string UnitWord(string value) =>
        Value(value, KeyForm.Arguments).Replace("$$", "$", StringComparison.Ordinal);

    private static string OneLine(string text) =>
        text.Any(char.IsControl)
            ? throw new FormatException("a line can't have a line break or another control character")
            : text;

    /// <summary>Quotation marks alone, for a backslash is none there.</summary>
    private static string Pieces(string text) =>
        text.Contains('"', StringComparison.Ordinal)
            ? $"\"{text.Replace("\"", "\"'\"'\"", StringComparison.Ordinal)}\""
            : $"\"{text}\"";

    private static string Escaped(string text)
    {
        if (
            text.Length > 0
            && text.All(c => char.IsAsciiLetterOrDigit(c) || Plain.Contains(c, StringComparison.Ordinal))
        )
        {
            return text;
        }

        StringBuilder escaped = new("\"");
        foreach (char c in text)
        {
            _ = c switch
            {
                '\n' => escaped.Append("\\n"),
                '\t' => escaped.Append("\\t"),
                '\r' => escaped.Append("\\r"),
                '\\' or '"' => escaped.Append('\\').Append(c),
                _ when char.IsControl(c) => escaped.Append($"\\u{(int)c:x4}"),
                _ => escaped.Append(c),
            };
        }

        return escaped.Append('"').ToString();
    }
}
