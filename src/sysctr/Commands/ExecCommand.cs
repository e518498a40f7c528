using System.CommandLine;
using System.Runtime.InteropServices;
using SystemContainers.Deploy;

namespace SystemContainers.Cli.Commands;

static class ExecCommand
{
    private static readonly Argument<string> s_name = new("NAME") { Description = "The container; it has to run." };

    private static readonly Argument<string[]> s_command = new("COMMAND")
    {
        Description = "Program and arguments, as they are in the container.",
        Arity = ArgumentArity.OneOrMore,
    };

    private static readonly Option<bool> s_tty = new("--tty", "-t")
    {
        Description = "Give it a terminal of its own; without saying so it gets one when sysctr's input and output are a terminal.",
    };

    private static readonly Option<string?> s_user = new("--user", "-u") { Description = "Run as this user of the container.", HelpName = "UID[:GID]" };

    private static readonly Option<string[]> s_env = new("--env", "-e")
    {
        Description = "Set a variable of its environment.",
        HelpName = "NAME=VALUE",
        DefaultValueFactory = _ => [],
    };

    private static readonly Option<bool> s_orRun = new("--or-run")
    {
        Description = "Where the container does not run, run the command in place of its payload, as 'atomic run' does; its service stays stopped.",
    };

    public static Command Create()
    {
        Command command = new(
            "exec",
            """
            Runs a command in a container that runs, with its namespaces, its root file system and no more rights than it has. The
            exit status is the command's. It gets pipes or a terminal of its own, never the caller's: who is left behind in the container
            can't read what is typed later.

            Examples:
              sysctr exec etcd etcdctl endpoint health
              sysctr exec -t httpd sh
            """) { s_name, s_command, s_tty, s_user, s_env, s_orRun };
        command.SetAction(async (parsed, cancellation) =>
        {
            Terminal terminal = GlobalOptions.Terminal(parsed);
            using Host host = GlobalOptions.OpenHost(parsed, terminal);
            if (parsed.GetValue(s_orRun) && !await new ContainerControl(host).CanExecuteAsync(parsed.GetValue(s_name)!, cancellation))
            {
                using CancellationTokenSource interrupted = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
                using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
                using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);
                return await new StandInOperation(host).RunAsync(parsed.GetValue(s_name)!, parsed.GetValue(s_command)!, interrupted.Token);

                void Interrupt(PosixSignalContext context)
                {
                    context.Cancel = true;
                    interrupted.Cancel();
                }
            }

            bool tty = parsed.GetValue(s_tty) || Terminal.IsUsedByPerson;
            return await new ContainerControl(host).ExecuteAsync(
                parsed.GetValue(s_name)!, parsed.GetValue(s_command)!, tty, parsed.GetValue(s_user) is { } user ? ["--user", user] : [], parsed.GetValue(s_env)!);
        });
        return command;
    }

    /// <summary>Puts <c>--</c> behind the container's name: what follows is not ours to understand.</summary>
    public static string[] Protect(string[] arguments)
    {
        int name = 1;
        while (name < arguments.Length && arguments[name].StartsWith('-') && arguments[name] != "--")
        {
            bool hasValue = arguments[name] is "--user" or "-u" or "--env" or "-e" or "--root" or "--lock-timeout";
            name += hasValue ? 2 : 1;
        }

        return name >= arguments.Length - 1 || arguments[name] == "--" || arguments[name + 1] == "--"
            ? arguments
            : [.. arguments[..(name + 1)], "--", .. arguments[(name + 1)..]];
    }
}
