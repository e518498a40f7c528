// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Errors;
using SystemContainers.Fleet;

namespace SystemContainers.Cli.Commands.Rollout;

static class RolloutStatusCommand
{
    private static readonly Option<bool> s_json = new("--json") { Description = "Print a JSON array." };

    public static Command Create()
    {
        Command command = new(
            "status",
            "Lists the hosts that update or wait, first come first, and what holds the others."
        )
        {
            RolloutCommand.Lock,
            s_json,
        };
        command.SetAction(
            async (parsed, cancellation) =>
            {
                Terminal terminal = GlobalOptions.Terminal(parsed);
                using RolloutControl rollout = RolloutCommand.Open(parsed);
                IReadOnlyList<RolloutReport> hosts = await rollout.ListAsync(cancellation);
                if (parsed.GetValue(s_json))
                {
                    terminal.Json(Reports.ToJson(hosts));
                    return 0;
                }

                terminal.Table(
                    [
                        "HOST",
                        new("STATE") { IsState = true },
                        new("SINCE") { Dispensable = 1 },
                        new("HELD BECAUSE") { Least = 12 },
                    ],
                    [.. hosts.Select(h => new[] { h.Host, StateOf(h), TimeText.Ago(h.Since), h.Reason ?? "" })]
                );
                return 0;
            }
        );
        return command;
    }

    private static string StateOf(RolloutReport host) =>
        host switch
        {
            { State: SlotState.Switching, Alive: false } => "cut off",
            _ => host.State.ToString().ToLowerInvariant(),
        };
}
