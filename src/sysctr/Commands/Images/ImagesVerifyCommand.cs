// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Images;
using SystemContainers.Pull;
using SystemContainers.Target;
using SystemContainers.Verbs;

namespace SystemContainers.Cli.Commands.Images;

static class ImagesVerifyCommand
{
    private static readonly Argument<string[]> s_images = ImageArgument.Several();

    private static readonly Option<bool> s_offline = new("--offline")
    {
        Description = "Don't ask the registry whether it has a newer one.",
    };

    private static readonly Option<bool> s_json = JsonOption.CreateArray();

    public static Command Create()
    {
        Command command = new(
            "verify",
            "Reads every file of an image and compares it with its digest, and asks the registry for a newer image."
        )
        {
            s_images,
            s_offline,
            s_json,
        };
        command.SetAction(
            async (parsed, cancellation) =>
            {
                Terminal terminal = GlobalOptions.Terminal(parsed);
                using Host host = GlobalOptions.OpenHost(parsed, terminal);
                ImageOperations images = new(host, NoProgress.Instance, terminal.Note);
                List<ImageVerdict> verdicts = [];
                foreach (string image in parsed.GetValue(s_images)!)
                {
                    verdicts.Add(await images.VerifyAsync(image, ask: !parsed.GetValue(s_offline), cancellation));
                }

                if (parsed.GetValue(s_json))
                {
                    terminal.Json(Reports.ToJson(verdicts));
                }

                return 0;
            }
        );
        return command;
    }
}
