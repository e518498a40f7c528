// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Target;
using SystemContainers.Verbs;

namespace SystemContainers.Cli.Commands.Units;

static class LogsCommand
{
    private static readonly Argument<string> s_name = ContainerArgument.One();

    private static readonly Option<bool> s_follow = new("--follow", "-f") { Description = "Go on showing new lines." };

    private static readonly Option<int?> s_lines = new("--lines", "-n")
    {
        Description = "Show the last N lines only.",
        HelpName = "N",
    };

    public static Command Create()
    {
        Command command = new(
            "logs",
            """
            Shows what a container has written to the journal, as 'journalctl -u NAME' does.

            Of a user's container the journal gives the user what its root wrote; what others of its users wrote is for members of the
            group systemd-journal, and it is said where that is so.

            Examples:
              sysctr logs --follow etcd
              sysctr --user logs -n 20 notes
            """
        )
        {
            s_name,
            s_follow,
            s_lines,
        };
        command.SetAction(parsed =>
        {
            Terminal terminal = GlobalOptions.Terminal(parsed);
            using Host host = GlobalOptions.OpenHost(parsed, terminal);
            return new ContainerControl(host).ShowJournal(
                parsed.GetValue(s_name)!,
                parsed.GetValue(s_follow),
                parsed.GetValue(s_lines)
            );
        });
        return command;
    }
}
