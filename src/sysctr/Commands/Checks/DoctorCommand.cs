// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Doctor;
using SystemContainers.Doctor.Facts;
using SystemContainers.Errors;
using SystemContainers.Linux.Users;

namespace SystemContainers.Cli.Commands.Checks;

static class DoctorCommand
{
    public const string Name = "doctor";

    private static readonly Option<bool> s_json = new("--json")
    {
        Description = "Print a JSON object with the checks and counts.",
    };

    private static readonly Option<bool> s_strict = new("--strict") { Description = "Warnings make it fail too." };

    public static Command Create()
    {
        Command command = new(
            Name,
            """
            Checks the host: systemd, cgroups, kernel, runtimes and their known holes, what is trusted, the seccomp filter, the store
            and its room, clock, locks, leftovers, recovery. Says what to do where something is not as it should be.

            Examples:
              sysctr doctor
              sysctr doctor --json | jq '.checks[] | select(.level == "problem")'
              sysctr --root /mnt doctor       a system that does not run
              sysctr --user doctor            for the calling user's containers

            Changes nothing. Exits with 1 when there is a problem. Who is not root is told what could not be looked at.
            """
        )
        {
            s_json,
            s_strict,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        Terminal terminal = GlobalOptions.Terminal(parsed);
        DoctorReport report = await new DoctorOperation(Target(parsed)).RunAsync(cancellation);
        if (parsed.GetValue(s_json))
        {
            terminal.Json(Reports.ToJson(report));
        }
        else
        {
            foreach (string line in report.Checks.SelectMany(c => c.Lines))
            {
                // The first word of a finding's own line is its level; those below are set in.
                terminal.Result(line, line.Split(' ')[0] is { Length: > 0 } level ? level : " ");
            }

            terminal.Result(report.Summary);
        }

        return report.Problems > 0 || (parsed.GetValue(s_strict) && report.Warnings > 0) ? (int)ErrorKind.Failed : 0;
    }

    /// <exception cref="SysctrException">Usage: --user with --root; there is no such directory.</exception>
    private static DoctorTarget Target(ParseResult parsed)
    {
        string root = Path.GetFullPath(parsed.GetValue(GlobalOptions.Root)!);
        HostUser? user = parsed.GetValue(GlobalOptions.User) ? HostUser.OfCaller() : null;
        if (user is not null && (parsed.GetValue(GlobalOptions.System) || root != "/"))
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"--user does not go with {(root == "/" ? "--system" : "--root")}",
                "leave one of them out"
            );
        }

        if (!Directory.Exists(root))
        {
            throw new SysctrException(ErrorKind.Usage, $"--root {root}: there is no such directory");
        }

        user?.Export(inside: false);
        return new DoctorTarget(root, user) { Environment = Environment.GetEnvironmentVariable };
    }
}
