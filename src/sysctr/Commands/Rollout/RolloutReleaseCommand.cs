// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Fleet;

namespace SystemContainers.Cli.Commands.Rollout;

static class RolloutReleaseCommand
{
    private static readonly Argument<string[]> s_hosts = new("HOST")
    {
        Description = "Hosts that hold the roll-out, by name or ID; all of them when none is named.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    public static Command Create()
    {
        Command command = new("release", "Lets a roll-out go on that a failed or cut off update holds.")
        {
            s_hosts,
            RolloutCommand.Lock,
        };
        command.SetAction(
            async (parsed, cancellation) =>
            {
                Terminal terminal = GlobalOptions.Terminal(parsed);
                using RolloutControl rollout = RolloutCommand.Open(parsed);
                await rollout.ReleaseAsync(parsed.GetValue(s_hosts)!, terminal.Note, cancellation);
                return 0;
            }
        );
        return command;
    }
}
