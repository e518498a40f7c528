// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Inspect.Images;
using SystemContainers.Oci;
using SystemContainers.Target;

namespace SystemContainers.Cli.Commands.Images;

static class ImagesVersionCommand
{
    private static readonly Argument<string[]> s_images = ImageArgument.Several();

    private static readonly Option<bool> s_json = JsonOption.CreateArray();

    public static Command Create()
    {
        Command command = new("version", "Shows the versions of images, as their labels say.") { s_images, s_json };
        command.SetAction(parsed =>
        {
            Terminal terminal = GlobalOptions.Terminal(parsed);
            using Host host = GlobalOptions.OpenHost(parsed, terminal);
            ImageReports reports = new(host);
            ImageVersionReport[] versions =
            [
                .. parsed
                    .GetValue(s_images)!
                    .Select(reports.Describe)
                    .Select(i => new ImageVersionReport(i.Name, i.Version, i.Id)),
            ];
            if (parsed.GetValue(s_json))
            {
                terminal.Json(Reports.ToJson(versions));
                return 0;
            }

            terminal.Table(
                [new("IMAGE") { Least = 16, KeepsEnd = true }, "VERSION", new("ID") { Dispensable = 1 }],
                [.. versions.Select(i => new[] { ImageText.Name(i.Name), i.Version ?? "-", Digest.Parse(i.Id).Short })]
            );
            return 0;
        });
        return command;
    }
}
