using System.CommandLine;
using System.CommandLine.Parsing;
using SystemContainers.Errors;

namespace SystemContainers.Cli;

/// <summary>A command line that is none of ours: what is wrong with it, and the word that was meant where one is near.</summary>
static class UsageError
{
    /// <summary>More mistakes than this in a word, and it is another word.</summary>
    private const int MaxMistakes = 2;

    /// <summary>Says it as every other error is said.</summary>
    /// <param name="parsed">What the command line came to.</param>
    /// <returns>The exit status; null where nothing is wrong.</returns>
    public static int? Report(ParseResult parsed)
    {
        Command at = parsed.CommandResult.Command;
        string called = Called(parsed.CommandResult);
        string? stray = parsed.UnmatchedTokens.Count > 0 ? parsed.UnmatchedTokens[0] : OptionAsArgument(parsed.CommandResult);
        if (parsed.Errors.Count == 0 && stray is null)
        {
            return null;
        }

        bool takesVerb = at.Subcommands.Count > 0 && at.Action is null;
        IEnumerable<string> complaints = stray?.StartsWith('-') == true ? [$"'{called}' has no option '{stray}'"]
            : !takesVerb ? parsed.Errors.Select(Understood)
            : stray is null ? [$"'{called}' needs a verb"]
            : [$"'{called}' has no verb '{stray}'"];
        string help = $"'{called} --help' lists what there is";
        string hint = stray is not null && Meant(at, stray) is { } meant ? $"did you mean '{meant}'? {help}" : help;
        string[] all = [.. complaints.DefaultIfEmpty($"'{called}' has no use for '{stray}'")];
        for (int i = 0; i < all.Length; i++)
        {
            Terminal.Report(all[i], i == all.Length - 1 ? hint : null);
        }

        return (int)ErrorKind.Usage;
    }

    /// <summary>An option that the verb does not know is an argument to the library. Nothing that a verb takes begins so, except in <c>exec</c>.</summary>
    private static string? OptionAsArgument(CommandResult at) =>
        at.Command.Name == "exec"
            ? null
            : at.Children.OfType<ArgumentResult>().SelectMany(a => a.Tokens).Select(t => t.Value).FirstOrDefault(t => t.StartsWith("--", StringComparison.Ordinal));

    /// <summary>The library names the type that a value should have by its .NET name, and the words that it may be as this code spells them.</summary>
    private static string Understood(ParseError complaint)
    {
        if (!complaint.Message.StartsWith("Cannot parse argument", StringComparison.Ordinal) || complaint.SymbolResult is not { } wrong)
        {
            return complaint.Message;
        }

        string given = $"{((wrong as OptionResult ?? wrong.Parent as OptionResult)?.Option.Name)} {string.Join(' ', wrong.Tokens)}".Trim();
        string[] words = [.. complaint.Message.Split('\n').Skip(1).Select(w => w.Trim().ToLowerInvariant()).Where(w => w.Length > 0)];
        return $"{given}: {(words.Length == 0 ? "that is no number" : $"it has to be one of {string.Join(", ", words)}")}";
    }

    private static string Called(SymbolResult at) => at switch
    {
        CommandResult { Command: RootCommand } => "sysctr",
        CommandResult { Parent: { } parent } command => $"{Called(parent)} {command.Command.Name}",
        _ => "sysctr",
    };

    /// <summary>The verb or option whose name is nearest.</summary>
    private static string? Meant(Command at, string stray) =>
        Names(at)
            .Select(name => (Name: name, Mistakes: Mistakes(stray.Split('=')[0], name)))
            .Where(n => n.Mistakes <= Math.Min(MaxMistakes, n.Name.Length / 2))
            .OrderBy(n => n.Mistakes)
            .Select(n => n.Name)
            .FirstOrDefault();

    private static IEnumerable<string> Names(Command at) =>
        [.. at.Subcommands.SelectMany(c => c.Aliases.Prepend(c.Name)), .. at.Options.Concat(GlobalOptions.All).Select(o => o.Name)];

    /// <summary>How many letters must be put in, left out, changed or swapped with the next one to make one word of the other.</summary>
    private static int Mistakes(string from, string to)
    {
        int[,] least = new int[from.Length + 1, to.Length + 1];
        for (int i = 0; i <= from.Length; i++)
        {
            for (int j = 0; j <= to.Length; j++)
            {
                least[i, j] = i == 0 ? j
                    : j == 0 ? i
                    : Math.Min(
                        Math.Min(least[i - 1, j], least[i, j - 1]) + 1,
                        least[i - 1, j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
                {
                    least[i, j] = Math.Min(least[i, j], least[i - 2, j - 2] + 1);
                }
            }
        }

        return least[from.Length, to.Length];
    }
}
