// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.HostTests.Readme;

/// <summary>The blocks of commands of a Markdown file (indented by four spaces) or of a manual page's EXAMPLES (between
/// .nf and .fi).</summary>
static class ShownText
{
    private const string Indent = "    ";

    /// <summary>Every block, as its lines with their numbers.</summary>
    public static IEnumerable<IReadOnlyList<(int Number, string Text)>> Blocks(string file) =>
        file.EndsWith(".md", StringComparison.Ordinal)
            ? MarkdownBlocks(File.ReadAllLines(file))
            : ManualBlocks(File.ReadAllLines(file));

    /// <summary>The commands of a block; none where it has no prompt.</summary>
    public static IReadOnlyList<ShownCommand> Commands(string file, IReadOnlyList<(int Number, string Text)> block)
    {
        List<(int Number, string Prompt, List<string> Output)> found = [];
        foreach ((int number, string text) in block)
        {
            if (text.StartsWith("# ", StringComparison.Ordinal) || text.StartsWith("$ ", StringComparison.Ordinal))
            {
                found.Add((number, text, []));
            }
            else if (found.Count > 0)
            {
                found[^1].Output.Add(text);
            }
        }

        bool shows = found.Any(f => f.Output.Count > 0);
        return
        [
            .. found.Select(f => new ShownCommand(
                $"{Path.GetFileName(file)}:{f.Number}",
                f.Prompt[0] == '$',
                f.Prompt[2..],
                f.Output,
                shows
            )),
        ];
    }

    private static IEnumerable<IReadOnlyList<(int, string)>> MarkdownBlocks(string[] lines)
    {
        List<(int Number, string Text)> block = [];
        for (int i = 0; i <= lines.Length; i++)
        {
            string line = i < lines.Length ? lines[i] : "end";
            bool isIndented = line.StartsWith(Indent, StringComparison.Ordinal);

            // An empty line belongs to a block that goes on after it; code begins after one, or it is a list's text.
            if (
                isIndented ? block.Count > 0 || i == 0 || lines[i - 1].Length == 0 : block.Count > 0 && line.Length == 0
            )
            {
                block.Add((i + 1, isIndented ? line[Indent.Length..] : ""));
            }
            else if (block.Count > 0)
            {
                yield return [.. block.Take(block.FindLastIndex(l => l.Text.Length > 0) + 1)];
                block.Clear();
            }
        }
    }

    private static IEnumerable<IReadOnlyList<(int, string)>> ManualBlocks(string[] lines)
    {
        int start = Array.IndexOf(lines, ".SH EXAMPLES");
        for (
            int i = start + 1;
            start >= 0 && i < lines.Length && !lines[i].StartsWith(".SH ", StringComparison.Ordinal);
            i++
        )
        {
            if (lines[i] == ".nf")
            {
                int end = Array.IndexOf(lines, ".fi", i);
                yield return
                [
                    .. Enumerable
                        .Range(i + 1, end - i - 1)
                        .Select(n =>
                            (
                                n + 1,
                                lines[n]
                                    .Replace("\\-", "-", StringComparison.Ordinal)
                                    .Replace("\\(aq", "'", StringComparison.Ordinal)
                            )
                        ),
                ];
                i = end;
            }
        }
    }
}
