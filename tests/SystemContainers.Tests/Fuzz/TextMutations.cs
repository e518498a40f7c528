// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Tests.Fuzz;

/// <summary>What becomes of a valid text: cut at every few characters, lines gone or twice, words replaced by what does
/// not belong there.</summary>
static class TextMutations
{
    private static readonly string[] s_words =
    [
        "",
        "-1",
        "99999999999999999999999",
        "x",
        "\0",
        "\"",
        "'",
        "[",
        "{}",
        "=",
        "\ud800",
        "%",
        "$",
        "/../..",
        "\t\r",
        "true",
        "1.5",
        "[[]]",
        "{a = 1}",
        "[1]",
    ];

    /// <summary>Each with what was done, for messages.</summary>
    public static IEnumerable<(string What, string Text)> Of(string valid)
    {
        yield return ("nothing", valid);
        int step = Math.Max(1, valid.Length / 100);
        for (int end = 0; end < valid.Length; end += step)
        {
            yield return ($"cut at {end}", valid[..end]);
        }

        string[] lines = valid.Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            yield return ($"without line {i + 1}", string.Join('\n', lines.Where((_, n) => n != i)));
            yield return (
                $"line {i + 1} twice",
                string.Join('\n', lines.SelectMany((l, n) => n == i ? new[] { l, l } : [l]))
            );
        }

        foreach ((int start, int length) in Words(valid))
        {
            foreach (string word in s_words)
            {
                yield return (
                    $"'{word}' instead of '{valid.Substring(start, length)}' at {start}",
                    valid[..start] + word + valid[(start + length)..]
                );
            }
        }
    }

    /// <summary>Runs of what is neither white nor a separator, and quoted texts with their quotes.</summary>
    private static IEnumerable<(int Start, int Length)> Words(string text)
    {
        for (int i = 0; i < text.Length;)
        {
            int start = i;
            if (text[i] == '"')
            {
                int end = text.IndexOf('"', i + 1);
                i = end < 0 ? text.Length : end + 1;
                yield return (start, i - start);
                continue;
            }

            while (i < text.Length && !" \t\n,:=\"".Contains(text[i], StringComparison.Ordinal))
            {
                i++;
            }

            if (i > start)
            {
                yield return (start, i - start);
            }

            i = i > start ? i : i + 1;
        }
    }
}
