// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text;
using SystemContainers.Templates;

namespace SystemContainers.SystemdText;

/// <summary>
/// Reads tmpfiles.d(5) files as systemd-tmpfiles(8) does, so that what is judged is what would be done: the ends of
/// lines of read_line (src/basic/fileio.c), the words of extract_first_word (src/basic/extract-word.c), the order of
/// parse_line (src/tmpfiles/tmpfiles.c). TmpfilesSyntaxTests compares it with the real one.
/// </summary>
static class TmpfilesSyntax
{
    private const string Types = "fFwdDevqQpLcbCxXrRzZmtThHaA";
    private const string Modifiers = "!+-=~^$?";

    private static readonly UTF8Encoding s_strict = new(
        encoderShouldEmitUTF8Identifier: false,
        throwOnInvalidBytes: true
    );

    /// <summary>The lines that say something; those that systemd would not take have an
    /// <see cref="TmpfilesLine.Error"/>.</summary>
    /// <param name="text">A file, its placeholders filled in.</param>
    /// <param name="specifier">What a letter behind <c>%</c> stands for; null for one that is not known.</param>
    public static IReadOnlyList<TmpfilesLine> Parse(string text, Func<char, string?>? specifier = null)
    {
        List<TmpfilesLine> lines = [];
        int number = 0;
        foreach (string raw in Lines(text))
        {
            number++;
            string line = raw.Trim(' ', '\t');
            if (line is not ([] or ['#', ..]))
            {
                lines.Add(ParseLine(number, line, specifier ?? (_ => null)));
            }
        }

        return lines;
    }

    /// <summary>Either character ends a line, and so does NUL; a pair of two different ones is one end.</summary>
    private static IEnumerable<string> Lines(string text)
    {
        int start = 0;
        for (int i = 0; i <= text.Length; i++)
        {
            if (i == text.Length || text[i] is '\n' or '\r' or '\0')
            {
                yield return text[start..i];
                if (
                    i + 1 < text.Length
                    && text[i] is '\n' or '\r'
                    && text[i + 1] is '\n' or '\r'
                    && text[i + 1] != text[i]
                )
                {
                    i++;
                }

                start = i + 1;
            }
        }
    }

    private static TmpfilesLine ParseLine(int number, string line, Func<char, string?> specifier)
    {
        ReadOnlySpan<byte> rest = Encoding.UTF8.GetBytes(line);
        List<string> words = [];
        while (words.Count < 6 && !rest.IsEmpty)
        {
            if (Word(ref rest) is not { } word)
            {
                return Bad(
                    number,
                    "its quotes don't close, or it has a backslash that not every version of systemd reads alike"
                );
            }

            words.Add(word);
        }

        return words switch
        {
            { Count: < 2 } => Bad(number, "it has no path"),
            [[], ..] => Bad(number, "it has no type"),
            _ => Assemble(number, words, Encoding.UTF8.GetString(rest), specifier),
        };
    }

    private static TmpfilesLine Assemble(int number, List<string> words, string rest, Func<char, string?> specifier)
    {
        char type = words[0][0];
        string modifiers = words[0][1..];
        if (!Types.Contains(type, StringComparison.Ordinal))
        {
            return Bad(number, $"'{Shown(words[0][..1])}' is no type of a tmpfiles.d line");
        }

        if (
            modifiers.FirstOrDefault(m =>
                !Modifiers.Contains(m, StringComparison.Ordinal) || modifiers.Count(c => c == m) > 1
            )
            is not '\0'
                and var wrong
        )
        {
            return Bad(number, $"'{Shown(wrong.ToString())}' can't stand behind a type");
        }

        if (Expand(words[1], specifier, out string path) is { } unknown)
        {
            return Bad(number, $"what %{Shown(unknown.ToString())} stands for is not known when it is installed");
        }

        if (path is not ['/', ..])
        {
            return Bad(number, $"the path of a tmpfiles.d line has to be absolute, not '{Shown(path)}'");
        }

        if (path.Any(char.IsControl))
        {
            return Bad(number, $"the path '{Shown(path)}' has a control character");
        }

        string? argument = rest is "" or TmpfilesLine.None ? null : rest;
        if (argument is not null && TmpfilesLine.IsEscaped(type) && !modifiers.Contains('~', StringComparison.Ordinal))
        {
            if (Unescaped(argument) is not { } plain)
            {
                return Bad(number, "the escapes of its argument can't be read");
            }

            if (Expand(plain, specifier, out argument) is { } missing)
            {
                return Bad(number, $"what %{Shown(missing.ToString())} stands for is not known when it is installed");
            }
        }
        else if (argument?.Any(c => char.IsControl(c) && c != '\t') ?? false)
        {
            return Bad(number, "its argument has a control character");
        }

        return new TmpfilesLine(number, type, modifiers, HostPath.WithoutVarRun(HostPath.Absolute(path)))
        {
            Mode = Field(2),
            User = Field(3),
            Group = Field(4),
            Age = Field(5),
            Argument = argument,
        };

        string Field(int index) => words.Count > index && words[index].Length > 0 ? words[index] : TmpfilesLine.None;
    }

