using System.CommandLine;
using SystemContainers.Deploy;

namespace SystemContainers.Cli.Commands;

static class ImagesCommand
{
    private static readonly Option<bool> s_json = new("--json") { Description = "Print a JSON array." };

    public static Command Create()
    {
        Command list = new("list", "Lists the images in the store, and which containers use them.") { s_json };
        list.SetAction(parsed =>
        {
            Terminal terminal = GlobalOptions.Terminal(parsed);
            using Host host = GlobalOptions.OpenHost(parsed, terminal);
            IReadOnlyList<ImageReport> images = new ContainerReports(host).Images();
            if (parsed.GetValue(s_json))
            {
                terminal.Result(Reports.ToJson(images));
                return 0;
            }

            terminal.Table(
                ["IMAGE", "ID", "LAYERS", "PULLED", "USED BY"],
                [
                    .. images.Select(i => new[]
                    {
                        i.Name, i.Id["sha256:".Length..][..12], i.Layers.ToString(), $"{i.PulledAt.LocalDateTime:yyyy-MM-dd HH:mm}",
                        string.Join(' ', i.UsedBy),
                    }),
                ]);
            return 0;
        });
        return new Command("images", "What is in the store.") { list };
    }
}
