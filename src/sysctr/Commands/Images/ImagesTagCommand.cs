// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Pull;
using SystemContainers.Target;
using SystemContainers.Verbs;

namespace SystemContainers.Cli.Commands.Images;

static class ImagesTagCommand
{
    private static readonly Argument<string> s_image = ImageArgument.One();

    private static readonly Argument<string> s_name = new("NAME")
    {
        Description =
            "The further name: HOST/NAME[:TAG]; a short name is the registry's that registries.conf has for it.",
    };

    public static Command Create()
    {
        Command command = new("tag", "Gives an image of the store a further name. Nothing is copied.")
        {
            s_image,
            s_name,
        };
        command.SetAction(
            async (parsed, cancellation) =>
            {
                Terminal terminal = GlobalOptions.Terminal(parsed);
                using Host host = GlobalOptions.OpenHost(parsed, terminal);
                await new ImageOperations(host, NoProgress.Instance, terminal.Note).TagAsync(
                    parsed.GetValue(s_image)!,
                    parsed.GetValue(s_name)!,
                    cancellation
                );
                return 0;
            }
        );
        return command;
    }
}
