// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using System.Globalization;
using SystemContainers.Cli;
using SystemContainers.Cli.Usage;

namespace SystemContainers.ManPages;

/// <summary>All pages of the manual: sysctr(1) with a list of the verbs, a page for each of them, sysctr.toml(5),
/// sysctr-trust.d(5) and sysctr-containers.d(5) with its table of keys.</summary>
static class Manual
{
    private const string VerbsMark = ".\\\" VERBS\n";

    private const string KeysMark = ".\\\" KEYS\n";

    /// <summary>Every page as its file's name and its roff text.</summary>
    /// <param name="source">The directory with <c>sysctr.1</c>, <c>sysctr.toml.5</c> and <c>prose/</c>.</param>
    /// <exception cref="InvalidDataException">A verb or an option has no text, or prose is of one that is not
    /// there.</exception>
    public static IReadOnlyList<(string Name, string Text)> Pages(string source)
    {
        RootCommand root = CommandTree.Create();
        Command[] verbs = [.. root.Subcommands.Where(v => !v.Hidden)];
        string prose = Path.Combine(source, "prose");
        string[] strangers =
        [
            .. Directory
                .GetFiles(prose)
                .Select(f => Path.GetFileName(f))
                .Except(verbs.Select(v => $"{v.Name}.man"), StringComparer.Ordinal),
        ];
        if (strangers.Length > 0)
        {
            throw new InvalidDataException($"{prose}: {string.Join(", ", strangers)}: there is no such verb");
        }

        string date = DateOf(Path.Combine(source, "../deb/changelog.in"));
        VerbPage[] pages =
        [
            .. verbs.Select(v => new VerbPage(root, v, Prose.Read(Path.Combine(prose, $"{v.Name}.man")), date)),
        ];
        string overview = File.ReadAllText(Path.Combine(source, "sysctr.1"));
        if (overview.Split(VerbsMark) is not [string before, string after])
        {
            throw new InvalidDataException($"sysctr.1 has not one line {VerbsMark}");
        }

        string list = string.Concat(pages.Select(p => $".TP\n.BR {Roff.Escape(p.Name)} (1)\n{p.Summary}\n"));
        return
        [
            ("sysctr.1", Dated(before + list + after)),
            ("sysctr-containers.d.5", Dated(WithKeys(File.ReadAllText(Path.Combine(source, "sysctr-containers.d.5"))))),
            ("sysctr-trust.d.5", Dated(File.ReadAllText(Path.Combine(source, "sysctr-trust.d.5")))),
            ("sysctr.toml.5", Dated(File.ReadAllText(Path.Combine(source, "sysctr.toml.5")))),
            .. pages.Select(p => ($"{p.Name}.1", p.ToString())),
        ];

        string Dated(string page) =>
            page.Replace("\"\" \"sysctr\"", $"\"{date}\" \"sysctr\"", StringComparison.Ordinal);
    }

    /// <summary>The page with a paragraph for each key where its mark is.</summary>
    private static string WithKeys(string page)
    {
        if (page.Split(KeysMark) is not [string before, string after])
        {
            throw new InvalidDataException($"sysctr-containers.d.5 has not one line {KeysMark}");
        }

        return before
            + string.Concat(KeyTable.Rows.Select(r => $".TP\n{Roff.Bold(r.Key + "=")}\n{Roff.Escape(r.Text)}\n"))
            + after;
    }

    /// <summary>The day of the version, which Debian's changelog has:
    /// <c> -- NAME &lt;ADDRESS&gt;  Sat, 28 Nov 2026 12:00:00 +0000</c>.</summary>
    private static string DateOf(string changelog)
    {
        string line = File.ReadLines(changelog).First(l => l.StartsWith(" -- ", StringComparison.Ordinal));
        return DateTimeOffset
            .Parse(line[(line.IndexOf(">  ", StringComparison.Ordinal) + 3)..], CultureInfo.InvariantCulture)
            .ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
    }
}
