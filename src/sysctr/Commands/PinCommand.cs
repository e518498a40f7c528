// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Target;
using SystemContainers.Verbs;

namespace SystemContainers.Cli.Commands;

/// <summary>pin and unpin.</summary>
static class PinCommand
{
    public static Command CreatePin() =>
        Create(
            "pin",
            """
            Keeps a deployment: no update and no prune removes it.

            Examples:
              sysctr pin etcd               the one in use
              sysctr pin etcd 3             see 'sysctr list --all'
            """,
            pinned: true
        );

    public static Command CreateUnpin() =>
        Create(
            "unpin",
            "Lets a pinned deployment go with the next update or prune, when its turn comes.",
            pinned: false
        );

    private static Command Create(string verb, string description, bool pinned)
    {
        Argument<string> name = ContainerArgument.One();
        Argument<int?> number = new("N")
        {
            Description = "The deployment; by default the one in use.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Command command = new(verb, description) { name, number };
        command.SetAction(
            async (parsed, cancellation) =>
            {
                Terminal terminal = GlobalOptions.Terminal(parsed);
                using Host host = GlobalOptions.OpenHost(parsed, terminal);
                await new PinOperation(host, terminal.Note).RunAsync(
                    parsed.GetValue(name)!,
                    parsed.GetValue(number),
                    pinned,
                    cancellation
                );
                return 0;
            }
        );
        return command;
    }
}
