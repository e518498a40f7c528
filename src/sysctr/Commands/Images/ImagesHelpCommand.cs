// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Inspect.Images;
using SystemContainers.Target;

namespace SystemContainers.Cli.Commands.Images;

static class ImagesHelpCommand
{
    private static readonly Argument<string> s_image = ImageArgument.One();

    public static Command Create()
    {
        Command command = new(
            "help",
            """
            Shows what an image says of its own use: /help.1 or /help.md in it. Nothing of the image runs.

            Examples:
              sysctr images help etcd
            """
        )
        {
            s_image,
        };
        command.SetAction(
            async (parsed, cancellation) =>
            {
                Terminal terminal = GlobalOptions.Terminal(parsed);
                using Host host = GlobalOptions.OpenHost(parsed, terminal);
                terminal.Text(await new ImageHelp(host).ReadAsync(parsed.GetValue(s_image)!, cancellation));
                return 0;
            }
        );
        return command;
    }
}
