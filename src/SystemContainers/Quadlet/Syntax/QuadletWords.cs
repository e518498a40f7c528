// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text;

namespace SystemContainers.Quadlet.Syntax;

/// <summary>
/// Splits a value into words as systemd does (extract_first_word in src/basic/extract-word.c): blanks separate them,
/// quotes of either kind keep blanks together and go. Where podman is lenient, with quotes that don't close, that is a
/// fault here: it would take a word for something else than is written.
/// </summary>
static class QuadletWords
{
    /// <summary>Words of lists such as <c>AddCapability=</c> and <c>WantedBy=</c>: a backslash is a character like any
    /// other.</summary>
    /// <exception cref="FormatException">Quotes that don't close.</exception>
    public static IReadOnlyList<string> Plain(string text) => Split(text, escapes: false);

    /// <summary>Words of commands and assignments such as <c>Exec=</c> and <c>Environment=</c>: with the escapes of
    /// C.</summary>
    /// <exception cref="UnknownEscapeException">An escape that is none: podman passes over the value.</exception>
    /// <exception cref="FormatException">Quotes that don't close.</exception>
    public static IReadOnlyList<string> Escaped(string text) => Split(text, escapes: true);

    private static List<string> Split(string text, bool escapes)
    {
        List<string> words = [];
        List<byte>? word = null;
        char quote = '\0';
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c == '\\' && escapes)
            {
                i += Unescape(text.AsSpan(i + 1), word ??= []);
            }
            else if (quote != '\0' ? c == quote : c is '"' or '\'')
            {
                quote = quote == '\0' ? c : '\0';
                word ??= [];
            }
            else if (quote == '\0' && c is ' ' or '\t' or '\n' or '\r')
            {
                Add(words, ref word);
            }
            else
            {
                int length = char.IsHighSurrogate(c) && i + 1 < text.Length ? 2 : 1;
                (word ??= []).AddRange(Encoding.UTF8.GetBytes(text, i, length));
                i += length - 1;
            }
        }

        if (quote != '\0')
        {
            throw new FormatException($"the quotation mark {quote} is not closed");
        }

        Add(words, ref word);
        return words;
    }

    private static void Add(List<string> words, ref List<byte>? word)
    {
        if (word is not null)
        {
            words.Add(Encoding.UTF8.GetString([.. word]));
            word = null;
        }
    }

    /// <summary>What stands behind a backslash (cunescape_one in src/basic/escape.c).</summary>
    /// <returns>How many characters it takes.</returns>
    private static int Unescape(ReadOnlySpan<char> text, List<byte> word)
    {
        if (text.IsEmpty)
        {
            throw new FormatException("it ends in a backslash");
        }

        int simple = "abfnrtv\\\"'s".IndexOf(text[0], StringComparison.Ordinal);
        if (simple >= 0)
        {
            word.Add("\a\b\f\n\r\t\v\\\"' "u8[simple]);
            return 1;
        }

        (int digits, int skipped, NumberStyles style) = text[0] switch
        {
            'x' => (2, 1, NumberStyles.AllowHexSpecifier),
            'u' => (4, 1, NumberStyles.AllowHexSpecifier),
            'U' => (8, 1, NumberStyles.AllowHexSpecifier),
            >= '0' and <= '7' => (3, 0, NumberStyles.None),
            _ => throw Unknown(text),
        };
        if (text.Length < digits + skipped)
        {
            throw Unknown(text);
        }

        ReadOnlySpan<char> number = text.Slice(skipped, digits);
        uint value =
            style == NumberStyles.None ? Octal(number)
            : uint.TryParse(number, style, CultureInfo.InvariantCulture, out uint hexadecimal) ? hexadecimal
            : throw Unknown(text);
        if (value == 0 || (digits < 4 ? value > 255 : !Rune.IsValid(value)))
        {
            throw Unknown(text);
        }

        if (digits < 4)
        {
            word.Add((byte)value);
        }
        else
        {
            word.AddRange(Encoding.UTF8.GetBytes(new Rune(value).ToString()));
        }

        return digits + skipped;
    }

    private static uint Octal(ReadOnlySpan<char> digits)
    {
        uint value = 0;
        foreach (char digit in digits)
        {
            value = digit is >= '0' and <= '7' ? (value * 8) + (uint)(digit - '0') : throw Unknown(digits);
        }

        return value;
    }

    private static UnknownEscapeException Unknown(ReadOnlySpan<char> text) =>
        new(
            $"\\{text[..1]} is no escape; there are \\a \\b \\f \\n \\r \\t \\v \\\\ \\\" \\' \\s \\xHH \\NNN \\uHHHH \\UHHHHHHHH, and \\\\ is a backslash"
        );
}
