// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;

namespace SystemContainers.Cli.Commands.Units;

static class RestartCommand
{
    public static Command Create() =>
        UnitVerb.Create(
            "restart",
            "Stops and starts containers; says why when they do not start.",
            static (control, name, cancellation) => control.RestartAsync(name, cancellation)
        );
}
