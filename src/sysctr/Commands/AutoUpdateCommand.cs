// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Fleet.AutoUpdate;
using SystemContainers.Target;

namespace SystemContainers.Cli.Commands;

static class AutoUpdateCommand
{
    private static readonly Option<bool> s_dryRun = new("--dry-run")
    {
        Description = "Ask the registries only; change nothing.",
    };

    private static readonly Option<bool> s_json = new("--json") { Description = "Print a JSON array." };

    public static Command Create()
    {
        Command command = new(
            "auto-update",
            """
            Updates the containers with the policy 'registry' whose registry has a newer image. One that fails is as it was, and the
            others go on. One whose image gained a right on the host is held, with exit status 6, until 'update --grant' lets it through;
            it is asked for and told to the history once. sysctr-update.timer calls it every night, once it is enabled.

            Examples:
              sysctr update etcd --auto-update registry         from now on
              sysctr auto-update --dry-run                      what tonight would bring
              systemctl enable --now sysctr-update.timer
              systemctl --user enable --now sysctr-update.timer
            """
        )
        {
            s_dryRun,
            s_json,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        Terminal terminal = GlobalOptions.Terminal(parsed);
        using Host host = GlobalOptions.OpenHost(parsed, terminal);
        IReadOnlyList<AutoUpdateReport> reports;
        using (PullProgressView progress = new(terminal))
        {
            reports = await new AutoUpdateOperation(host, progress, terminal.Note).RunAsync(
                parsed.GetValue(s_dryRun),
                cancellation
            );
        }

        if (parsed.GetValue(s_json))
        {
            terminal.Json(Reports.ToJson(reports));
        }
        else
        {
            terminal.Table(
                [
                    new("UNIT") { Dispensable = 2 },
                    "CONTAINER",
                    new("IMAGE") { Least = 14, KeepsEnd = true },
                    new("POLICY") { Dispensable = 1 },
                    new("RESULT") { IsState = true },
                ],
                [
                    .. reports.Select(r =>
                        new[]
                        {
                            r.Unit,
                            r.Name,
                            ImageText.Name(r.Image),
                            Reports.Word(r.Policy),
                            Reports.Word(r.Result),
                        }
                    ),
                ]
            );
        }

        foreach (AutoUpdateReport failed in reports.Where(r => r.Reason is not null))
        {
            terminal.Error($"{failed.Name}: {failed.Reason}");
        }

        return reports.FirstOrDefault(r => r.ExitCode != 0)?.ExitCode ?? 0;
    }
}
