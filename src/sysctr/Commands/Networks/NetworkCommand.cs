// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;

namespace SystemContainers.Cli.Commands.Networks;

static class NetworkCommand
{
    public static Command Create() =>
        new(
            "network",
            """
            Networks by name, which containers are put on by --network NAME.

            Examples:
              sysctr network create shop
              sysctr install --network shop --name db postgres
              sysctr install --network shop -p 80:8080 web      it finds db by its name
            """
        )
        {
            NetworkCreateCommand.Create(),
            NetworkListCommand.Create(),
            NetworkRemoveCommand.Create(),
        };
}
