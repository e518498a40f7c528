using System.CommandLine;
using SystemContainers.Deploy;
using SystemContainers.Oci;

namespace SystemContainers.Cli.Commands;

static class ImagesVersionCommand
{
    private static readonly Argument<string[]> s_images = ImageArgument.Several();

    public static Command Create()
    {
        Command command = new("version", "Shows the versions of images, as their labels say.") { s_images };
        command.SetAction(parsed =>
        {
            Terminal terminal = GlobalOptions.Terminal(parsed);
            using Host host = GlobalOptions.OpenHost(parsed, terminal);
            ImageReports reports = new(host);
            terminal.Table(
                ["IMAGE", "VERSION", "ID"],
                [.. parsed.GetValue(s_images)!.Select(reports.Describe).Select(i => new[] { i.Name, i.Version ?? "-", Digest.Parse(i.Id).Short })]);
            return 0;
        });
        return command;
    }
}
