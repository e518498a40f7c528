// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Networks;
using SystemContainers.Target;

namespace SystemContainers.Cli.Commands.Networks;

static class NetworkListCommand
{
    private static readonly Option<bool> s_json = new("--json")
    {
        Description = "Print a JSON array, each as podman's network files have it.",
    };

    public static Command Create()
    {
        Command command = new("list", "Lists the networks by name, and the containers that are on them.") { s_json };
        command.SetAction(parsed =>
        {
            Terminal terminal = GlobalOptions.Terminal(parsed);
            using Host host = GlobalOptions.OpenHost(parsed, terminal);
            NetworkOperations networks = new(host);
            if (parsed.GetValue(s_json))
            {
                terminal.Json(networks.Json());
                return 0;
            }

            terminal.Table(
                [
                    "NAME",
                    "DRIVER",
                    "SUBNETS",
                    new("DEVICE") { Dispensable = 1 },
                    new("USED BY") { Dispensable = 2, Least = 8 },
                ],
                [
                    .. networks
                        .List()
                        .Select(n =>
                            new[]
                            {
                                n.Network.Name,
                                n.Network.Driver,
                                string.Join(' ', n.Network.Subnets.Select(s => s.Subnet)),
                                n.Network.NetworkInterface ?? "",
                                string.Join(' ', n.Users),
                            }
                        ),
                ]
            );
            return 0;
        });
        return command;
    }
}
