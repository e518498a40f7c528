// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using System.CommandLine.Parsing;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Errors;

namespace SystemContainers.Cli.Usage;

/// <summary>A command line that is none of ours: what is wrong with it, and the word that was meant where that is
/// known.</summary>
static class UsageError
{
    /// <summary>As many letters a mistake; with more mistakes it is another word.</summary>
    private const int LettersPerMistake = 4;

    /// <summary>Says it as every other error is said.</summary>
    /// <param name="parsed">What the command line came to.</param>
    /// <returns>The exit status; null where nothing is wrong.</returns>
    public static int? Report(ParseResult parsed)
    {
        if (Describe(parsed) is not { } wrong)
        {
            return null;
        }

        for (int i = 0; i < wrong.Complaints.Count; i++)
        {
            Terminal.Report(wrong.Complaints[i], i == wrong.Complaints.Count - 1 ? wrong.Hint : null);
        }

        return (int)ErrorKind.Usage;
    }

    /// <summary>What is wrong, a sentence each, and what to do next; null where nothing is.</summary>
    public static (IReadOnlyList<string> Complaints, string Hint)? Describe(ParseResult parsed)
    {
        Command at = parsed.CommandResult.Command;
        string called = Called(parsed.CommandResult);
        string? stray =
            OptionAsArgument(parsed) ?? (parsed.UnmatchedTokens.Count > 0 ? parsed.UnmatchedTokens[0] : null);
        if (parsed.Errors.Count == 0 && stray is null)
        {
            return null;
        }

        string help = $"'{called} --help' lists what there is";
        if (stray is null)
        {
            return at.Subcommands.Count > 0 && at.Action is null
                ? (
                    [
                        $"'{called}' needs a verb: {string.Join(", ", at.Subcommands.Where(c => !c.Hidden).Select(c => c.Name))}",
                    ],
                    $"'{called} --help' says what each does"
                )
                : (
                    [.. parsed.Errors.Select(e => Understood(e, called)).Distinct(StringComparer.Ordinal)],
                    parsed.Errors.Any(IsMissing) ? $"write {Synopsis(at, called)}; {help}" : help
                );
        }

        if (stray.StartsWith('-') && OptionsOf(at).Contains(stray.Split('=')[0], StringComparer.Ordinal))
        {
            return ([$"'{stray}' stands before the verb whose option it is"], $"write {called} {stray}");
        }

        string complaint =
            stray.StartsWith('-') ? $"'{called}' has no option '{stray}'"
            : at.Subcommands.Count > 0 ? $"'{called}' has no verb '{stray}'"
            : $"'{called}' has no use for '{stray}'";
        string? advice =
            Meanings.Verb(called, stray) is { } verb ? $"did you mean '{verb}'?"
            : Meanings.Advice(stray) is { } other && (stray.StartsWith('-') || at.Subcommands.Count > 0)
                ? other + (other.EndsWith('?') ? "" : ";")
            : Nearest(at, stray) is { } near ? $"did you mean '{near}'?"
            : null;
        return ([complaint], advice is null ? help : $"{advice} {help}");
    }

    /// <summary>How a verb is written: <c>sysctr rollback NAME [N]</c>.</summary>
    public static string Synopsis(Command verb, string called) =>
        string.Join(' ', verb.Arguments.Select(Written).Prepend(called));

    /// <summary>An option that the verb does not know is an argument to the library. No argument begins so, unless
    /// <c>--</c> stands before it.</summary>
    private static string? OptionAsArgument(ParseResult parsed)
    {
        HashSet<Token> before = new(
            parsed.Tokens.TakeWhile(t => t.Type != TokenType.DoubleDash),
            ReferenceEqualityComparer.Instance
        );
        return parsed
            .CommandResult.Children.OfType<ArgumentResult>()
            .SelectMany(a => a.Tokens)
            .FirstOrDefault(t => t.Value is ['-', _, ..] && before.Contains(t))
            ?.Value;
    }

    private static bool IsMissing(ParseError complaint) =>
        complaint.SymbolResult is ArgumentResult { Tokens.Count: 0 } or OptionResult { Tokens.Count: 0 };

    /// <summary>The library names the type that a value should have by its .NET name, and the words that it may be as
    /// this code spells them.</summary>
    private static string Understood(ParseError complaint, string called)
    {
        if (IsMissing(complaint))
        {
            return complaint.SymbolResult is OptionResult option
                ? $"'{called}': {option.Option.Name} needs {option.Option.HelpName ?? "a value"}, and nothing follows it"
                : $"'{called}': {((ArgumentResult)complaint.SymbolResult!).Argument.Name} is missing";
        }

        if (
            !complaint.Message.StartsWith("Cannot parse argument", StringComparison.Ordinal)
            || complaint.SymbolResult is not { } wrong
        )
        {
            return complaint.Message;
        }

        string name =
            (wrong as OptionResult ?? wrong.Parent as OptionResult)?.Option.Name
            ?? (wrong as ArgumentResult)?.Argument.Name
            ?? "";
        string given = $"{name} {string.Join(' ', wrong.Tokens)}".Trim();
        string[] words =
        [
            .. complaint.Message.Split('\n').Skip(1).Select(w => w.Trim().ToLowerInvariant()).Where(w => w.Length > 0),
        ];
        return $"{given}: {(words.Length == 0 ? "that is no number" : $"it has to be one of {string.Join(", ", words)}")}";
    }

    private static string Called(SymbolResult at) =>
        at switch
        {
            CommandResult { Command: RootCommand } => "sysctr",
            CommandResult { Parent: { } parent } command => $"{Called(parent)} {command.Command.Name}",
            _ => "sysctr",
        };

    private static string Written(Argument argument) =>
        (argument.Arity.MinimumNumberOfValues == 0 ? $"[{argument.Name}]" : argument.Name)
        + (argument.Arity.MaximumNumberOfValues > 1 ? "..." : "");

    /// <summary>The verb or option whose letters are nearest.</summary>
    private static string? Nearest(Command at, string stray) =>
        (
            stray.StartsWith('-')
                ? OptionsOf(at)
                : at.Subcommands.Where(c => !c.Hidden).SelectMany(c => c.Aliases.Prepend(c.Name))
        )
            .Select(name => (Name: name, Mistakes: Mistakes(stray.Split('=')[0], name)))
            .Where(n => n.Mistakes <= n.Name.Length / LettersPerMistake)
            .OrderBy(n => n.Mistakes)
            .Select(n => n.Name)
            .FirstOrDefault();

    private static IEnumerable<string> OptionsOf(Command at) =>
        at
            .Options.Where(o => !o.Hidden)
            .SelectMany(o => o.Aliases.Prepend(o.Name))
            .Concat(GlobalOptions.All.Select(o => o.Name));

    /// <summary>How many letters must be put in, left out, changed or swapped with the next one to make one word of the
    /// other.</summary>
    private static int Mistakes(string from, string to)
    {
        int[,] least = new int[from.Length + 1, to.Length + 1];
        for (int i = 0; i <= from.Length; i++)
        {
            for (int j = 0; j <= to.Length; j++)
            {
                least[i, j] =
                    i == 0 ? j
                    : j == 0 ? i
                    : Math.Min(
                        Math.Min(least[i - 1, j], least[i, j - 1]) + 1,
                        least[i - 1, j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1)
                    );
                if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
                {
                    least[i, j] = Math.Min(least[i, j], least[i - 2, j - 2] + 1);
                }
            }
        }

        return least[from.Length, to.Length];
    }
}
