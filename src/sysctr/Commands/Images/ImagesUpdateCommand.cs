// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.State;
using SystemContainers.Target;
using SystemContainers.Verbs;

namespace SystemContainers.Cli.Commands.Images;

static class ImagesUpdateCommand
{
    private static readonly Argument<string[]> s_images = ImageArgument.Several();

    private static readonly Option<bool> s_json = JsonOption.CreateArray();

    public static Command Create()
    {
        Command command = new(
            "update",
            "Fetches what the names of images mean in their registries now. Containers stay as they are; see 'sysctr update'."
        )
        {
            s_images,
            s_json,
        };
        command.SetAction(
            async (parsed, cancellation) =>
            {
                Terminal terminal = GlobalOptions.Terminal(parsed);
                using Host host = GlobalOptions.OpenHost(parsed, terminal);
                using PullProgressView progress = new(terminal);
                ImageOperations images = new(host, progress, terminal.Note);
                List<HistoryImage> updated = [];
                foreach (string image in parsed.GetValue(s_images)!)
                {
                    updated.Add(await images.UpdateAsync(image, cancellation));
                }

                if (parsed.GetValue(s_json))
                {
                    terminal.Json(Reports.ToJson(updated));
                }

                return 0;
            }
        );
        return command;
    }
}
