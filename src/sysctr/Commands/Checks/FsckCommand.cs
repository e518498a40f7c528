// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Errors;
using SystemContainers.Fsck;
using SystemContainers.Fsck.Findings;
using SystemContainers.Target;

namespace SystemContainers.Cli.Commands.Checks;

static class FsckCommand
{
    private static readonly Option<bool> s_repair = new("--repair")
    {
        Description =
            "Mend what can be mended: fetch by digest, check out again, write again, end or remove what was cut off.",
    };

    private static readonly Option<bool> s_quick = new("--quick")
    {
        Description = "Don't read contents: compare sizes, owners, modes, times and attributes.",
    };

    private static readonly Option<bool> s_json = new("--json")
    {
        Description = "Print a JSON object with the findings and counts.",
    };

    public static Command Create()
    {
        Command command = new(
            "fsck",
            """
            Checks the whole store and what it has on the host: every object, layer, image, deployment, unit and transaction;
            with --repair mends them.

            Examples:
              sysctr fsck                 read everything
              sysctr fsck --quick         without reading the contents of files
              sysctr fsck --repair        and mend what is not as it should be

            Prints a line for each finding, then counts. Exits with 7 when something is broken and not mended; notes, such as a
            unit that was edited, don't count. What another sysctr works on is left out.
            """
        )
        {
            s_repair,
            s_quick,
            s_json,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private const int OrphansTold = 10;

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        Terminal terminal = GlobalOptions.Terminal(parsed);
        using Host host = GlobalOptions.OpenHost(parsed, terminal);
        FsckReport report;
        using (PullProgressView progress = new(terminal))
        {
            report = await new FsckOperation(host, progress).RunAsync(
                !parsed.GetValue(s_quick),
                parsed.GetValue(s_repair),
                cancellation
            );
        }

        if (parsed.GetValue(s_json))
        {
            terminal.Json(Reports.ToJson(report));
        }
        else
        {
            // Files of a store that no layer names are one fact, however many: after a migration all that was there
            // before is among them.
            foreach (
                IGrouping<string, Finding> kind in report.Findings.GroupBy(f =>
                    f.Kind == FindingKind.OrphanObject ? f.Kind : ""
                )
            )
            {
                Finding[] findings = [.. kind];
                int told = kind.Key.Length > 0 && findings.Length > OrphansTold ? OrphansTold : findings.Length;
                foreach (Finding finding in findings[..told])
                {
                    terminal.Result(finding.ToString());
                }

                if (findings.Length > told)
                {
                    terminal.Result(
                        terminal.Typed(
                            $"note: {kind.Key}: {findings.Length - told} more belong to no layer; 'sysctr images prune' removes them, and --json names them"
                        )
                    );
                }
            }

            terminal.Result(report.Summary);
        }

        return report.Left > 0 ? (int)ErrorKind.Corrupt : 0;
    }
}
