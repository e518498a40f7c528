using System.CommandLine;
using SystemContainers.Deploy;
using SystemContainers.Oci;

namespace SystemContainers.Cli.Commands;

static class ImagesListCommand
{
    private static readonly Option<bool> s_json = new("--json") { Description = "Print a JSON array." };

    private static readonly Option<string[]> s_filter = new("--filter", "-f")
    {
        Description = "Only those that match: name=PATTERN, label=KEY[=VALUE], in-use=true|false. Several have to match all.",
        HelpName = "FILTER",
        DefaultValueFactory = _ => [],
    };

    private static readonly Option<bool> s_ids = new("--ids") { Description = "Print the IDs alone, one a line." };
    private static readonly Option<bool> s_noHeading = new("--no-heading") { Description = "Leave out the line that names the columns." };

    public static Command Create()
    {
        Command command = new("list", "Lists the images in the store; '>' marks those that containers use.") { s_filter, s_json, s_ids, s_noHeading };
        command.SetAction(parsed =>
        {
            Terminal terminal = GlobalOptions.Terminal(parsed);
            using Host host = GlobalOptions.OpenHost(parsed, terminal);
            IReadOnlyList<ImageReport> images = new ImageReports(host).List(parsed.GetValue(s_filter)!);
            if (parsed.GetValue(s_json))
            {
                terminal.Json(Reports.ToJson(images));
                return 0;
            }

            if (parsed.GetValue(s_ids))
            {
                foreach (string id in images.Select(i => Digest.Parse(i.Id).Short).Distinct(StringComparer.Ordinal))
                {
                    terminal.Result(id);
                }

                return 0;
            }

            terminal.Table(
                ["  IMAGE", "ID", "LAYERS", "PULLED", "USED BY"],
                [
                    .. images.Select(i => new[]
                    {
                        (i.UsedBy.Count > 0 ? "> " : "  ") + i.Name, Digest.Parse(i.Id).Short, i.Layers.ToString(),
                        $"{i.PulledAt.LocalDateTime:yyyy-MM-dd HH:mm}", string.Join(' ', i.UsedBy),
                    }),
                ],
                withHeading: !parsed.GetValue(s_noHeading));
            return 0;
        });
        return command;
    }
}
