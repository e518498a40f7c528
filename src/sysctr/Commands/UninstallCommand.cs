using System.CommandLine;
using SystemContainers.Deploy;

namespace SystemContainers.Cli.Commands;

static class UninstallCommand
{
    private static readonly Argument<string[]> s_names = new("NAME")
    {
        Description = "The containers to remove.",
        Arity = ArgumentArity.OneOrMore,
    };

    private static readonly Option<bool> s_purge = new("--purge")
    {
        Description = "Remove the container's state directories too. Their content is lost.",
    };

    public static Command Create()
    {
        Command command = new(
            "uninstall",
            """
            Stops a container and removes exactly what was installed: units, enablement, deployments. State directories such as
            /var/lib/NAME stay unless --purge is given; the image stays in the store.

            Examples:
              sysctr uninstall etcd
              sysctr uninstall --purge etcd
            """);
        command.Add(s_names);
        command.Add(s_purge);
        command.SetAction(async (parsed, cancellation) =>
        {
            Terminal terminal = GlobalOptions.Terminal(parsed);
            using Host host = GlobalOptions.OpenHost(parsed, terminal);
            await new UninstallOperation(host, terminal.Note)
                .RunAsync(parsed.GetValue(s_names)!, parsed.GetValue(s_purge), cancellation);
            return 0;
        });
        return command;
    }
}
