// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using System.CommandLine.Help;
using SystemContainers.Cli.Atomic;
using SystemContainers.Cli.Commands;
using SystemContainers.Cli.Commands.Checks;
using SystemContainers.Cli.Options;
using SystemContainers.Errors;
using SystemContainers.Linux.Users;
using SystemContainers.Target;

namespace SystemContainers.Cli;

/// <summary><c>--user</c>: verbs that write a user's store run inside the user's namespace, for which this process
/// starts itself anew.</summary>
static class UserMode
{
    /// <summary>Verbs that only read records or ask registries, and talk to systemd; they need no subordinate
    /// ids.</summary>
    private static readonly string[] s_outside =
    [
        "list",
        "info",
        "history",
        "status",
        "start",
        "stop",
        "restart",
        "exec",
        "logs",
        "version",
        "from",
        "inspect",
        "list-tags",
        "sbom",
    ];

    /// <summary>Verbs whose work nobody would see outside of the namespace.</summary>
    private static readonly string[] s_forRoot = ["mount", "umount"];

    /// <summary>Whether the command line has to be run inside the namespace, and is not yet.</summary>
    public static bool MustEnter(ParseResult parsed) =>
        parsed.GetValue(GlobalOptions.User)
        && !HostUser.IsInNamespace
        && parsed.Action is not HelpAction
        && Verb(parsed) != DoctorCommand.Name
        && (
            !s_outside.Contains(Verb(parsed), StringComparer.Ordinal) && !RecoverCommand.IsAtBoot(parsed)
            || Host.NeedsRecovery(HostUser.OfCaller())
        );

    /// <summary>The first word: <c>images</c> for all of its own verbs.</summary>
    private static string Verb(ParseResult parsed)
    {
        System.CommandLine.Parsing.CommandResult result = parsed.CommandResult;
        while (result.Parent is System.CommandLine.Parsing.CommandResult { Command: not RootCommand } parent)
        {
            result = parent;
        }

        return result.Command.Name;
    }

    /// <summary>Becomes the same call inside the namespace.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="typed">The words behind the program's name, as they were typed.</param>
    public static int Enter(ParseResult parsed, IReadOnlyList<string> typed)
    {
        HostUser user = HostUser.OfCaller();
        if (s_forRoot.Contains(Verb(parsed), StringComparer.Ordinal))
        {
            throw new SysctrException(
                ErrorKind.Host,
                $"{Verb(parsed)}: a user's mounts are seen in the user's namespace alone",
                $"the tree of an installed container is {user.DataHome}/sysctr/deployments/NAME/current/rootfs, read-only"
            );
        }

        Host.CheckIds(user);
        user.Export(inside: true);
        return UserNamespace.Replace(
            user,
            [AtomicPersonality.IsActive ? AtomicPersonality.CalledAs : Environment.ProcessPath!, .. typed]
        );
    }
}
