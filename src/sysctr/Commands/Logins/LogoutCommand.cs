// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Errors;
using SystemContainers.Logins;
using SystemContainers.Pull.Auth;

namespace SystemContainers.Cli.Commands.Logins;

/// <summary>With the options of podman-logout(1).</summary>
static class LogoutCommand
{
    private static readonly Option<bool> s_all = new("--all", "-a") { Description = "Log out of all registries." };

    public static Command Create()
    {
        Command command = new(
            "logout",
            "Logs out of a registry: removes the user and the password that 'sysctr login', 'podman login' or 'skopeo login' has kept."
        )
        {
            LoginOptions.Registry,
            s_all,
            LoginOptions.AuthFile,
        };
        command.SetAction(
            async (parsed, cancellation) =>
            {
                Terminal terminal = GlobalOptions.Terminal(parsed);
                using PullProgressView progress = new(terminal);
                LoginOperation logins = LoginOptions.Operation(parsed, terminal, progress);
                string? registry = parsed.GetValue(LoginOptions.Registry);
                if (parsed.GetValue(s_all))
                {
                    if (registry is not null)
                    {
                        throw new SysctrException(ErrorKind.Usage, "--all takes no registry", "leave one of them out");
                    }

                    IReadOnlyList<string> all = await logins.ForgetAllAsync(cancellation);
                    terminal.Note(
                        all.Count == 0
                            ? "nobody was logged in"
                            : $"logged out of all registries: {string.Join(", ", all)}"
                    );
                    return 0;
                }

                AuthKey key = logins.KeyOf(registry);
                terminal.Note(
                    $"{key.Text}: logged out, removed from {string.Join(", ", await logins.ForgetAsync(key, cancellation))}"
                );
                return 0;
            }
        );
        return command;
    }
}
