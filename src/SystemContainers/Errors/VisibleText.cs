// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text;

namespace SystemContainers.Errors;

/// <summary>
/// Text of images, registries, payloads and users as people may see it, on a terminal or in a pipe that ends at one.
/// Nothing in it moves the cursor, hides or reorders what stands beside it, or looks like a line of ours: such
/// characters are shown as <c>\x1b</c>, <c>\n</c>, <c>\u202e</c>, <c>\U000e0001</c>. What programs read is JSON, which
/// is exact.
/// </summary>
static class VisibleText
{
    /// <summary>Text that has its place within one line.</summary>
    public static string Line(string text) => Escape(text, keepTab: false);

    /// <summary>One line of a text that has lines by nature, such as a unit: tabs stay.</summary>
    public static string TextLine(string text) => Escape(text, keepTab: true);

    /// <summary>The lines of such a text. A carriage return is shown: alone it would write over its line, and systemd
    /// reads what is behind it.</summary>
    public static IEnumerable<string> TextLines(string text) => text.Split('\n').Select(TextLine);

    /// <summary>A message, which may have lines of other programs in it: all but the first are set in, so that none
    /// looks like one of ours.</summary>
    public static string Message(string text) =>
        text.Contains('\n', StringComparison.Ordinal)
            ? string.Join("\n    ", text.Split('\n').Select(l => Escape(l.TrimEnd('\r'), keepTab: true).Trim()))
            : Line(text);

    private static string Escape(string text, bool keepTab)
    {
        int first = FirstHidden(text, keepTab);
        if (first < 0)
        {
            return text;
        }

        StringBuilder shown = new(text.Length + 16);
        shown.Append(text, 0, first);
        for (int i = first; i < text.Length;)
        {
            bool whole = Rune.TryGetRuneAt(text, i, out Rune rune);
            int value = whole ? rune.Value : text[i];
            if (whole && !IsHidden(rune, keepTab))
            {
                shown.Append(text, i, rune.Utf16SequenceLength);
            }
            else
            {
                shown.Append(
                    value switch
                    {
                        '\n' => @"\n",
                        '\r' => @"\r",
                        '\t' => @"\t",
                        < 0x100 => $@"\x{value:x2}",
                        < 0x10000 => $@"\u{value:x4}",
                        _ => $@"\U{value:x8}",
                    }
                );
            }

            i += whole ? rune.Utf16SequenceLength : 1;
        }

        return shown.ToString();
    }

    private static int FirstHidden(string text, bool keepTab)
    {
        for (int i = 0; i < text.Length; i++)
        {
            // Printable ASCII is nearly all there is.
            if (text[i] is < ' ' or > '~' && (!Rune.TryGetRuneAt(text, i, out Rune rune) || IsHidden(rune, keepTab)))
            {
                // At the low half of a pair nothing is found that the high half did not find.
                if (!(i > 0 && char.IsSurrogatePair(text[i - 1], text[i])))
                {
                    return i;
                }
            }
        }

        return -1;
    }

    /// <summary>Controls, format characters (directions, joiners, tags), line and paragraph separators, what is private
    /// or no character, and fillers without ink.</summary>
    private static bool IsHidden(Rune rune, bool keepTab) =>
        rune.Value == '\t'
            ? !keepTab
            : Rune.GetUnicodeCategory(rune) switch
            {
                UnicodeCategory.Control
                or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator
                or UnicodeCategory.Surrogate
                or UnicodeCategory.PrivateUse
                or UnicodeCategory.OtherNotAssigned => true,
                UnicodeCategory.SpaceSeparator => rune.Value != ' ',
                _ => rune.Value
                    is 0x034F
                        or 0x115F
                        or 0x1160
                        or 0x17B4
                        or 0x17B5
                        or 0x2800
                        or 0x3164
                        or 0xFFA0
                        or (>= 0x180B and <= 0x180F)
                        or (>= 0xFE00 and <= 0xFE0F)
                        or (>= 0xE0100 and <= 0xE01EF),
            };
}
