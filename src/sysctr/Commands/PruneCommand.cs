// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Errors;
using SystemContainers.Store;
using SystemContainers.Target;
using SystemContainers.Verbs;

namespace SystemContainers.Cli.Commands;

static class PruneCommand
{
    private static readonly Argument<string[]> s_names = ContainerArgument.Several(
        "The containers; all where none is named.",
        mayBeNone: true
    );

    private static readonly Option<int?> s_keep = new("--keep")
    {
        Description =
            "How many deployments of each stay, the one in use among them (default 2, or sysctr.toml's). Pinned ones do not count.",
        HelpName = "N",
    };

    private static readonly Option<bool> s_json = JsonOption.Create();

    public static Command Create()
    {
        Command command = new(
            "prune",
            """
            Removes old deployments, and the layers and files that no image of the store and no container needs any more. What stays is
            the deployment in use, the one that was in use before it, then the latest, and those that are pinned.

            Examples:
              sysctr prune
              sysctr prune --keep 5 etcd
              sysctr pin etcd 3             whatever happens, this one stays
            """
        );
        command.Add(s_names);
        command.Add(s_keep);
        command.Add(s_json);
        command.SetAction(
            async (parsed, cancellation) =>
            {
                Terminal terminal = GlobalOptions.Terminal(parsed);
                int? keep = parsed.GetValue(s_keep) is { } number ? SysctrConfiguration.KeepOf("--keep", number) : null;
                using Host host = GlobalOptions.OpenHost(parsed, terminal);
                PruneResult pruned = await new PruneOperation(host, terminal.Note).RunAsync(
                    parsed.GetValue(s_names)!,
                    keep,
                    cancellation
                );
                if (parsed.GetValue(s_json))
                {
                    terminal.Json(Reports.ToJson(new PruneReport(pruned.Layers, pruned.Objects, pruned.Bytes)));
                    return 0;
                }

                terminal.Note(
                    $"removed {pruned.Layers} layers and {pruned.Objects} files; {ByteSize.Text(pruned.Bytes)} are free again"
                );
                return 0;
            }
        );
        return command;
    }
}
