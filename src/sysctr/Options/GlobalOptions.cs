// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Output;
using SystemContainers.Errors;
using SystemContainers.Linux.Users;
using SystemContainers.State;
using SystemContainers.Target;

namespace SystemContainers.Cli.Options;

/// <summary>Options that every verb takes.</summary>
static class GlobalOptions
{
    public static Option<string> Root { get; } =
        new("--root")
        {
            Description = "Work on the system below DIR, offline: files and enablement links only.",
            HelpName = "DIR",
            DefaultValueFactory = _ => "/",
            Recursive = true,
        };

    public static Option<bool> System { get; } =
        new("--system")
        {
            Description =
                "Work on the system's containers, as root. It is the default; the option is there for old habits.",
            Recursive = true,
        };

    public static Option<bool> User { get; } =
        new("--user")
        {
            Description = "Work on the calling user's own containers, in the user's systemd and home directory.",
            Recursive = true,
        };

    public static Option<bool> Quiet { get; } =
        new("--quiet", "-q") { Description = "Say nothing but results and errors.", Recursive = true };

    public static Option<int> LockTimeout { get; } =
        new("--lock-timeout")
        {
            Description =
                "How long to wait for another sysctr that works on the same; then exit with status 15. 0 does not wait.",
            HelpName = "SECONDS",
            DefaultValueFactory = _ => 600,
            Recursive = true,
        };

    /// <summary>What this call has done: one process is one call.</summary>
    public static CallOutcome Outcome { get; } = new();

    /// <summary>As the help shows them.</summary>
    public static IReadOnlyList<Option> All { get; } = [Root, System, User, Quiet, LockTimeout];

    /// <summary>Where the verb stands: behind global options and their values. The number of words where there is
    /// none.</summary>
    public static int VerbAt(IReadOnlyList<string> words) => OperandAt(words, All);

    /// <summary>Where the first word stands that is no option and no option's value. The number of words where there is
    /// none.</summary>
    public static int OperandAt(IReadOnlyList<string> words, IReadOnlyList<Option> options)
    {
        int at = 0;
        while (at < words.Count && words[at] is ['-', _, ..])
        {
            at += ValuedByNext(options, words[at]) is null ? 1 : 2;
        }

        return Math.Min(at, words.Count);
    }

    /// <summary>
    /// The option of a word whose value is the next word; null for a switch, for <c>--root=DIR</c> and <c>-uNAME</c>,
    /// and for what is none of them. Short ones may stand together, <c>-itu NAME</c>.
    /// </summary>
    public static Option? ValuedByNext(IEnumerable<Option> options, string word)
    {
        Option[] all = [.. options];
        if (word.StartsWith("--", StringComparison.Ordinal))
        {
            return Find(word) is { } named && named.ValueType != typeof(bool) ? named : null;
        }

        for (int i = 1; i < word.Length; i++)
        {
            if (Find($"-{word[i]}") is not { } option)
            {
                return null;
            }

            if (option.ValueType != typeof(bool))
            {
                return i == word.Length - 1 ? option : null;
            }
        }

        return null;

        Option? Find(string name) => Array.Find(all, o => o.Name == name || o.Aliases.Contains(name));
    }

    public static Terminal Terminal(ParseResult parsed) => Output.Terminal.Of(parsed.GetValue(Quiet), Typed(parsed));

    /// <summary>What a command needs in front of its verb to be about the host of this call; null where that is the
    /// running one.</summary>
    public static string? Typed(ParseResult parsed) =>
        TypedWords.OptionsOf(
            parsed.GetValue(Root) is { Length: > 0 } root ? Path.GetFullPath(root) : "/",
            parsed.GetValue(User)
        );

    /// <summary>Opens the host that the command line names; waiting for a lock is said on the terminal.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="isBooting">Whether its systemd is only about to come up.</param>
    public static Host OpenHost(ParseResult parsed, Terminal terminal, bool isBooting = false)
    {
        string root = Path.GetFullPath(parsed.GetValue(Root)!);
        HostUser? user = parsed.GetValue(User) ? HostUser.OfCaller() : null;
        if (user is not null && (parsed.GetValue(System) || root != "/"))
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"--user does not go with {(root == "/" ? "--system" : "--root")}",
                "leave one of them out"
            );
        }

        user?.Export(inside: HostUser.IsInNamespace);
        return Host.Open(
            root,
            terminal.Note,
            new HostOptions
            {
                LockTimeout = TimeSpan.FromSeconds(parsed.GetValue(LockTimeout)),
                RolloutTimeout = parsed.GetResult(LockTimeout) is { Implicit: false }
                    ? TimeSpan.FromSeconds(parsed.GetValue(LockTimeout))
                    : null,
                IsBooting = isBooting,
                Outcome = Outcome,
            },
            user
        );
    }
}
