// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Pull;
using SystemContainers.Target;
using SystemContainers.Verbs;

namespace SystemContainers.Cli.Commands.Images;

static class ImagesDeleteCommand
{
    private static readonly Argument<string[]> s_images = ImageArgument.Several();

    private static readonly Option<bool> s_force = new("--force") { Description = "Also images that containers use; these keep their files." };

    public static Command Create()
    {
        Command command = new(
            "delete",
            """
            Removes names from the store; by an ID, every name of the image. Files that nothing else needs go with the next
            'sysctr images prune'.

            Examples:
              sysctr images delete etcd
              sysctr images delete 3f2a91c0b7de
            """)
        {
            s_images, s_force,
        };
        command.SetAction((parsed, cancellation) =>
        {
            Terminal terminal = GlobalOptions.Terminal(parsed);
            using Host host = GlobalOptions.OpenHost(parsed, terminal);
            ImageOperations images = new(host, NoProgress.Instance, terminal.Note);
            foreach (string image in parsed.GetValue(s_images)!)
            {
                images.Delete(image, parsed.GetValue(s_force), cancellation);
            }

            return Task.FromResult(0);
        });
        return command;
    }
}
