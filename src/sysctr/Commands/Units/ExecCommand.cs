// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using System.Runtime.InteropServices;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Errors;
using SystemContainers.Requests;
using SystemContainers.Target;
using SystemContainers.Verbs;

namespace SystemContainers.Cli.Commands.Units;

static class ExecCommand
{
    private const string Name = "exec";

    private static readonly Argument<string> s_name = ContainerArgument.One("The container; it has to run.");

    private static readonly Argument<string[]> s_command = new("COMMAND")
    {
        Description = "Program and arguments, as they are in the container.",
        Arity = ArgumentArity.OneOrMore,
    };

    private static readonly Option<bool> s_tty = new("--tty", "-t")
    {
        Description =
            "Give it a terminal of its own; without saying so it gets one when sysctr's input and output are a terminal.",
    };

    private static readonly Option<bool> s_interactive = new("--interactive", "-i")
    {
        Description = "Accepted for the habit: the command always gets sysctr's input.",
    };

    private static readonly Option<string?> s_user = new("--user", "-u")
    {
        Description =
            "Run as this user of the container, by name or number, with its groups. A user's container is named by --user before the verb.",
        HelpName = "USER[:GROUP]",
    };

    private static readonly Option<string?> s_workingDirectory = new("--workdir", "-w")
    {
        Description = "Run in this directory of the container.",
        HelpName = "DIR",
    };

    private static readonly Option<string[]> s_env = new("--env", "-e")
    {
        Description = "Set a variable of its environment.",
        HelpName = "NAME=VALUE",
        DefaultValueFactory = _ => [],
    };

    private static readonly Option<bool> s_orRun = new("--or-run")
    {
        Description =
            "Where the container does not run, run the command in place of its payload, as 'atomic run' does; its service stays stopped.",
    };

    private static readonly Option[] s_options = [s_tty, s_interactive, s_user, s_workingDirectory, s_env, s_orRun];

    public static Command Create()
    {
        Command command = new(
            Name,
            """
            Runs a command in a container that runs, with its namespaces, its root file system and no more rights than it has. The
            exit status is the command's. It gets pipes or a terminal of its own, never the caller's: who is left behind in the container
            can't read what is typed later.

            Examples:
              sysctr exec etcd etcdctl endpoint health
              sysctr exec -it httpd sh
              sysctr exec -u www-data -w /srv httpd ls -l
            """
        )
        {
            s_name,
            s_command,
        };
        foreach (Option option in s_options)
        {
            command.Add(option);
        }

        command.SetAction(
            async (parsed, cancellation) =>
            {
                Terminal terminal = GlobalOptions.Terminal(parsed);
                using Host host = GlobalOptions.OpenHost(parsed, terminal);
                ExecRequest request = new(parsed.GetValue(s_name)!, parsed.GetValue(s_command)!)
                {
                    Terminal = parsed.GetValue(s_tty) || Terminal.IsUsedByPerson,
                    User = parsed.GetValue(s_user),
                    WorkingDirectory = parsed.GetValue(s_workingDirectory),
                    Environment = parsed.GetValue(s_env)!,
                };
                if (
                    parsed.GetValue(s_orRun)
                    && !await new ContainerControl(host).CanExecuteAsync(parsed.GetValue(s_name)!, cancellation)
                )
                {
                    if (request.Terminal && !Terminal.IsUsedByPerson)
                    {
                        throw new SysctrException(
                            ErrorKind.Usage,
                            $"running a command in place of the payload of '{request.Container}': without a terminal of the caller's --tty has none to give",
                            "leave it out, or start the container first"
                        );
                    }

                    using CancellationTokenSource interrupted = CancellationTokenSource.CreateLinkedTokenSource(
                        cancellation
                    );
                    using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(
                        PosixSignal.SIGINT,
                        Interrupt
                    );
                    using PosixSignalRegistration terminate = PosixSignalRegistration.Create(
                        PosixSignal.SIGTERM,
                        Interrupt
                    );
                    return await new StandInOperation(host).RunAsync(request, interrupted.Token);

                    void Interrupt(PosixSignalContext context)
                    {
                        context.Cancel = true;
                        interrupted.Cancel();
                    }
                }

                return await new ContainerControl(host).ExecuteAsync(request);
            }
        );
        return command;
    }

    /// <summary>Puts <c>--</c> behind the container's name: what follows is not ours to understand.</summary>
    public static string[] Protect(string[] words)
    {
        int name = GlobalOptions.VerbAt(words);
        if (name == words.Length || words[name] != Name)
        {
            return words;
        }

        name++;
        while (name < words.Length && words[name] is ['-', _, ..] && words[name] != "--")
        {
            name += GlobalOptions.ValuedByNext(s_options.Concat(GlobalOptions.All), words[name]) is null ? 1 : 2;
        }

        return name >= words.Length - 1 || words[name] == "--" || words[name + 1] == "--"
            ? words
            : [.. words[..(name + 1)], "--", .. words[(name + 1)..]];
    }
}
