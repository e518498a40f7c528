// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using System.Reflection;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;

namespace SystemContainers.Cli.Commands;

static class VersionCommand
{
    private static readonly Option<bool> s_json = JsonOption.Create();

    public static Command Create()
    {
        Command command = new("version", "Prints the version.") { s_json };
        command.SetAction(parsed =>
        {
            Terminal terminal = GlobalOptions.Terminal(parsed);
            string version = typeof(VersionCommand)
                .Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!
                .InformationalVersion;
            if (parsed.GetValue(s_json))
            {
                terminal.Json(Reports.ToJson(new VersionReport(version)));
            }
            else
            {
                terminal.Result($"sysctr {version}");
            }

            return 0;
        });
        return command;
    }
}
