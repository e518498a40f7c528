// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Inspect.Diff;

/// <summary>The unified format of diff(1), by the longest common subsequence of lines.</summary>
static class TextDiff
{
    private const int Context = 3;

    /// <summary>Above this many pairs of lines everything between the first and the last difference counts as
    /// replaced.</summary>
    private const long MaxPairs = 16 << 20;

    /// <summary>Compares two texts.</summary>
    /// <param name="oldName">What stands after <c>---</c>.</param>
    /// <param name="newName">What stands after <c>+++</c>.</param>
    /// <param name="before">The old text; null where there is none.</param>
    /// <param name="after">The new text; null where there is none.</param>
    /// <returns>Lines without line ends; none where the texts are equal.</returns>
    public static IReadOnlyList<string> Unified(string oldName, string newName, string? before, string? after)
    {
        string[] old = Split(before);
        string[] now = Split(after);
        List<(char Sign, string Line)> edits = Edits(old, now);
        if (edits.All(e => e.Sign == ' '))
        {
            return [];
        }

        List<string> lines =
        [
            $"--- {(before is null ? "/dev/null" : oldName)}",
            $"+++ {(after is null ? "/dev/null" : newName)}",
        ];
        for (int at = NextChange(edits, 0); at < edits.Count;)
        {
            int start = Math.Max(at - Context, 0);
            int end = at;
            for (int next = at; next < edits.Count && next <= end + (2 * Context); next = NextChange(edits, next + 1))
            {
                end = next;
            }

            int stop = Math.Min(end + Context + 1, edits.Count);
            lines.Add(Header(edits, start, stop));
            lines.AddRange(edits.Take(start..stop).Select(e => e.Sign + e.Line));
            at = NextChange(edits, stop);
        }

        return lines;
    }

    private static string Header(List<(char Sign, string Line)> edits, int start, int stop)
    {
        int oldStart = edits.Take(start).Count(e => e.Sign != '+');
        int newStart = edits.Take(start).Count(e => e.Sign != '-');
        int oldLength = edits.Take(start..stop).Count(e => e.Sign != '+');
        int newLength = edits.Take(start..stop).Count(e => e.Sign != '-');
        return $"@@ -{Range(oldStart, oldLength)} +{Range(newStart, newLength)} @@";
    }

    /// <summary>As diff(1) counts: an empty range names the line before it, a length of 1 is left out.</summary>
    private static string Range(int start, int length) =>
        length == 0 ? $"{start},0"
        : length == 1 ? $"{start + 1}"
        : $"{start + 1},{length}";

    private static int NextChange(List<(char Sign, string Line)> edits, int from)
    {
        while (from < edits.Count && edits[from].Sign == ' ')
        {
            from++;
        }

        return from;
    }

    private static List<(char Sign, string Line)> Edits(string[] old, string[] now)
    {
        int head = 0;
        while (head < old.Length && head < now.Length && old[head] == now[head])
        {
            head++;
        }

        int tail = 0;
        while (tail < old.Length - head && tail < now.Length - head && old[^(tail + 1)] == now[^(tail + 1)])
        {
            tail++;
        }

        return
        [
            .. old[..head].Select(l => (' ', l)),
            .. Between(old[head..^tail], now[head..^tail]),
            .. old[^tail..].Select(l => (' ', l)),
        ];
    }

    private static List<(char Sign, string Line)> Between(string[] old, string[] now)
    {
        if ((long)old.Length * now.Length > MaxPairs)
        {
            return [.. old.Select(l => ('-', l)), .. now.Select(l => ('+', l))];
        }

        // common[i, j]: length of the longest common subsequence of old[i..] and now[j..].
        int[,] common = new int[old.Length + 1, now.Length + 1];
        for (int i = old.Length - 1; i >= 0; i--)
        {
            for (int j = now.Length - 1; j >= 0; j--)
            {
                common[i, j] =
                    old[i] == now[j] ? common[i + 1, j + 1] + 1 : Math.Max(common[i + 1, j], common[i, j + 1]);
            }
        }

        List<(char Sign, string Line)> edits = [];
        for (int i = 0, j = 0; i < old.Length || j < now.Length;)
        {
            if (i < old.Length && j < now.Length && old[i] == now[j])
            {
                edits.Add((' ', old[i++]));
                j++;
            }
            else if (i < old.Length && (j == now.Length || common[i + 1, j] >= common[i, j + 1]))
            {
                edits.Add(('-', old[i++]));
            }
            else
            {
                edits.Add(('+', now[j++]));
            }
        }

        return edits;
    }

    private static string[] Split(string? text) =>
        text is null or "" ? [] : (text.EndsWith('\n') ? text[..^1] : text).Split('\n');
}
