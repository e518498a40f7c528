// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Target;
using SystemContainers.Verbs;

namespace SystemContainers.Cli.Commands;

static class MigrateCommand
{
    private static readonly Option<CheckoutWord?> s_checkout = CheckoutOption.Create(
        "The form of checkout that the store is to be made ready for: composefs, hardlinks, or auto, as without the option: the one of sysctr.toml, or the best that the host can."
    );

    private static readonly Option<bool> s_json = JsonOption.Create();

    public static Command Create()
    {
        Command command = new(
            "migrate",
            """
            Converts the layers of the store for a form of checkout, without the registry. Installs and updates convert what they need by
            themselves; this does all of it at once. What containers run from stays as it is.

            Examples:
              sysctr migrate --checkout composefs
              sysctr migrate --checkout hardlinks        back, before or after a prune
            """
        );
        command.Add(s_checkout);
        command.Add(s_json);
        command.SetAction(
            async (parsed, cancellation) =>
            {
                Terminal terminal = GlobalOptions.Terminal(parsed);
                using Host host = GlobalOptions.OpenHost(parsed, terminal);
                int layers = await new MigrateOperation(host, terminal.Note).RunAsync(
                    CheckoutOption.Form(parsed.GetValue(s_checkout)) ?? host.FindCheckout(),
                    cancellation
                );
                if (parsed.GetValue(s_json))
                {
                    terminal.Json(Reports.ToJson(new MigrateReport(layers)));
                    return 0;
                }

                terminal.Note($"converted {layers} layers; what they had before goes with 'sysctr images prune'");
                return 0;
            }
        );
        return command;
    }
}
