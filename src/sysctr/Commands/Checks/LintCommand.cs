// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Errors;
using SystemContainers.Lint;
using SystemContainers.Lint.Json;
using SystemContainers.Linux.Users;
using SystemContainers.Quadlet.Syntax;
using SystemContainers.Target;

namespace SystemContainers.Cli.Commands.Checks;

static class LintCommand
{
    private static readonly Argument<string> s_target = new("IMAGE|DIR|FILE")
    {
        Description =
            "An image as install takes it, a directory that has 'exports' (an image's sources, or its root), or a file that apply takes, such as web.container.",
    };

    private static readonly Option<bool> s_json = new("--json")
    {
        Description = "Print a JSON array of file, line, column, severity and text.",
    };

    private static readonly Option<bool> s_strict = new("--strict") { Description = "Warnings make it fail too." };

    private static readonly Option<string[]> s_labels = new("--label")
    {
        Description =
            "A label that the image of a directory will have, such as atomic.run=once: it may then write to its root.",
        HelpName = "NAME=VALUE",
        DefaultValueFactory = _ => [],
    };

    public static Command Create()
    {
        Command command = new(
            "lint",
            """
            Checks what an image has below /exports, without installing: templates, units, config.json, mounts and tmpfiles,
            manifest.json; with file and line.

            Examples:
              sysctr lint ./etcd                  the sources of an image
              sysctr lint --label atomic.run=once ./backup
              sysctr lint --strict registry.example.com/httpd:2.4
              sysctr lint web.container            a Quadlet file for 'sysctr apply'

            Prints FILE:LINE:COLUMN: error, warning or note: text. Exits with 9 when there are errors. Variables that have no
            default are noted, and a plausible text stands in for them.
            """
        )
        {
            s_target,
            s_json,
            s_strict,
            s_labels,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        Terminal terminal = GlobalOptions.Terminal(parsed);
        IReadOnlyList<LintMessage> found = await LintAsync(parsed, terminal, cancellation);
        if (parsed.GetValue(s_json))
        {
            terminal.Json(Reports.ToJson(found));
        }
        else
        {
            foreach (LintMessage message in found)
            {
                terminal.Result(message.ToString());
            }
        }

        LintSeverity worst = parsed.GetValue(s_strict) ? LintSeverity.Warning : LintSeverity.Error;
        return found.Any(m => m.Severity <= worst) ? (int)ErrorKind.Template : 0;
    }

    private static async Task<IReadOnlyList<LintMessage>> LintAsync(
        ParseResult parsed,
        Terminal terminal,
        CancellationToken cancellation
    )
    {
        string target = parsed.GetValue(s_target)!;
        if (QuadletFiles.IsOne(target) && File.Exists(target))
        {
            return QuadletCheck.Run(target, parsed.GetValue(GlobalOptions.User) ? HostUser.OfCaller() : null);
        }

        if (Directory.Exists(Path.Join(target, "exports")))
        {
            return await LintOperation.DirectoryAsync(
                target,
                SetOption.Assignments("--label", parsed.GetValue(s_labels)!),
                cancellation
            );
        }

        if (QuadletFiles.IsOne(target) && !target.Contains(':', StringComparison.Ordinal))
        {
            throw new SysctrException(
                ErrorKind.NotFound,
                $"linting {target}: there is no such file, or it can't be read",
                $"an image of that name is docker://{target.TrimStart('.', '/')}"
            );
        }

        if (target is ['.' or '/', ..])
        {
            throw new SysctrException(
                ErrorKind.NotFound,
                $"linting {target}: it is no directory that has 'exports'",
                "an image in a directory is named oci:DIR[:TAG]"
            );
        }

        using Host host = GlobalOptions.OpenHost(parsed, terminal);
        using PullProgressView progress = new(terminal);
        return await LintOperation.ImageAsync(host, target, progress, cancellation);
    }
}
