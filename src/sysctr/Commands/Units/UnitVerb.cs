// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Target;
using SystemContainers.Verbs;

namespace SystemContainers.Cli.Commands.Units;

/// <summary>The shape that start, stop and restart share: some containers, one call to systemd for each.</summary>
static class UnitVerb
{
    public static Command Create(
        string verb,
        string description,
        Func<ContainerControl, string, CancellationToken, Task> call
    )
    {
        Argument<string[]> names = ContainerArgument.Several();
        Command command = new(
            verb,
            $"{description} Thin over systemd: their units are ordinary ones, which 'systemctl {verb} UNIT' {verb}s one by one, too."
        )
        {
            names,
        };
        command.SetAction(
            async (parsed, cancellation) =>
            {
                Terminal terminal = GlobalOptions.Terminal(parsed);
                using Host host = GlobalOptions.OpenHost(parsed, terminal);
                ContainerControl control = new(host);
                foreach (string name in parsed.GetValue(names)!)
                {
                    await call(control, name, cancellation);
                }

                return 0;
            }
        );
        return command;
    }
}
