// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Inspect.Remote;
using SystemContainers.Target;

namespace SystemContainers.Cli.Commands.Registry;

static class ListTagsCommand
{
    private static readonly Argument<string> s_repository = new("REPOSITORY")
    {
        Description = "A repository: etcd, quay.io/org/etcd, docker://host:5000/etcd.",
    };

    private static readonly Option<bool> s_json = JsonOption.Create();

    public static Command Create()
    {
        Command command = new(
            "list-tags",
            """
            Lists the tags of a repository in its registry, one a line.

            Examples:
              sysctr list-tags quay.io/org/etcd
            """
        )
        {
            s_repository,
            s_json,
        };
        command.SetAction(
            async (parsed, cancellation) =>
            {
                Terminal terminal = GlobalOptions.Terminal(parsed);
                using Host host = GlobalOptions.OpenHost(parsed, terminal);
                using PullProgressView progress = new(terminal, "asking for");
                TagList tags = await new RemoteImages(host.Registries, host.Puller(progress), progress).TagsAsync(
                    parsed.GetValue(s_repository)!,
                    cancellation
                );
                progress.Finish();
                if (parsed.GetValue(s_json))
                {
                    terminal.Json(Reports.ToJson(tags));
                    return 0;
                }

                foreach (string tag in tags.Tags)
                {
                    terminal.Result(tag);
                }

                return 0;
            }
        );
        return command;
    }
}
