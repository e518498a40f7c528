// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Errors;
using SystemContainers.Images;
using SystemContainers.Target;
using SystemContainers.Transactions;
using SystemContainers.Verbs;

namespace SystemContainers.Cli.Commands;

static class PullCommand
{
    private static readonly Argument<string[]> s_images = new("IMAGE")
    {
        Description =
            "What to pull: etcd, quay.io/org/etcd:3.5, docker://host:5000/etcd@sha256:…, oci:DIR[:TAG], dir:DIR, docker-archive:FILE, oci-archive:FILE, docker-daemon:NAME.",
        Arity = ArgumentArity.OneOrMore,
    };

    private static readonly Option<string?> s_name = new("--name")
    {
        Description =
            "Keep the image by this name, HOST/NAME[:TAG], and not by its source's; a short name is the registry's that registries.conf has for it.",
        HelpName = "NAME",
    };

    private static readonly Option<bool> s_keepNames = new("--keep-names")
    {
        Description =
            "Keep an archive's image by the names that it has there, as 'docker load' does. Whoever made the archive chose them.",
    };

    private static readonly Option<bool> s_json = JsonOption.CreateArray();

    public static Command Create()
    {
        Command command = new(
            "pull",
            """
            Pulls images into the store without installing anything. Layers that are there are not fetched again. Prints each
            image's ID.

            Examples:
              sysctr pull etcd flanneld
              sysctr pull docker-archive:etcd.tar
              sysctr pull --name registry.example.com/etcd:3.5 docker-archive:etcd.tar
              docker save etcd | sysctr pull --keep-names docker-archive:/dev/stdin
            """
        );
        command.Add(s_images);
        command.Add(s_name);
        command.Add(s_keepNames);
        command.Add(s_json);
        command.SetAction(
            async (parsed, cancellation) =>
            {
                Terminal terminal = GlobalOptions.Terminal(parsed);
                using Host host = GlobalOptions.OpenHost(parsed, terminal);
                await host.RecoverAsync(cancellation);
                using PullProgressView progress = new(terminal);
                string[] images = parsed.GetValue(s_images)!;
                string? name = parsed.GetValue(s_name);
                if (name is not null && images.Length > 1)
                {
                    throw new SysctrException(
                        ErrorKind.Usage,
                        "--name goes with a single image",
                        "pull the images one by one"
                    );
                }

                bool keepNames = parsed.GetValue(s_keepNames);
                ImageOperations operations = new(host, progress, terminal.Note);
                List<PulledReport> pulled = [];
                foreach (string image in images)
                {
                    IReadOnlyList<StoredImage> stored = await operations.PullAsync(
                        image,
                        name,
                        keepNames,
                        cancellation
                    );
                    progress.Finish();
                    foreach (StoredImage kept in name is not null || keepNames ? stored : [])
                    {
                        terminal.Note($"{kept.Record.Reference}: pulled");
                    }

                    pulled.AddRange(
                        stored.Select(s => new PulledReport(
                            s.Record.Reference,
                            s.Record.ConfigDigest.ToString(),
                            s.Record.ManifestDigest.ToString()
                        ))
                    );
                    if (!parsed.GetValue(s_json))
                    {
                        terminal.Result(stored[0].Record.ConfigDigest.ToString());
                    }
                }

                if (parsed.GetValue(s_json))
                {
                    terminal.Json(Reports.ToJson(pulled));
                }

                return 0;
            }
        );
        return command;
    }
}
