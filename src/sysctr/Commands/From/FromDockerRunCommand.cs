// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Conversion.Run;

namespace SystemContainers.Cli.Commands.From;

static class FromDockerRunCommand
{
    public const string Name = "docker-run";

    private static readonly Argument<string[]> s_words = new("COMMAND")
    {
        Description = "The command: quoted as a whole, or its words, options and all.",
        Arity = ArgumentArity.OneOrMore,
    };

    public static Command Create()
    {
        Command command = new(
            Name,
            "Makes a .container file of a docker run, docker create, podman run or podman create command, and files of the volumes and networks that it names."
        )
        {
            s_words,
        };
        FromOptions.AddTo(command);
        command.SetAction(parsed =>
        {
            string[] typed = parsed.GetValue(s_words)!;
            IReadOnlyList<string> words = typed is [var whole] ? ShellWords.Command(whole) : typed;
            RunContext context = new()
            {
                Directory = Environment.CurrentDirectory,
                Variables = CallerEnvironment.Read(),
            };
            return FromOptions.Give(
                parsed,
                RunConversion.Translate(
                    words,
                    FromOptions.Name(parsed),
                    $"sysctr from {Name}",
                    context,
                    FromOptions.IsUser(parsed)
                )
            );
        });
        return command;
    }
}
