// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;

namespace SystemContainers.Cli.Commands.Units;

static class StartCommand
{
    public static Command Create() =>
        UnitVerb.Create(
            "start",
            "Starts containers and waits until they run; says why when they do not.",
            static (control, name, cancellation) => control.StartAsync(name, cancellation)
        );
}
