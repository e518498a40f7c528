// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Errors;
using SystemContainers.Exports;
using SystemContainers.Inspect;
using SystemContainers.Requests;
using SystemContainers.Target;
using SystemContainers.Verbs;

namespace SystemContainers.Cli.Commands;

static class RunCommand
{
    private static readonly Argument<string> s_what = new("NAME|IMAGE")
    {
        Description =
            "An installed container, which is started; or an image, which runs once in the foreground and is removed.",
        CustomParser = result => ContainerName.OfUnit(result.Tokens[0].Value),
    };

    private static readonly Option<string?> s_name = ContainerArgument.NameOption(
        "Name for an image's run; by default the last part of the image's name."
    );

    private static readonly Option<string[]> s_grant = GrantOption.Create();
    private static readonly Option<string[]> s_set = SetOption.Create();
    private static readonly Option<bool> s_leaveOutUnknown = SetOption.CreateLeaveOutUnknown();

    private static readonly Option<string?> s_runtime = new("--runtime")
    {
        Description = "OCI runtime, by name or path.",
        HelpName = "RUNTIME",
    };

    private static readonly Option<PullPolicy> s_pull = new("--pull")
    {
        Description = "When to ask the registry: missing (default), always, never.",
        DefaultValueFactory = _ => PullPolicy.Missing,
    };

    private static readonly Option<bool> s_install = new("--install")
    {
        Description = "Install an image and start it, instead of running it once; as 'atomic run' does.",
    };

    public static Command Create()
    {
        Command command = new(
            "run",
            """
            Starts an installed container; or runs an image once, as a system container in the foreground, and removes it. The
            payload's exit status is then the command's.

            Examples:
              sysctr run etcd
              sysctr run --set TARGET=/srv registry.example.com/backup
            """
        );
        command.Add(s_what);
        command.Add(s_name);
        command.Add(s_set);
        command.Add(s_grant);
        command.Add(s_leaveOutUnknown);
        command.Add(s_runtime);
        command.Add(s_pull);
        command.Add(s_install);
        command.SetAction(RunAsync);
        return command;
    }

    /// <summary>Options that were given and say something of an image, not of a container that is there.
    /// <c>--install</c> is of either, and what stands with it is of its install.</summary>
    internal static IReadOnlyList<string> OfImage(ParseResult parsed) =>
        parsed.GetValue(s_install)
            ? []
            :
            [
                .. ((Option[])[s_name, s_set, s_grant, s_leaveOutUnknown, s_runtime, s_pull])
                    .Where(o => parsed.GetResult(o) is { Implicit: false })
                    .Select(o => o.Name),
            ];

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        Terminal terminal = GlobalOptions.Terminal(parsed);
        string what = parsed.GetValue(s_what)!;
        using Host host = GlobalOptions.OpenHost(parsed, terminal);
        if ((await new ContainerReports(host).ListAsync(all: false, cancellation)).Any(c => c.Name == what))
        {
            if (OfImage(parsed) is [var first, ..])
            {
                throw new SysctrException(
                    ErrorKind.Usage,
                    $"running {what}: a container of that name is installed, and {first} is for an image that runs once",
                    "leave it out to start the container, 'sysctr update' to change it, or name the image in full: docker://HOST/NAME"
                );
            }

            await new ContainerControl(host).StartAsync(what, cancellation);
            return 0;
        }

        InstallRequest request = new(what)
        {
            Name = parsed.GetValue(s_name),
            Set = SetOption.Parse(parsed.GetValue(s_set)!),
            Grants = GrantOption.Parse(parsed.GetValue(s_grant)!),
            LeaveOutUnknown = parsed.GetValue(s_leaveOutUnknown),
            Runtime = parsed.GetValue(s_runtime),
            Pull = parsed.GetValue(s_pull),
        };
        using PullProgressView progress = new(terminal);
        if (parsed.GetValue(s_install))
        {
            return await new InstallOperation(host, progress, terminal.Note).RunAsync(
                [request],
                now: true,
                StartPolicy.Default,
                cancellation
            );
        }

        return await new RunOnceOperation(host, progress).RunAsync(request, cancellation);
    }
}
