// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Errors;
using SystemContainers.Inspect.Space;
using SystemContainers.Target;

namespace SystemContainers.Cli.Commands;

static class DfCommand
{
    private static readonly Option<bool> s_json = JsonOption.Create();

    public static Command Create()
    {
        Command command = new(
            "df",
            """
            Shows what uses the store's space: images, what they share with other images, what each container has beside its image, and what
            a prune would free. A file counts once, whatever number of images and containers share it.

            Examples:
              sysctr df
              sysctr df --json | jq .prunable
            """
        )
        {
            s_json,
        };
        command.SetAction(parsed =>
        {
            Terminal terminal = GlobalOptions.Terminal(parsed);
            using Host host = GlobalOptions.OpenHost(parsed, terminal);
            SpaceReport report = new SpaceReports(host).Of();
            if (parsed.GetValue(s_json))
            {
                terminal.Json(Reports.ToJson(report));
            }
            else
            {
                Print(terminal, report);
            }

            return 0;
        });
        return command;
    }

    private static void Print(Terminal terminal, SpaceReport report)
    {
        if (report.Images.Count > 0)
        {
            terminal.Table(
                [
                    new("IMAGE") { Least = 14, KeepsEnd = true },
                    new("SIZE") { IsNumber = true },
                    new("SHARED") { IsNumber = true, Dispensable = 2 },
                    new("ALONE") { IsNumber = true, Dispensable = 1 },
                    new("USED BY") { Dispensable = 3, Least = 8 },
                ],
                [
                    .. report.Images.Select(i =>
                        new[]
                        {
                            ImageText.Name(i.Names[0]) + (i.Names.Count > 1 ? $" (+{i.Names.Count - 1})" : ""),
                            ByteSize.Text(i.Bytes),
                            ByteSize.Text(i.Shared),
                            ByteSize.Text(i.Bytes - i.Shared),
                            string.Join(' ', i.UsedBy.DefaultIfEmpty("-")),
                        }
                    ),
                ]
            );
            terminal.Result("");
        }

        if (report.Containers.Count > 0)
        {
            terminal.Table(
                [
                    new("CONTAINER") { Least = 12 },
                    new("DEPLOYMENTS") { IsNumber = true, Dispensable = 1 },
                    new("OWN FILES") { IsNumber = true },
                    new("STATE") { IsNumber = true },
                ],
                [
                    .. report.Containers.Select(c =>
                        new[] { c.Name, c.Deployments.ToString(), ByteSize.Text(c.Bytes), ByteSize.Text(c.State) }
                    ),
                ]
            );
            terminal.Result("");
        }

        terminal.Result(
            $"{report.Store}: {ByteSize.Text(report.Bytes)} in {report.Files} files; {ByteSize.Text(report.Free)} of {ByteSize.Text(report.Total)} are free"
        );
        terminal.Result(
            terminal.Typed(
                $"'sysctr prune' would free {ByteSize.Text(report.Prunable)}, 'sysctr images prune --all' {ByteSize.Text(report.PrunableAll)}"
            )
        );
    }
}
