using System.CommandLine;
using SystemContainers.Deploy;
using SystemContainers.Deploy.Fsck;
using SystemContainers.Errors;

namespace SystemContainers.Cli.Commands;

static class FsckCommand
{
    private static readonly Option<bool> s_quick = new("--quick") { Description = "Don't read contents: compare sizes, owners, modes, times and attributes." };

    private static readonly Option<bool> s_json = new("--json") { Description = "Print a JSON object with the findings and counts." };

    public static Command Create()
    {
        Command command = new(
            "fsck",
            """
            Checks the whole store and what it has on the host: every object, layer, image, deployment, unit and transaction.

            Examples:
              sysctr fsck                 read everything
              sysctr fsck --quick         without reading the contents of files

            Prints a line for each finding, then counts. Exits with 7 when something is broken; notes, such as a unit that was
            edited, don't count. What another sysctr works on is left out.
            """) { s_quick, s_json };
        command.SetAction((parsed, cancellation) => Task.FromResult(Run(parsed, cancellation)));
        return command;
    }

    private static int Run(ParseResult parsed, CancellationToken cancellation)
    {
        Terminal terminal = GlobalOptions.Terminal(parsed);
        using Host host = GlobalOptions.OpenHost(parsed, terminal);
        FsckReport report = new FsckOperation(host).Check(content: !parsed.GetValue(s_quick), cancellation);
        if (parsed.GetValue(s_json))
        {
            terminal.Result(Reports.ToJson(report));
        }
        else
        {
            foreach (Finding finding in report.Findings)
            {
                terminal.Result(finding.ToString());
            }

            terminal.Result(report.Summary);
        }

        return report.Left > 0 ? (int)ErrorKind.Corrupt : 0;
    }
}
