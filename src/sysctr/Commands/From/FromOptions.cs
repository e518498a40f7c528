// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Conversion;
using SystemContainers.Conversion.Files;
using SystemContainers.Errors;

namespace SystemContainers.Cli.Commands.From;

/// <summary>What the verbs of <c>from</c> have in common: where the files go, and how it is told what is
/// lost.</summary>
static class FromOptions
{
    private static readonly Option<string?> s_output = new("--output", "-o")
    {
        Description = "Write the files into this directory; without it they are printed.",
        HelpName = "DIR",
    };

    private static readonly Option<bool> s_force = new("--force")
    {
        Description = "With --output: replace files that are there and say something else.",
    };

    private static readonly Option<string?> s_name = new("--name")
    {
        Description = "What the container, or the project of a compose file, is called.",
        HelpName = "NAME",
    };

    private static readonly Option<bool> s_json = JsonOption.Create();

    public static IReadOnlyList<Option> All { get; } = [s_output, s_force, s_name, s_json];

    public static void AddTo(Command command)
    {
        foreach (Option option in All)
        {
            command.Add(option);
        }
    }

    /// <summary>The name that was given; null for none.</summary>
    public static string? Name(ParseResult parsed) => parsed.GetValue(s_name);

    /// <summary>Whether the files are for a user's containers.</summary>
    public static bool IsUser(ParseResult parsed) => parsed.GetValue(GlobalOptions.User);

    /// <summary>Prints or writes files, and tells what is to be told.</summary>
    /// <returns>The exit status.</returns>
    public static int Give(ParseResult parsed, ConvertedFiles files)
    {
        Terminal terminal = GlobalOptions.Terminal(parsed);
        IReadOnlyList<string>? paths = parsed.GetValue(s_output) is { } directory
            ? ConvertedOutput.Write(files, directory, parsed.GetValue(s_force))
            : null;
        if (parsed.GetValue(s_json))
        {
            terminal.Json(
                Reports.ToJson(
                    new FromReport(
                        [.. files.All.Select((f, i) => new FromFile(f.Name, paths?[i], f.Render().Text))],
                        files.Findings
                    )
                )
            );
        }
        else if (paths is null)
        {
            terminal.Text(string.Join('\n', files.All.Select(f => f.Render().Text)).TrimEnd('\n'));
        }

        foreach (ConversionFinding finding in files.Findings)
        {
            if (finding.Lost)
            {
                terminal.Error($"{finding.Place}: no counterpart: {finding.Text}", finding.Advice);
            }
            else
            {
                terminal.Note(finding.ToString());
            }
        }

        foreach (string path in paths ?? [])
        {
            terminal.Note($"{path}: written");
        }

        return files.Findings.Any(f => f.Lost) ? (int)ErrorKind.Template : 0;
    }
}
