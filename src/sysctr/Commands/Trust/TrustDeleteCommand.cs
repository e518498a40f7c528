// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Target;
using SystemContainers.Trust;

namespace SystemContainers.Cli.Commands.Trust;

static class TrustDeleteCommand
{
    private static readonly Argument<string> s_scope = TrustCommand.ScopeArgument();
    private static readonly Option<string?> s_transport = TrustCommand.TransportOption();

    public static Command Create()
    {
        Command command = new("delete", "Takes a scope's rule away, so that the rule of what it is in decides.")
        {
            s_scope,
            s_transport,
        };
        command.SetAction(parsed =>
        {
            Terminal terminal = GlobalOptions.Terminal(parsed);
            using Host host = GlobalOptions.OpenHost(parsed, terminal);
            new TrustOperation(host, terminal.Note).Delete(TrustCommand.Scope(parsed, s_scope, s_transport));
            return 0;
        });
        return command;
    }
}
