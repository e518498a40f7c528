// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Target;
using SystemContainers.Verbs.Transfer;

namespace SystemContainers.Cli.Commands.Images;

static class ImagesSaveCommand
{
    private static readonly Argument<string[]> s_images = ImageArgument.Several();

    private static readonly Option<string> s_output = new("--output", "-o")
    {
        Description = "The archive to write; one that is there is replaced.",
        HelpName = "FILE",
        Required = true,
    };

    private static readonly Option<bool> s_offline = CopyOptions.Offline();

    private static readonly Option<bool> s_preserve = CopyOptions.PreserveDigests();

    private static readonly Option<bool> s_json = JsonOption.CreateArray();

    public static Command Create()
    {
        Command command = new(
            "save",
            """
            Writes images into one OCI archive, for hosts without a network: each by its name, and what they share once. Prints
            each image's digest in it.

            Examples:
              sysctr images save --output images.tar etcd flanneld
            """
        )
        {
            s_images,
            s_output,
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
                PushOptions options = new(parsed.GetValue(s_offline), parsed.GetValue(s_preserve));
                IReadOnlyList<TransferReport> saved = await new SaveOperation(host, progress, terminal.Note).SaveAsync(
                    parsed.GetValue(s_images)!,
                    parsed.GetValue(s_output)!,
                    options,
                    cancellation
                );
                progress.Finish();
                if (parsed.GetValue(s_json))
                {
                    terminal.Json(Reports.ToJson(saved));
                    return 0;
                }

                foreach (TransferReport image in saved)
                {
                    CopyOptions.Print(terminal, image);
                }

                return 0;
            }
        );
        return command;
    }
}
