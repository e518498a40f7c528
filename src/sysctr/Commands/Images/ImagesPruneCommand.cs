using System.CommandLine;
using System.Globalization;
using SystemContainers.Deploy;
using SystemContainers.Pull;
using SystemContainers.Store;

namespace SystemContainers.Cli.Commands;

static class ImagesPruneCommand
{
    private static readonly Option<bool> s_all = new("--all", "-a") { Description = "Delete the images that no container uses, too." };

    public static Command Create()
    {
        Command command = new("prune", "Removes layers and files that no image of the store and no container needs.") { s_all };
        command.SetAction(async (parsed, cancellation) =>
        {
            Terminal terminal = GlobalOptions.Terminal(parsed);
            using Host host = GlobalOptions.OpenHost(parsed, terminal);
            PruneResult pruned = await new ImageOperations(host, NoProgress.Instance, terminal.Note).PruneAsync(parsed.GetValue(s_all), cancellation);
            terminal.Note(string.Create(
                CultureInfo.InvariantCulture, $"removed {pruned.Layers} layers and {pruned.Objects} files; {pruned.Bytes / 1e6:0.0} MB are free again"));
            return 0;
        });
        return command;
    }
}
