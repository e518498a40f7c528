// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Errors;
using SystemContainers.Pull;
using SystemContainers.Target;
using SystemContainers.Verbs;
using SystemContainers.Verbs.Transfer;

namespace SystemContainers.Cli.Commands.Images;

static class ImagesDeleteCommand
{
    private static readonly Argument<string[]> s_images = ImageArgument.Any();

    private static readonly Option<bool> s_all = new("--all", "-a")
    {
        Description = "Every name that the store has, but those of images that containers use.",
    };

    private static readonly Option<bool> s_force = new("--force")
    {
        Description = "Also images that containers use; these keep their files.",
    };

    private static readonly Option<bool> s_remote = new("--remote")
    {
        Description =
            "In the registry that each is in, written in full (docker://REGISTRY/NAME:TAG), and not in the store.",
    };

    public static Command Create()
    {
        Command command = new(
            "delete",
            """
            Removes names from the store; by an ID, every name of the image. Files that nothing else needs go with the next
            'sysctr images prune'. With --remote an image is deleted in its registry instead, with all names that it has there.

            Examples:
              sysctr images delete etcd
              sysctr images delete 3f2a91c0b7de
              sysctr images delete --remote docker://registry.example:5000/etcd:3.5
            """
        )
        {
            s_images,
            s_all,
            s_force,
            s_remote,
        };
        command.SetAction(
            async (parsed, cancellation) =>
            {
                Terminal terminal = GlobalOptions.Terminal(parsed);
                using Host host = GlobalOptions.OpenHost(parsed, terminal);
                ImageOperations images = new(host, NoProgress.Instance, terminal.Note);
                string[] named = parsed.GetValue(s_images)!;
                bool all = parsed.GetValue(s_all);
                if (all == named.Length > 0)
                {
                    throw new SysctrException(
                        ErrorKind.Usage,
                        all ? "images delete: --all and names exclude each other" : "images delete: IMAGE is missing",
                        "write sysctr images delete IMAGE..., or --all"
                    );
                }

                if (all)
                {
                    images.DeleteAll(parsed.GetValue(s_force), cancellation);
                }

                // The names of the store begin with docker:// too: what is meant elsewhere has to be said.
                bool remote = parsed.GetValue(s_remote);
                if (remote && (all || parsed.GetValue(s_force) || !named.All(RemoteDeletion.Is)))
                {
                    throw new SysctrException(
                        ErrorKind.Usage,
                        "images delete --remote: it takes images of registries by their full names, and neither --all nor --force",
                        "write sysctr images delete --remote docker://REGISTRY/NAME:TAG"
                    );
                }

                foreach (string image in named)
                {
                    if (remote)
                    {
                        terminal.Result(
                            (
                                await new RemoteDeletion(host, NoProgress.Instance).DeleteAsync(image, cancellation)
                            ).ToString()
                        );
                    }
                    else
                    {
                        images.Delete(image, parsed.GetValue(s_force), cancellation);
                    }
                }

                return 0;
            }
        );
        return command;
    }
}
