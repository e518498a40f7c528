using System.CommandLine;
using System.Reflection;

namespace SystemContainers.Cli.Commands;

static class VersionCommand
{
    public static Command Create()
    {
        Command command = new("version", "Prints the version.");
        command.SetAction(parsed =>
        {
            GlobalOptions.Terminal(parsed).Result($"sysctr {typeof(VersionCommand).Assembly
                .GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion}");
            return 0;
        });
        return command;
    }
}
