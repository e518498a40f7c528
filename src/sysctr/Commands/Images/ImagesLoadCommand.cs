// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Images;
using SystemContainers.Target;
using SystemContainers.Transactions;
using SystemContainers.Verbs.Transfer;

namespace SystemContainers.Cli.Commands.Images;

static class ImagesLoadCommand
{
    private static readonly Option<string> s_input = new("--input", "-i")
    {
        Description = "The archive: of 'images save', 'podman save', 'docker save' or skopeo.",
        HelpName = "FILE",
        Required = true,
    };

    private static readonly Option<bool> s_json = JsonOption.CreateArray();

    public static Command Create()
    {
        Command command = new(
            "load",
            """
            Takes all images of an archive into the store, by the names that they have there. Prints each image's ID.

            Examples:
              sysctr images load --input images.tar
            """
        )
        {
            s_input,
            s_json,
        };
        command.SetAction(
            async (parsed, cancellation) =>
            {
                Terminal terminal = GlobalOptions.Terminal(parsed);
                using Host host = GlobalOptions.OpenHost(parsed, terminal);
                await host.RecoverAsync(cancellation);
                using PullProgressView progress = new(terminal);
                IReadOnlyList<StoredImage> loaded = await new LoadOperation(host, progress, terminal.Note).LoadAsync(
                    parsed.GetValue(s_input)!,
                    cancellation
                );
                progress.Finish();
                if (parsed.GetValue(s_json))
                {
                    terminal.Json(
                        Reports.ToJson([
                            .. loaded.Select(s => new PulledReport(
                                s.Record.Reference,
                                s.Record.ConfigDigest.ToString(),
                                s.Record.ManifestDigest.ToString()
                            )),
                        ])
                    );
                    return 0;
                }

                foreach (StoredImage image in loaded)
                {
                    terminal.Note($"{image.Record.Reference}: loaded");
                    terminal.Result(image.Record.ConfigDigest.ToString());
                }

                return 0;
            }
        );
        return command;
    }
}
