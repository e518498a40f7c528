// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Mounts;
using SystemContainers.Target;

namespace SystemContainers.Cli.Commands;

static class UmountCommand
{
    private static readonly Argument<string[]> s_directories = new("DIR")
    {
        Description = "Where something was mounted with 'sysctr mount'.",
        Arity = ArgumentArity.OneOrMore,
    };

    public static Command Create()
    {
        Command command = new(
            "umount",
            "Takes mounts away that 'sysctr mount' made, and what was checked out for them."
        )
        {
            s_directories,
        };
        command.Aliases.Add("unmount");
        command.SetAction(
            async (parsed, cancellation) =>
            {
                Terminal terminal = GlobalOptions.Terminal(parsed);
                using Host host = GlobalOptions.OpenHost(parsed, terminal);
                MountOperation operation = new(host, terminal.Note);
                foreach (string directory in parsed.GetValue(s_directories)!)
                {
                    await operation.UnmountAsync(directory, cancellation);
                }

                return 0;
            }
        );
        return command;
    }
}
