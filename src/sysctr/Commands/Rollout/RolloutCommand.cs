// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Fleet;

namespace SystemContainers.Cli.Commands.Rollout;

static class RolloutCommand
{
    /// <summary>Which roll-out a verb is about.</summary>
    public static Option<string?> Lock { get; } =
        new("--lock")
        {
            Description = "The semaphore of the roll-out; by default that of sysctr.toml.",
            HelpName = "etcd:HOST:PORT[,...]/KEY",
        };

    public static Command Create() =>
        new(
            "rollout",
            """
            A roll-out over many hosts, each of which updates with --lock: its status, and the release of what holds it.

            Examples:
              sysctr rollout status --lock etcd:10.0.0.1:2379/rollout
              sysctr rollout release web7                    go on without the host whose update failed
            """
        )
        {
            RolloutStatusCommand.Create(),
            RolloutReleaseCommand.Create(),
        };

    /// <summary>Opens the roll-out that the command line names; not a host: any machine that reaches etcd will
    /// do.</summary>
    public static RolloutControl Open(ParseResult parsed) =>
        RolloutControl.Open(Path.GetFullPath(parsed.GetValue(GlobalOptions.Root)!), parsed.GetValue(Lock));
}
