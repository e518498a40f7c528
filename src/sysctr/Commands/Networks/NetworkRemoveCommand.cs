// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Networks;
using SystemContainers.Target;
using SystemContainers.Transactions;

namespace SystemContainers.Cli.Commands.Networks;

static class NetworkRemoveCommand
{
    private static readonly Argument<string[]> s_names = new("NETWORK")
    {
        Description = "Networks by name.",
        Arity = ArgumentArity.OneOrMore,
    };

    public static Command Create()
    {
        Command command = new("remove", "Removes networks that no installed container names.") { s_names };
        command.SetAction(
            async (parsed, cancellation) =>
            {
                Terminal terminal = GlobalOptions.Terminal(parsed);
                using Host host = GlobalOptions.OpenHost(parsed, terminal);
                NetworkOperations networks = new(host);

                // What a killed call has left would count as a container on it.
                await host.RecoverAsync(cancellation);
                foreach (string name in parsed.GetValue(s_names)!)
                {
                    networks.Remove(name);
                    terminal.Note($"{name}: removed");
                }

                return 0;
            }
        );
        return command;
    }
}
