// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Usage;

namespace SystemContainers.Cli.Completion;

/// <summary>Where in a command line the cursor is.</summary>
sealed class Place
{
    private readonly List<string> _positional = [];

    private Place(Command command) => Command = command;

    /// <summary>The verb so far; the root where there is none.</summary>
    public Command Command { get; private set; }

    /// <summary>Its words, such as <c>images list</c>.</summary>
    public string Path { get; private set; } = "";

    /// <summary>The option whose value the word is; null where it is none.</summary>
    public Option? Pending { get; private set; }

    /// <summary>Whether nothing is an option any more: behind <c>--</c>, and behind the name in <c>exec</c>.</summary>
    public bool OptionsEnded { get; private set; }

    /// <summary>The arguments before the word.</summary>
    public IReadOnlyList<string> Positional => _positional;

    /// <summary>The options that may stand here.</summary>
    public IEnumerable<Option> Options =>
        Command.Options.Where(o => !GlobalOptions.All.Contains(o)).Concat(GlobalOptions.All).DistinctBy(o => o.Name);

    /// <summary>The verbs that may stand here; null where an argument does.</summary>
    public IEnumerable<Command>? Verbs =>
        Command.Subcommands.Count > 0 && _positional.Count == 0 ? Command.Subcommands : null;

    /// <summary>The argument that the word is; null where there is none any more.</summary>
    public Argument? Argument
    {
        get
        {
            int at = _positional.Count;
            foreach (Argument argument in Command.Arguments)
            {
                if (at < argument.Arity.MaximumNumberOfValues)
                {
                    return argument;
                }

                at -= argument.Arity.MaximumNumberOfValues;
            }

            return null;
        }
    }

    /// <summary>Goes through the words before the last one.</summary>
    public static Place Of(string[] words)
    {
        RootCommand root = CommandTree.Create();
        Place place = new(root);
        foreach (string word in words.SkipLast(1))
        {
            place.Pass(word);
        }

        // It takes the words of a verb, as if it were not there.
        return place.Command.Name == HelpVerb.Name ? Of([.. place.Positional, words[^1]]) : place;
    }

    private void Pass(string word)
    {
        if (Pending is not null)
        {
            Pending = null;
        }
        else if (!OptionsEnded && word == "--")
        {
            OptionsEnded = true;
        }
        else if (!OptionsEnded && word is ['-', _, ..])
        {
            Pending = GlobalOptions.ValuedByNext(Options, word);
        }
        else if (Verbs?.FirstOrDefault(v => v.Name == word || v.Aliases.Contains(word)) is { } verb)
        {
            Command = verb;
            Path = $"{Path} {verb.Name}".TrimStart();
        }
        else
        {
            _positional.Add(word);
            OptionsEnded |= Path == "exec";
        }
    }
}
