// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;

namespace SystemContainers.Cli.Commands.Images;

static class ImagesCommand
{
    public static Command Create() =>
        new(
            "images",
            "What is in the store: list, info, tag, delete, prune, update, verify, version, save, load, help."
        )
        {
            ImagesListCommand.Create(),
            ImagesInfoCommand.Create(),
            ImagesTagCommand.Create(),
            ImagesDeleteCommand.Create(),
            ImagesPruneCommand.Create(),
            ImagesUpdateCommand.Create(),
            ImagesVerifyCommand.Create(),
            ImagesVersionCommand.Create(),
            ImagesSaveCommand.Create(),
            ImagesLoadCommand.Create(),
            ImagesHelpCommand.Create(),
        };
}
