// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.HostTests.Readme;

/// <summary>What docs/images.md says of one image.</summary>
/// <param name="Name">Of the image and of its container.</param>
/// <param name="Install">The commands up to the one that installs it.</param>
/// <param name="Use">What is done then, once.</param>
/// <param name="Ask">The last block: what answers the same again, whatever happened in between.</param>
/// <param name="File">The same as a .container file.</param>
sealed record PageSection(
    string Name,
    IReadOnlyList<ShownCommand> Install,
    IReadOnlyList<ShownCommand> Use,
    IReadOnlyList<ShownCommand> Ask,
    string File
)
{
    private const string Heading = "## ";

    /// <summary>The sections that show a file.</summary>
    public static IReadOnlyList<PageSection> Read(string page)
    {
        string[] lines = System.IO.File.ReadAllLines(page);
        var blocks = ShownText
            .Blocks(page)
            .ToLookup(b =>
                Array.FindLastIndex(lines, b[0].Number - 1, l => l.StartsWith(Heading, StringComparison.Ordinal))
            );
        return [.. blocks.Where(b => b.Key >= 0).Select(b => Read(page, lines[b.Key][Heading.Length..], [.. b]))];
    }

    private static PageSection Read(string page, string name, IReadOnlyList<(int Number, string Text)>[] blocks)
    {
        ShownCommand[][] commands =
        [
            .. blocks.Select(b => ShownText.Commands(page, b).ToArray()).Where(c => c.Length > 0),
        ];
        int install = Array.FindIndex(
            commands,
            c => c[^1].Line.StartsWith("sysctr install ", StringComparison.Ordinal)
        );
        string[] files =
        [
            .. blocks.Where(b => b[0].Text.StartsWith('[')).Select(b => string.Concat(b.Select(l => l.Text + "\n"))),
        ];
        return
            install >= 0 && install < commands.Length - 1 && files is [var file] && blocks.Length == commands.Length + 1
            ? new PageSection(
                name,
                [.. commands[..(install + 1)].SelectMany(c => c)],
                [.. commands[(install + 1)..^1].SelectMany(c => c)],
                commands[^1],
                file
            )
            : throw new FormatException(
                $"{page}, {name}: a section has a block that ends in 'sysctr install', one or more that use it, and a file"
            );
    }
}
