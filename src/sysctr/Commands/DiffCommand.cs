// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Errors;
using SystemContainers.Inspect.Diff;
using SystemContainers.Requests;
using SystemContainers.Target;

namespace SystemContainers.Cli.Commands;

static class DiffCommand
{
    private static readonly Argument<string> s_name = ContainerArgument.One();

    private static readonly Argument<int[]> s_numbers = new("N")
    {
        Description = "Deployments to compare; by default the one that a rollback would go to, and the one in use.",
        Arity = new ArgumentArity(0, 2),
    };

    private static readonly Option<string?> s_image = new("--image", "--rebase")
    {
        Description = "Compare the one in use with what an update to this image would make of it.",
        HelpName = "IMAGE",
    };

    private static readonly Option<string[]> s_set = SetOption.Create();

    private static readonly Option<PullPolicy?> s_pull = new("--pull")
    {
        Description =
            "When to ask the registry, as 'update' and 'plan update' do: always (default), missing (default with --image), never. Alone: what an update would bring.",
    };

    private static readonly Option<bool> s_json = new("--json")
    {
        Description = "Print a JSON object; the verb's manual page describes it.",
    };

    public static Command Create()
    {
        Command command = new(
            "diff",
            """
            Shows how two deployments of a container differ: units, tmpfiles, host files and config.json as a unified diff, template
            variables, and the image's files (A added, C changed, D deleted). A time alone is no difference.

            Examples:
              sysctr diff etcd                                     what the last update brought
              sysctr diff etcd 2 4
              sysctr diff etcd --pull always                       what an update would bring
              sysctr diff etcd --image registry.example.com/etcd:3.6
            """
        )
        {
            s_name,
            s_numbers,
            s_image,
            s_set,
            s_pull,
            s_json,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        Terminal terminal = GlobalOptions.Terminal(parsed);
        int[] numbers = parsed.GetValue(s_numbers)!;
        UpdateRequest request = new()
        {
            Rebase = parsed.GetValue(s_image),
            Set = SetOption.Parse(parsed.GetValue(s_set)!),
            Pull = parsed.GetValue(s_pull),
        };
        bool compareUpdate = request.Rebase is not null || request.Set.Count > 0 || request.Pull is not null;
        if (compareUpdate && numbers.Length > 0)
        {
            throw new SysctrException(
                ErrorKind.Usage,
                "--image, --set and --pull compare with the deployment in use; leave the numbers out"
            );
        }

        using Host host = GlobalOptions.OpenHost(parsed, terminal);
        using PullProgressView progress = new(terminal);
        DiffOperation operation = new(host, progress, terminal.Note);
        string name = parsed.GetValue(s_name)!;
        DeploymentDiff? diff = compareUpdate
            ? await operation.CompareAsync(name, request, cancellation)
            : operation.Compare(name, numbers.Length > 0 ? numbers[0] : null, numbers.Length > 1 ? numbers[1] : null);
        progress.Finish();
        if (parsed.GetValue(s_json))
        {
            terminal.Json(diff is null ? "{}" : Reports.ToJson(diff));
            return 0;
        }

        foreach (string line in diff is null ? [] : DiffText.Lines(diff))
        {
            terminal.TextLine(line);
        }

        if (diff is null or { IsEmpty: true })
        {
            terminal.Note($"{name}: nothing differs");
        }
        else if (diff.Files is null)
        {
            terminal.Note($"{name}: files are not compared: the root file system is somebody else's (--rootfs)");
        }

        return 0;
    }
}
