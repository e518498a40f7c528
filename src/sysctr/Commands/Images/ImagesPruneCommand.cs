// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Errors;
using SystemContainers.Pull;
using SystemContainers.Store;
using SystemContainers.Target;
using SystemContainers.Verbs;

namespace SystemContainers.Cli.Commands.Images;

static class ImagesPruneCommand
{
    private static readonly Option<bool> s_all = new("--all", "-a")
    {
        Description = "Delete the images that no container uses, too.",
    };

    private static readonly Option<bool> s_json = JsonOption.Create();

    public static Command Create()
    {
        Command command = new("prune", "Removes layers and files that no image of the store and no container needs.")
        {
            s_all,
            s_json,
        };
        command.SetAction(
            async (parsed, cancellation) =>
            {
                Terminal terminal = GlobalOptions.Terminal(parsed);
                using Host host = GlobalOptions.OpenHost(parsed, terminal);
                PruneResult pruned = await new ImageOperations(host, NoProgress.Instance, terminal.Note).PruneAsync(
                    parsed.GetValue(s_all),
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
