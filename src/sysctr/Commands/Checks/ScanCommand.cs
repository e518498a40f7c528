// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using System.Globalization;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Errors;
using SystemContainers.Scan;
using SystemContainers.Target;

namespace SystemContainers.Cli.Commands.Checks;

static class ScanCommand
{
    private static readonly LookedAt s_what = new("scanning");

    private static readonly Option<string[]> s_scanners = new("--scanner")
    {
        Description =
            "By which scanner; may be given several times. It can be left out where one alone is configured and installed.",
        HelpName = "SCANNER",
        AllowMultipleArgumentsPerToken = false,
    };

    private static readonly Option<bool> s_list = new("--list") { Description = "List the scanners." };

    private static readonly Option<bool> s_json = new("--json")
    {
        Description = "Print a JSON array, with what the scanners printed in it.",
    };

    public static Command Create()
    {
        Command command = new(
            "scan",
            """
            Hands the files of containers, read-only, to a scanner, and ends as the scanner judges them: with 1 where it found something, with
            12 where one did not come to an end that says either.

            Examples:
              sysctr scan --list
              sysctr scan --scanner clamav etcd
              sysctr scan --all --json | jq '.[] | select(.verdict != "Clean")'
            """
        )
        {
            s_what.Names,
            s_what.All,
            s_scanners,
            s_what.Storage,
            s_list,
            s_json,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        Terminal terminal = GlobalOptions.Terminal(parsed);
        IReadOnlyList<Scanner> scanners = ScannerFiles.Load(ScannerFiles.Directories);
        if (parsed.GetValue(s_list))
        {
            terminal.Table(
                ["SCANNER", "INSTALLED", new("DESCRIPTION") { Dispensable = 1 }],
                [.. scanners.Select(s => new[] { s.Name, s.IsInstalled ? "yes" : "no", s.Description })]
            );
            return 0;
        }

        using Host host = GlobalOptions.OpenHost(parsed, terminal);
        IReadOnlyList<string> names = s_what.Of(parsed, () => host.Catalog.List().Where(c => HasFiles(host, c)));
        Scanner[] chosen = Choose(scanners, parsed.GetValue(s_scanners) ?? []);
        ScanOperation operation = new(host);
        List<ScanReport> reports = [];
        foreach (string name in names)
        {
            foreach (Scanner scanner in chosen)
            {
                if (
                    await s_what.LookAsync(
                        parsed,
                        terminal,
                        kind => operation.ScanAsync(name, kind, scanner, cancellation)
                    )
                    is not { } report
                )
                {
                    continue;
                }

                reports.Add(report);
                if (!parsed.GetValue(s_json))
                {
                    Print(terminal, report);
                }
            }
        }

        if (parsed.GetValue(s_json))
        {
            terminal.Json(Reports.ToJson(reports));
        }

        return reports.Any(r => r.Verdict == ScanVerdict.Found) ? (int)ErrorKind.Failed
            : reports.Any(r => r.Verdict == ScanVerdict.Failed) ? (int)ErrorKind.Host
            : 0;
    }

    /// <summary>A pod, or an image that only has files for the host, has nothing to look at.</summary>
    private static bool HasFiles(Host host, State.ContainerRecord container) =>
        container.RemoteRootfs is not null
        || container.Composefs is not null
        || Directory.Exists(Path.Join(host.Deployment(container.Name, container.Deployment).Here, "rootfs"));

    private static Scanner[] Choose(IReadOnlyList<Scanner> scanners, string[] named)
    {
        if (named.Length > 0)
        {
            return
            [
                .. named
                    .Distinct(StringComparer.Ordinal)
                    .Select(name =>
                        scanners.FirstOrDefault(s => s.Name == name)
                        ?? throw new SysctrException(
                            ErrorKind.NotFound,
                            $"scanning by '{name}': there is no such scanner",
                            $"write {ScannerFiles.Directories[^1]}/{name}.toml (sysctr-scan(1)), or take one of 'sysctr scan --list'"
                        )
                    ),
            ];
        }

        Scanner[] installed = [.. scanners.Where(s => s.IsInstalled)];
        return installed.Length switch
        {
            1 => installed,
            0 => throw new SysctrException(
                ErrorKind.Host,
                "scanning: no scanner is installed",
                $"install the program of one of those of 'sysctr scan --list', or write {ScannerFiles.Directories[^1]}/NAME.toml (sysctr-scan(1))"
            ),
            _ => throw new SysctrException(
                ErrorKind.Usage,
                $"scanning: there are several scanners: {string.Join(", ", installed.Select(s => s.Name))}",
                "say which by --scanner"
            ),
        };
    }

    private static void Print(Terminal terminal, ScanReport report)
    {
        string time = report.Seconds.ToString("0.0", CultureInfo.InvariantCulture);
        switch (report.Verdict)
        {
            case ScanVerdict.Clean:
                terminal.Result($"{report.Name}: {report.Scanner} found nothing ({time} s)");
                break;
            case ScanVerdict.Found:
                terminal.Result($"{report.Name}: {report.Scanner} found something ({time} s)");
                break;
            default:
                terminal.Error($"{report.Name}: {report.Scanner} came to no verdict: {report.Error}");
                break;
        }

        foreach (string line in report.Output ?? report.Results?.GetRawText().Split('\n') ?? [])
        {
            terminal.TextLine($"  {line}");
        }
    }
}
