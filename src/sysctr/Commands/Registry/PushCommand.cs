// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Push.Layers;
using SystemContainers.Target;
using SystemContainers.Verbs.Transfer;

namespace SystemContainers.Cli.Commands.Registry;

static class PushCommand
{
    private static readonly Argument<string> s_image = ImageArgument.One();

    private static readonly Argument<string?> s_destination = new("DESTINATION")
    {
        Description =
            "Where to: HOST/NAME[:TAG], docker://…, oci:DIR[:TAG], oci-archive:FILE[:TAG], docker-archive:FILE[:NAME:TAG], dir:DIR. The image's own name otherwise.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<bool> s_offline = CopyOptions.Offline();

    private static readonly Option<bool> s_preserve = CopyOptions.PreserveDigests();

    private static readonly Option<string?> s_format = CopyOptions.Format("--compression-format");

    private static readonly Option<bool> s_json = JsonOption.Create();

    public static Command Create()
    {
        Command command = new(
            "push",
            """
            Sends an image of the store to a registry or another place, and prints its digest there. Blobs that are there are not sent again.

            Examples:
              sysctr push etcd registry.example:5000/etcd:3.5
              sysctr push registry.example:5000/etcd:3.5
            """
        )
        {
            s_image,
            s_destination,
            s_format,
            s_offline,
            s_preserve,
            s_json,
        };
        command.SetAction(
            async (parsed, cancellation) =>
            {
                Terminal terminal = GlobalOptions.Terminal(parsed);
                using Host host = GlobalOptions.OpenHost(parsed, terminal);
                using PullProgressView progress = new(terminal, "copying");
                PushOptions options = new(
                    parsed.GetValue(s_offline),
                    parsed.GetValue(s_preserve),
                    LayerFormats.Parse(parsed.GetValue(s_format), s_format.Name)
                );
                TransferReport report = await new PushOperation(host, progress, terminal.Note).PushAsync(
                    parsed.GetValue(s_image)!,
                    parsed.GetValue(s_destination),
                    options,
                    cancellation
                );
                progress.Finish();
                CopyOptions.Print(terminal, report, parsed.GetValue(s_json));
                return 0;
            }
        );
        return command;
    }
}
