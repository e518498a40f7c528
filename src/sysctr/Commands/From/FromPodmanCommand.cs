// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Conversion;

namespace SystemContainers.Cli.Commands.From;

static class FromPodmanCommand
{
    private static readonly Argument<string> s_container = new("CONTAINER")
    {
        Description = "A container of podman, by name or ID; it need not run.",
    };

    public static Command Create()
    {
        Command command = new(
            "podman",
            "Makes a .container file of a container that podman has, of the command that created it."
        )
        {
            s_container,
        };
        FromOptions.AddTo(command);
        command.SetAction(
            async (parsed, cancellation) =>
                FromOptions.Give(
                    parsed,
                    await PodmanContainer.TranslateAsync(
                        parsed.GetValue(s_container)!,
                        FromOptions.Name(parsed),
                        FromOptions.IsUser(parsed),
                        cancellation
                    )
                )
        );
        return command;
    }
}
