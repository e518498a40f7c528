// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Target;
using SystemContainers.Verbs;

namespace SystemContainers.Cli.Commands;

static class RecoverCommand
{
    private const string Name = "recover";

    private static Option<bool> Boot { get; } =
        new("--boot")
        {
            Description =
                "Early at boot, as sysctr-recover.service: without D-Bus, and nothing is started but by systemd itself. With --user when the user's systemd starts.",
        };

    /// <summary>Whether the call is the recovery service's.</summary>
    public static bool IsAtBoot(ParseResult parsed) =>
        parsed.CommandResult.Command.Name == Name && parsed.GetValue(Boot);

    public static Command Create()
    {
        Command command = new(
            Name,
            """
            Ends what a sysctr that was killed, or a power cut, has left interrupted: rolls an install, update or rollback back, or
            finishes it where it had come so far, and finishes an uninstall or a prune. Every call that installs, changes or removes
            containers does this first, as some others do (sysctr-recover(1)), and so does sysctr-recover.service at boot. Without
            such leftovers nothing happens.

            Examples:
              sysctr recover
            """
        )
        {
            Boot,
        };
        command.SetAction(
            async (parsed, cancellation) =>
            {
                Terminal terminal = GlobalOptions.Terminal(parsed);
                using Host host = GlobalOptions.OpenHost(parsed, terminal, isBooting: IsAtBoot(parsed));
                await new RecoverOperation(host).RunAsync(cancellation);
                return 0;
            }
        );
        return command;
    }
}
