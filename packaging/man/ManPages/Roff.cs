// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.ManPages;

/// <summary>Text of the command tree as roff (groff_char(7), groff_man(7)).</summary>
static class Roff
{
    /// <summary>The text with what roff would take for its own escaped: backslashes, hyphens that are minus signs,
    /// quotes, a control character that begins a line.</summary>
    public static string Escape(string text)
    {
        string escaped = text.Replace("\\", "\\e", StringComparison.Ordinal)
            .Replace("-", "\\-", StringComparison.Ordinal)
            .Replace("'", "\\(aq", StringComparison.Ordinal)
            .Replace("…", "...", StringComparison.Ordinal);
        return string.Join('\n', escaped.Split('\n').Select(l => l.StartsWith('.') ? "\\&" + l : l));
    }

    public static string Bold(string text) => $"\\fB{Escape(text)}\\fR";

    public static string Italic(string text) => $"\\fI{Escape(text)}\\fR";
}
