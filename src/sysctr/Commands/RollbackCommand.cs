// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.State;
using SystemContainers.Target;
using SystemContainers.Verbs;

namespace SystemContainers.Cli.Commands;

static class RollbackCommand
{
    private static readonly Argument<string> s_name = ContainerArgument.One();

    private static readonly Argument<int?> s_number = new("N")
    {
        Description = "The deployment to go to; by default the one that was in use before.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<bool> s_json = JsonOption.CreateArray();

    public static Command Create()
    {
        Command command = new(
            "rollback",
            """
            Brings a container back to a deployment that is still there, with its image and its settings, and restarts it if it
            ran. A second rollback leads forward again.

            Examples:
              sysctr rollback etcd
              sysctr list --all             which deployments there are
              sysctr rollback etcd 3
            """
        );
        AddRequestTo(command);
        StartOptions.AddTo(command);
        command.Add(s_json);
        command.SetAction(
            async (parsed, cancellation) =>
            {
                Terminal terminal = GlobalOptions.Terminal(parsed);
                using Host host = GlobalOptions.OpenHost(parsed, terminal);
                (string name, int? number) = Request(parsed);
                HistoryDeployment? before = HistoryDeployment.Of(host.Catalog.Get(name));
                await new RollbackOperation(host, terminal.Note).RunAsync(
                    name,
                    number,
                    StartOptions.Parse(parsed),
                    cancellation
                );
                if (parsed.GetValue(s_json))
                {
                    terminal.Json(Reports.ToJson([ChangeReport.Of(host, name, before)]));
                }

                return 0;
            }
        );
        return command;
    }

    /// <summary>What says where a rollback goes; <see cref="Request"/> reads it.</summary>
    public static void AddRequestTo(Command command)
    {
        command.Add(s_name);
        command.Add(s_number);
    }

    /// <summary>What the command line asks for.</summary>
    public static (string Name, int? Number) Request(ParseResult parsed) =>
        (parsed.GetValue(s_name)!, parsed.GetValue(s_number));
}
