// SPDX-License-Identifier: Apache-2.0

using System.Text;

namespace SystemContainers.Settings;

/// <summary>The words of a value that is a line of comma-separated values (RFC 4180), as <c>--mount</c> and podman's
/// lists are: a word with a comma in it stands in double quotes.</summary>
static class CommaWords
{
    /// <summary>Takes a value apart.</summary>
    /// <exception cref="FormatException">A quote has no end, or stands where none can.</exception>
    public static IReadOnlyList<string> Split(string text)
    {
        List<string> words = [];
        for (int at = 0; ; at++)
        {
            StringBuilder word = new();
            if (at < text.Length && text[at] == '"')
            {
                // Two quotes are one, and one is the end.
                for (at++; at < text.Length && (text[at] != '"' || (at + 1 < text.Length && text[at + 1] == '"')); at++)
                {
                    word.Append(text[at]);
                    at += text[at] == '"' ? 1 : 0;
                }

                if (at >= text.Length)
                {
                    throw new FormatException("a double quote has no end");
                }

                at++;
            }
            else
            {
                for (; at < text.Length && text[at] != ','; at++)
                {
                    word.Append(
                        text[at] == '"'
                            ? throw new FormatException(
                                "a double quote stands within a word; the whole word stands in quotes: \"a,b\""
                            )
                            : text[at]
                    );
                }
            }

            words.Add(word.ToString());
            if (at >= text.Length)
            {
                return words;
            }

            if (text[at] != ',')
            {
                throw new FormatException("something follows a double quote that is no comma");
            }
        }
    }

    /// <summary>Puts words together, as <see cref="Split"/> takes them.</summary>
    public static string Join(IEnumerable<string> words) =>
        string.Join(
            ',',
            words.Select(w =>
                w.AsSpan().IndexOfAny(',', '"') < 0 ? w : $"\"{w.Replace("\"", "\"\"", StringComparison.Ordinal)}\""
            )
        );
}
