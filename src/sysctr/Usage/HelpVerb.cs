// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;

namespace SystemContainers.Cli.Usage;

/// <summary><c>sysctr help VERB</c>, which is <c>sysctr VERB --help</c>.</summary>
static class HelpVerb
{
    public const string Name = "help";

    private static readonly Argument<string[]> s_verb = new("VERB")
    {
        Description = "The verb; with its own verb behind it, where it has some.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    /// <summary>For the overview and completion; <see cref="Rewrite"/> leaves nothing for it to do.</summary>
    public static Command Create() =>
        new(Name, "Shows the help of a verb; the same as 'sysctr VERB --help'.") { s_verb };

    /// <summary>The command line with the option in place of the verb.</summary>
    public static string[] Rewrite(string[] words)
    {
        int verb = GlobalOptions.VerbAt(words);
        return verb < words.Length && words[verb] == Name
            ? [.. words[..verb], .. words[(verb + 1)..], "--help"]
            : words;
    }
}
