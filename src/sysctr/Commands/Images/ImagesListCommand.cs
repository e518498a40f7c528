// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Errors;
using SystemContainers.Inspect.Images;
using SystemContainers.Oci;
using SystemContainers.Target;

namespace SystemContainers.Cli.Commands.Images;

static class ImagesListCommand
{
    private static readonly Option<bool> s_json = new("--json") { Description = "Print a JSON array." };

    private static readonly Option<string[]> s_filter = new("--filter", "-f")
    {
        Description =
            "Only those that match: name=PATTERN, label=KEY[=VALUE], in-use=true|false. Several have to match all.",
        HelpName = "FILTER",
        DefaultValueFactory = _ => [],
    };

    private static readonly Option<bool> s_ids = new("--ids") { Description = "Print the IDs alone, one a line." };
    private static readonly Option<bool> s_noHeading = new("--no-heading")
    {
        Description = "Leave out the line that names the columns.",
    };

    public static Command Create()
    {
        Command command = new(
            "list",
            "Lists the images in the store; '>' marks those that containers use, '-' those that only containers hold, whose name is gone."
        )
        {
            s_filter,
            s_json,
            s_ids,
            s_noHeading,
        };
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
                foreach (
                    string id in images
                        .Where(i => i.Named)
                        .Select(i => Digest.Parse(i.Id).Short)
                        .Distinct(StringComparer.Ordinal)
                )
                {
                    terminal.Result(id);
                }

                return 0;
            }

            terminal.Table(
                [
                    new("  IMAGE") { Least = 14, KeepsEnd = true },
                    "ID",
                    new("LAYERS") { IsNumber = true, Dispensable = 4 },
                    new("SIZE") { IsNumber = true, Dispensable = 1 },
                    new("PULLED") { Dispensable = 3 },
                    new("USED BY") { Dispensable = 2, Least = 8 },
                ],
                [
                    .. images.Select(i =>
                        new[]
                        {
                            (
                                !i.Named ? "- "
                                : i.UsedBy.Count > 0 ? "> "
                                : "  "
                            ) + ImageText.Name(i.Name),
                            Digest.Parse(i.Id).Short,
                            i.Layers.ToString(),
                            ByteSize.Text(i.Size),
                            TimeText.Ago(i.PulledAt),
                            string.Join(' ', i.UsedBy),
                        }
                    ),
                ],
                withHeading: !parsed.GetValue(s_noHeading)
            );
            return 0;
        });
        return command;
    }
}
