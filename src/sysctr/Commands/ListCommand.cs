using System.CommandLine;
using SystemContainers.Deploy;

namespace SystemContainers.Cli.Commands;

static class ListCommand
{
    private static readonly Option<bool> s_json = new("--json") { Description = "Print a JSON array." };

    private static readonly Option<bool> s_all = new("--all")
    {
        Description = "List the deployments that are not in use too: what a rollback can go to. A '*' marks those in use.",
    };

    private static readonly Option<bool> s_names = new("--names") { Description = "Print the names alone, one a line." };
    private static readonly Option<bool> s_noHeading = new("--no-heading") { Description = "Leave out the line that names the columns." };

    public static Command Create()
    {
        Command command = new("list", "Lists the installed containers with their state in systemd.") { s_all, s_json, s_names, s_noHeading };
        command.SetAction(async (parsed, cancellation) =>
        {
            Terminal terminal = GlobalOptions.Terminal(parsed);
            using Host host = GlobalOptions.OpenHost(parsed, terminal);
            await host.RecoverPendingAsync(cancellation);
            IReadOnlyList<ContainerReport> containers = await new ContainerReports(host).ListAsync(parsed.GetValue(s_all), cancellation);
            if (parsed.GetValue(s_json))
            {
                terminal.Json(Reports.ToJson(containers));
                return 0;
            }

            if (parsed.GetValue(s_names))
            {
                foreach (string name in containers.Select(c => c.Name).Distinct(StringComparer.Ordinal))
                {
                    terminal.Result(name);
                }

                return 0;
            }

            terminal.Table(
                ["NAME", "STATE", "ENABLED", "IMAGE", "DEPLOYMENT", "INSTALLED", "AUTO-UPDATE"],
                [
                    .. containers.Select(c => new[]
                    {
                        c.Name, c.State, c.Enabled, c.Image, $"{c.Deployment}{(c.InUse ? "*" : "")}{(c.Pinned ? " pinned" : "")}{(c.Held is null ? "" : " held")}", $"{c.InstalledAt.LocalDateTime:yyyy-MM-dd HH:mm}", Reports.Word(c.AutoUpdate),
                    }),
                ],
                withHeading: !parsed.GetValue(s_noHeading));
            return 0;
        });
        return command;
    }
}
