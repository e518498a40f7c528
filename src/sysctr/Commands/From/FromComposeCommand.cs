// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Conversion.Compose;

namespace SystemContainers.Cli.Commands.From;

static class FromComposeCommand
{
    private static readonly Argument<string> s_file = new("FILE|DIR")
    {
        Description = "A compose file, or a directory that has compose.yaml or docker-compose.yml.",
    };

    private static readonly Option<string[]> s_profile = new("--profile")
    {
        Description = "Take the services of this profile, too; '*' for all. May be repeated.",
        HelpName = "PROFILE",
        DefaultValueFactory = _ => [],
    };

    public static Command Create()
    {
        Command command = new(
            "compose",
            "Makes a .container file of each service of a compose file, and files of the volumes and networks that they name."
        )
        {
            s_file,
            s_profile,
        };
        FromOptions.AddTo(command);
        command.SetAction(parsed =>
            FromOptions.Give(
                parsed,
                ComposeConversion.Translate(
                    new ComposeRequest(parsed.GetValue(s_file)!)
                    {
                        Name = FromOptions.Name(parsed),
                        Profiles = parsed.GetValue(s_profile)!,
                        Environment = CallerEnvironment.Read(),
                        IsUser = FromOptions.IsUser(parsed),
                    }
                )
            )
        );
        return command;
    }
}
