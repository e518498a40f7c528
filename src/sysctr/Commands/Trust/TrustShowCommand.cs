// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Target;
using SystemContainers.Trust;

namespace SystemContainers.Cli.Commands.Trust;

static class TrustShowCommand
{
    private static readonly Option<bool> s_json = JsonOption.CreateArray();

    public static Command Create()
    {
        Command command = new(
            "show",
            "Lists the rules, default first. Of those whose scope holds an image the most specific decides."
        )
        {
            s_json,
        };
        command.SetAction(parsed =>
        {
            Terminal terminal = GlobalOptions.Terminal(parsed);
            using Host host = GlobalOptions.OpenHost(parsed, terminal);
            IReadOnlyList<TrustReport> rules = new TrustOperation(host, terminal.Note).Show();
            if (parsed.GetValue(s_json))
            {
                terminal.Json(Reports.ToJson(rules));
                return 0;
            }

            terminal.Table(
                [
                    "TRANSPORT",
                    "SCOPE",
                    new("REQUIRES") { Least = 20 },
                    new("ATTACHMENTS") { Dispensable = 2 },
                    new("FILE") { Dispensable = 1 },
                ],
                [
                    .. rules.Select(r =>
                        new[]
                        {
                            r.Transport,
                            r.Transport == "default" ? "-"
                            : r.Scope.Length == 0 ? "*"
                            : r.Scope,
                            string.Join(" and ", r.Requirements),
                            r.Attachments switch
                            {
                                true => "yes",
                                false => "no",
                                null => "-",
                            },
                            r.File,
                        }
                    ),
                ]
            );
            return 0;
        });
        return command;
    }
}
