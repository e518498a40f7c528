// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Errors;
using SystemContainers.Mounts;
using SystemContainers.State;

namespace SystemContainers.Cli.Commands.Checks;

/// <summary>What a verb looks at one by one: containers and images by name, or all containers.</summary>
/// <param name="doing">What it does with them, for messages: "scanning".</param>
sealed class LookedAt(string doing)
{
    public Argument<string[]> Names { get; } =
        new("NAME|IMAGE")
        {
            Description = "Containers, or images of the store by name or ID.",
            Arity = ArgumentArity.ZeroOrMore,
            CustomParser = result => [.. result.Tokens.Select(t => Exports.ContainerName.OfUnit(t.Value))],
        };

    public Option<bool> All { get; } = new("--all", "-a") { Description = "All installed containers." };

    public Option<MountStorage?> Storage { get; } = StorageOption.Create();

    /// <summary>Those that were named, or, for <c>--all</c>, those that are installed.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="installed">Asked for all that can be looked at.</param>
    /// <exception cref="SysctrException">Usage: both, or neither, were said.</exception>
    public IReadOnlyList<string> Of(ParseResult parsed, Func<IEnumerable<ContainerRecord>> installed)
    {
        string[] names = parsed.GetValue(Names)!;
        return (names.Length > 0, parsed.GetValue(All)) switch
        {
            (true, true) => throw new SysctrException(
                ErrorKind.Usage,
                $"{doing} {names[0]}: --all is all containers",
                "leave out the one or the other"
            ),
            (false, false) => throw new SysctrException(
                ErrorKind.Usage,
                $"{doing}: what?",
                "name containers or images, or write --all"
            ),
            (true, false) => names,
            _ => [.. installed().Select(c => c.Name)],
        };
    }

    /// <returns>Null for one of <c>--all</c> that was uninstalled since it was listed, which is noted.</returns>
    public async Task<T?> LookAsync<T>(ParseResult parsed, Terminal terminal, Func<MountKind?, Task<T>> look)
        where T : class
    {
        bool all = parsed.GetValue(All);
        try
        {
            return await look(all ? MountKind.Container : StorageOption.Kind(parsed.GetValue(Storage)));
        }
        catch (SysctrException e) when (all && e.Kind == ErrorKind.NotFound)
        {
            terminal.Note(e.Message);
            return null;
        }
    }
}