    private static TmpfilesLine Bad(int number, string error) => new(number, '\0', "", "/") { Error = error };

    private static string Shown(string text) => new([.. text.Select(c => char.IsControl(c) ? '?' : c)]);

    /// <summary>Replaces specifiers (src/shared/specifier.c).</summary>
    /// <returns>The letter of one that is not known.</returns>
    private static char? Expand(string text, Func<char, string?> specifier, out string expanded)
    {
        StringBuilder result = new();
        expanded = "";
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != '%')
            {
                result.Append(text[i]);
            }
            else if (++i == text.Length || (text[i] == '%' ? "%" : specifier(text[i])) is not { } value)
            {
                return i < text.Length ? text[i] : ' ';
            }
            else
            {
                result.Append(value);
            }
        }

        expanded = result.ToString();
        return null;
    }

    /// <summary>Takes a word and the blanks behind it off the front; quotes may stand anywhere in it.</summary>
    /// <returns>Null: quotes that don't close, an escape that not every systemd reads alike, or bytes that are no
    /// text.</returns>
    private static string? Word(ref ReadOnlySpan<byte> rest)
    {
        List<byte> word = [];
        byte quote = 0;
        int at = 0;
        for (; at < rest.Length; at++)
        {
            byte c = rest[at];
            if (c == '\\')
            {
                // Before version 255 or so a backslash takes the next character as it is, since then it begins an
                // escape as in C: these three are the same to all of them.
                if (++at == rest.Length || rest[at] is not ((byte)'\\' or (byte)'"' or (byte)'\''))
                {
                    return null;
                }

                word.Add(rest[at]);
            }
            else if (quote != 0 ? c == quote : c is (byte)'"' or (byte)'\'')
            {
                quote = quote == 0 ? c : (byte)0;
            }
            else if (quote == 0 && c is (byte)' ' or (byte)'\t')
            {
                break;
            }
            else
            {
                word.Add(c);
            }
        }

        rest = rest[at..].TrimStart(" \t"u8);
        return quote != 0 ? null : Text(word);
    }

    private static string? Unescaped(string text)
    {
        ReadOnlySpan<byte> bytes = Encoding.UTF8.GetBytes(text);
        List<byte> result = [];
        for (int at = 0; at < bytes.Length; at++)
        {
            if (bytes[at] != '\\')
            {
                result.Add(bytes[at]);
            }
            else if (TryEscape(bytes[(at + 1)..], result, out int length))
            {
                at += length;
            }
            else
            {
                return null;
            }
        }

        return Text(result);
    }

    private static string? Text(List<byte> bytes)
    {
        try
        {
            return s_strict.GetString([.. bytes]);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    /// <summary>An escape without its backslash (cunescape_one in src/basic/escape.c).</summary>
    private static bool TryEscape(ReadOnlySpan<byte> text, List<byte> result, out int length)
    {
        length = 1;
        int simple = text.IsEmpty ? -1 : "abfnrtv\\\"'s"u8.IndexOf(text[0]);
        if (simple >= 0)
        {
            result.Add("\a\b\f\n\r\t\v\\\"' "u8[simple]);
            return true;
        }

        (int digits, bool isByte) = text.IsEmpty
            ? (0, false)
            : text[0] switch
            {
                (byte)'x' => (2, true),
                (byte)'u' => (4, false),
                (byte)'U' => (8, false),
                >= (byte)'0' and <= (byte)'7' => (3, true),
                _ => (0, false),
            };
        bool isOctal = digits == 3;
        length = digits + (isOctal ? 0 : 1);
        if (digits == 0 || text.Length < length)
        {
            return false;
        }

        uint value = 0;
        foreach (byte c in text[(isOctal ? 0 : 1)..length])
        {
            if (!char.IsAsciiHexDigit((char)c) || (isOctal && c > '7'))
            {
                return false;
            }

            value =
                (value * (isOctal ? 8u : 16u))
                + (uint)int.Parse([(char)c], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        }

        if (value == 0 || (isByte && value > 255) || (!isByte && !Rune.IsValid(value)))
        {
            return false;
        }

        if (isByte)
        {
            result.Add((byte)value);
        }
        else
        {
            result.AddRange(Encoding.UTF8.GetBytes(new Rune(value).ToString()));
        }

        return true;
    }
}
