using System.CommandLine;
using SystemContainers.Deploy;

namespace SystemContainers.Cli.Commands;

static class ImagesUpdateCommand
{
    private static readonly Argument<string[]> s_images = ImageArgument.Several();

    public static Command Create()
    {
        Command command = new("update", "Fetches what the names of images mean in their registries now. Containers stay as they are; see 'sysctr update'.") { s_images };
        command.SetAction(async (parsed, cancellation) =>
        {
            Terminal terminal = GlobalOptions.Terminal(parsed);
            using Host host = GlobalOptions.OpenHost(parsed, terminal);
            using PullProgressView progress = new(terminal);
            ImageOperations images = new(host, progress, terminal.Note);
            foreach (string image in parsed.GetValue(s_images)!)
            {
                await images.UpdateAsync(image, cancellation);
            }

            return 0;
        });
        return command;
    }
}
