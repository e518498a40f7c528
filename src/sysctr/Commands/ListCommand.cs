// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Errors;
using SystemContainers.Inspect;
using SystemContainers.Target;
using SystemContainers.Transactions;

namespace SystemContainers.Cli.Commands;

static class ListCommand
{
    private static readonly Option<bool> s_json = new("--json") { Description = "Print a JSON array." };

    private static readonly Option<bool> s_all = new("--all")
    {
        Description =
            "List the deployments that are not in use too: what a rollback can go to. A '*' marks those in use.",
    };

    private static readonly Option<string[]> s_filter = new("--filter", "-f")
    {
        Description =
            "Only those that match: name=PATTERN, image=PATTERN, runtime=PATTERN, state=STATE. Several have to match all.",
        HelpName = "FIELD=PATTERN",
        DefaultValueFactory = _ => [],
    };

    private static readonly Option<bool> s_names = new("--names")
    {
        Description = "Print the names alone, one a line.",
    };
    private static readonly Option<bool> s_noHeading = new("--no-heading")
    {
        Description = "Leave out the line that names the columns.",
    };

    private static readonly TableColumn[] s_columns =
    [
        new("NAME") { Least = 12 },
        new("STATE") { IsState = true },
        new("ENABLED") { Dispensable = 3 },
        new("IMAGE") { Least = 14, KeepsEnd = true },
        new("DEPLOYMENT") { Dispensable = 2 },
        new("INSTALLED") { Dispensable = 4 },
        new("AUTO-UPDATE") { Dispensable = 5 },
    ];

    public static Command Create()
    {
        Command command = new("list", "Lists the installed containers with their state in systemd.")
        {
            s_all,
            s_filter,
            s_json,
            s_names,
            s_noHeading,
        };
        command.SetAction(
            async (parsed, cancellation) =>
            {
                Terminal terminal = GlobalOptions.Terminal(parsed);
                using Host host = GlobalOptions.OpenHost(parsed, terminal);
                await host.RecoverPendingAsync(cancellation);
                IReadOnlyList<ContainerReport> containers = ContainerFilter.Apply(
                    await new ContainerReports(host).ListAsync(parsed.GetValue(s_all), cancellation),
                    parsed.GetValue(s_filter)!
                );
                if (parsed.GetValue(s_json))
                {
                    terminal.Json(Reports.ToJson(containers));
                    return 0;
                }

                if (parsed.GetValue(s_names))
                {
                    foreach (string name in containers.Select(c => c.Name).Distinct(StringComparer.Ordinal))
                    {
                        terminal.Result(name);
                    }

                    return 0;
                }

                terminal.Table(
                    s_columns,
                    [
                        .. containers.Select(c =>
                            new[]
                            {
                                c.Name,
                                c.State,
                                c.Enabled,
                                ImageText.Name(c.Image),
                                Deployment(c, parsed.GetValue(s_all)),
                                TimeText.Ago(c.InstalledAt),
                                Reports.Word(c.AutoUpdate),
                            }
                        ),
                    ],
                    withHeading: !parsed.GetValue(s_noHeading)
                );
                return 0;
            }
        );
        return command;
    }

    private static string Deployment(ContainerReport container, bool all) =>
        $"{container.Deployment}{(all && container.InUse ? "*" : "")}{(container.Pinned ? " pinned" : "")}{(container.Held is null && container.Failed is null ? "" : " held")}";
}
