// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Errors;
using SystemContainers.Target;
using SystemContainers.Verbs;

namespace SystemContainers.Cli.Commands;

static class UninstallCommand
{
    private static readonly Argument<string[]> s_names = ContainerArgument.Several(
        "The containers to remove.",
        mayBeNone: true
    );

    private static readonly Option<bool> s_all = new("--all", "-a")
    {
        Description = "Remove every container that is installed.",
    };

    private static readonly Option<bool> s_purge = new("--purge")
    {
        Description = "Remove the container's state directories too. Their content is lost.",
    };

    private static readonly Option<bool> s_json = JsonOption.CreateArray();

    public static Command Create()
    {
        Command command = new(
            "uninstall",
            """
            Stops a container and removes exactly what was installed: units, enablement, deployments. State directories such as
            /var/lib/NAME stay unless --purge is given; the image stays in the store. What is left, and what --purge removed, is named.

            Examples:
              sysctr uninstall etcd
              sysctr uninstall --purge etcd
            """
        );
        AddRequestTo(command);
        command.Add(s_json);
        command.SetAction(
            async (parsed, cancellation) =>
            {
                Terminal terminal = GlobalOptions.Terminal(parsed);
                using Host host = GlobalOptions.OpenHost(parsed, terminal);
                (string[] names, bool purge) = Request(parsed, host);
                IReadOnlyList<UninstallReport> reports =
                    names.Length == 0
                        ? []
                        : await new UninstallOperation(host, terminal.Note).RunAsync(names, purge, cancellation);
                if (parsed.GetValue(s_json))
                {
                    terminal.Json(Reports.ToJson(reports));
                }

                return 0;
            }
        );
        return command;
    }

    /// <summary>What says which containers go; <see cref="Request"/> reads it.</summary>
    public static void AddRequestTo(Command command)
    {
        command.Add(s_names);
        command.Add(s_all);
        command.Add(s_purge);
    }

    /// <summary>What the command line asks for.</summary>
    /// <exception cref="SysctrException">Usage: it names nothing, or all and some.</exception>
    public static (string[] Names, bool Purge) Request(ParseResult parsed, Host host)
    {
        string[] names = parsed.GetValue(s_names)!;
        bool all = parsed.GetValue(s_all);
        return all == names.Length > 0
            ? throw new SysctrException(
                ErrorKind.Usage,
                all ? "uninstall: --all and names exclude each other" : "uninstall: NAME is missing",
                "write sysctr uninstall NAME..., or --all"
            )
            : (
                all
                    ?
                    [
                        .. host
                            .Catalog.All()
                            .Select(c => c.Name)
                            .Distinct(StringComparer.Ordinal)
                            .Order(StringComparer.Ordinal),
                    ]
                    : names,
                parsed.GetValue(s_purge)
            );
    }
}
