// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;

namespace SystemContainers.Cli.Commands.From;

static class FromCommand
{
    private const string Name = "from";

    public static Command Create() =>
        new(
            Name,
            """
            Makes files for 'apply' of what people have: a docker run or podman run command, a compose file, a container of podman.
            What has no counterpart is told, each with its reason, and the exit status is 9 then.

            Examples:
              sysctr from docker-run 'docker run -d --name web -p 8080:80 nginx'
              sysctr from docker-run --output /etc/sysctr/containers.d podman run -d redis
              sysctr from compose ./compose.yaml --output /etc/sysctr/containers.d
              sysctr from podman web                  as it was created
            """
        )
        {
            FromDockerRunCommand.Create(),
            FromComposeCommand.Create(),
            FromPodmanCommand.Create(),
        };

    /// <summary>Puts <c>--</c> before the words of a command that stand alone, for its options are not ours; what is
    /// quoted as a whole is one word.</summary>
    public static string[] Protect(string[] words)
    {
        int verb = GlobalOptions.VerbAt(words);
        if (verb + 1 >= words.Length || words[verb] != Name || words[verb + 1] != FromDockerRunCommand.Name)
        {
            return words;
        }

        int begin = verb + 2;
        int operand = begin + GlobalOptions.OperandAt(words[begin..], [.. FromOptions.All, .. GlobalOptions.All]);
        return
            operand >= words.Length - 1
            || words[operand] == "--"
            || words.AsSpan(begin, operand - begin).Contains("--")
            || words[operand].Any(char.IsWhiteSpace)
            ? words
            : [.. words[..operand], "--", .. words[operand..]];
    }
}
