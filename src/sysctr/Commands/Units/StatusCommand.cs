// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Inspect;
using SystemContainers.Target;

namespace SystemContainers.Cli.Commands.Units;

static class StatusCommand
{
    /// <summary>What systemctl status gives for a unit that does not run (LSB: "program is not running").</summary>
    private const int NotRunning = 3;

    private static readonly Argument<string> s_name = ContainerArgument.One();

    private static readonly Option<bool> s_json = JsonOption.Create();

    public static Command Create()
    {
        Command command = new(
            "status",
            "Shows how a container is doing, in a few lines; 'systemctl status NAME' tells more. Exit status 3: it does not run."
        )
        {
            s_name,
            s_json,
        };
        command.SetAction(
            async (parsed, cancellation) =>
            {
                Terminal terminal = GlobalOptions.Terminal(parsed);
                using Host host = GlobalOptions.OpenHost(parsed, terminal);
                ContainerDetails details = await new ContainerReports(host).DetailsAsync(
                    parsed.GetValue(s_name)!,
                    cancellation
                );
                bool running = details.State is "active" or "reloading";
                if (parsed.GetValue(s_json))
                {
                    terminal.Json(
                        Reports.ToJson(
                            new StatusReport(
                                details.Name,
                                $"{details.Name}.service",
                                details.State,
                                details.SubState,
                                details.Enabled,
                                details.MainPid,
                                details.Image,
                                running
                            )
                        )
                    );
                    return running ? 0 : NotRunning;
                }

                string state = $"{details.State} ({details.SubState})";
                terminal.Result($"{details.Name}.service: {state}, {details.Enabled}", state);
                terminal.Result($"  image    {details.Image}");
                terminal.Result($"  main PID {(details.MainPid == 0 ? "-" : details.MainPid)}");
                return running ? 0 : NotRunning;
            }
        );
        return command;
    }
}
