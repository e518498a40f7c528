// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;

namespace SystemContainers.Cli.Commands.Units;

static class StopCommand
{
    public static Command Create() =>
        UnitVerb.Create(
            "stop",
            "Stops containers and waits until they have ended.",
            static (control, name, cancellation) => control.StopAsync(name, cancellation)
        );
}
