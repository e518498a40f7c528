// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Errors;
using SystemContainers.History;
using SystemContainers.State;
using SystemContainers.Target;

namespace SystemContainers.Cli.Commands;

static class HistoryCommand
{
    private static readonly Argument<string?> s_name = ContainerArgument.Optional(
        "NAME",
        "Of this container only, installed or not; or of the image of this full reference."
    );

    private static readonly Option<int?> s_last = new("--last", "-n")
    {
        Description = "The latest N entries only.",
        HelpName = "N",
    };

    private static readonly Option<bool> s_json = new("--json") { Description = "Print a JSON array, oldest first." };

    public static Command Create()
    {
        Command command = new(
            "history",
            """
            Shows what was done to containers and to the store's images: who, what, when, from which deployment or digest to which, and
            how it ended.

            Examples:
              sysctr history etcd
              sysctr history --last 20
              sysctr history registry.example.com/etcd:3.5    pulled and deleted when, by whom
              journalctl SYSCTR_CONTAINER=etcd -o verbose     the same, from the journal
            """
        )
        {
            s_name,
            s_last,
            s_json,
        };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(s_last) is < 1)
            {
                throw new SysctrException(ErrorKind.Usage, "--last: not a number of entries");
            }

            Terminal terminal = GlobalOptions.Terminal(parsed);
            using Host host = GlobalOptions.OpenHost(parsed, terminal);
            IReadOnlyList<HistoryEntry> entries = host.History.Read(parsed.GetValue(s_name), parsed.GetValue(s_last));
            if (parsed.GetValue(s_json))
            {
                terminal.Json(Reports.ToJson(entries));
                return 0;
            }

            terminal.Table(
                [
                    new("WHEN") { LeastLeft = 11, KeepsEnd = true },
                    new("BY") { Dispensable = 1 },
                    new("OPERATION") { LeastLeft = 6 },
                    new("CONTAINER") { LeastLeft = 8 },
                    new("FROM") { Dispensable = 3 },
                    new("TO") { Dispensable = 2 },
                    new("IMAGE")
                    {
                        Least = 14,
                        KeepsEnd = true,
                        Dispensable = 4,
                    },
                    new("OUTCOME")
                    {
                        IsState = true,
                        Least = 12,
                        LeastLeft = 7,
                    },
                ],
                [
                    .. entries.Select(e =>
                        new[]
                        {
                            TimeText.Absolute(e.StartedAt),
                            e.By.Name,
                            e.Operation,
                            e.Container ?? "-",
                            HistoryText.From(e),
                            HistoryText.To(e),
                            ImageText.Name(HistoryText.Image(e)),
                            HistoryText.Outcome(e),
                        }
                    ),
                ]
            );
            return 0;
        });
        return command;
    }
}
