// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Inspect.Plan;
using SystemContainers.Target;
using SystemContainers.Verbs.Apply;

namespace SystemContainers.Cli.Commands;

static class ApplyCommand
{
    private static readonly Argument<string[]> s_places = new("FILE|DIR")
    {
        Description =
            "Files that declare containers, or directories of them; by default /etc/sysctr/containers.d, with --user ~/.config/sysctr/containers.d.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private static readonly Option<bool> s_prune = new("--prune")
    {
        Description =
            "Uninstall containers that came from a file in these directories, when no file declares them any more; and remove networks that such a file made.",
    };

    private static readonly Option<bool> s_plan = new("--plan")
    {
        Description = "Show what would change, and change nothing.",
    };

    private static readonly Option<bool> s_offline = new("--offline")
    {
        Description =
            "Ask no registry: the store has the images. With --plan no image is looked at: files and records alone are judged.",
    };

    private static readonly Option<bool> s_json = new("--json")
    {
        Description =
            "Print a JSON array of what became of each container; with --plan the object that 'plan --json' prints, with --offline besides an object of containers and networks.",
    };

    public static Command Create()
    {
        Command command = new(
            "apply",
            """
            Makes of the host what Quadlet files declare: containers come, change and go in one transaction, all or none. What is as
            it is declared is not touched, and neither is a container that no file has declared.

            Examples:
              sysctr apply                         what /etc/sysctr/containers.d declares
              sysctr apply ./web.container ./db.container
              sysctr apply --prune --plan          what would change, and what would go
              sysctr apply --plan --offline ./web.container    judge a file without its image
              sysctr --root /mnt apply             for the system below /mnt, which starts them when it boots
              sysctr lint ./web.container          check a file alone
            """
        )
        {
            s_places,
            s_prune,
            s_plan,
            s_offline,
            s_json,
        };
        StartOptions.AddTo(command);
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        Terminal terminal = GlobalOptions.Terminal(parsed);
        ApplyRequest request = new()
        {
            Places = parsed.GetValue(s_places) ?? [],
            Prune = parsed.GetValue(s_prune),
            Offline = parsed.GetValue(s_offline),
            Start = StartOptions.Parse(parsed),
        };
        using Host host = GlobalOptions.OpenHost(parsed, terminal);
        using PullProgressView progress = new(terminal);
        if (parsed.GetValue(s_plan))
        {
            return await PlanAsync(
                new ApplyPlanner(host, progress, terminal.Note),
                request,
                parsed.GetValue(s_json),
                terminal,
                cancellation
            );
        }

        IReadOnlyList<ApplyReport> reports = await new ApplyOperation(host, progress, terminal.Note).RunAsync(
            request,
            cancellation
        );
        progress.Finish();
        if (parsed.GetValue(s_json))
        {
            terminal.Json(Reports.ToJson(reports));
        }

        return 0;
    }

    private static async Task<int> PlanAsync(
        ApplyPlanner planner,
        ApplyRequest request,
        bool json,
        Terminal terminal,
        CancellationToken cancellation
    )
    {
        if (request.Offline)
        {
            OfflinePlan plan = planner.Offline(request);
            if (json)
            {
                terminal.Json(Reports.ToJson(plan));
                return 0;
            }

            foreach (
                string line in plan.Containers.Select(Line).Concat(plan.Networks.SelectMany(PlanText.NetworkLines))
            )
            {
                terminal.TextLine(line);
            }

            return 0;
        }

        return PlanView.Show(await planner.PlanAsync(request, cancellation), json, terminal);
    }

    private static string Line(ApplyReport report) =>
        report.Action switch
        {
            ApplyAction.Install => $"+ install {report.Name}: {report.File}",
            ApplyAction.Update => $"~ update {report.Name}: {report.File}",
            ApplyAction.Uninstall => $"- uninstall {report.Name}: {report.File} is gone",
            _ => $"= {report.Name}: is as declared",
        };
}
