// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Linux.Users;
using SystemContainers.Logins;

namespace SystemContainers.Cli.Commands.Logins;

/// <summary>What login and logout share.</summary>
static class LoginOptions
{
    public static Argument<string?> Registry { get; } =
        new("REGISTRY")
        {
            Description =
                "HOST[:PORT], or a part of it: HOST[:PORT]/NAMESPACE. The first of unqualified-search-registries where it is left out.",
            Arity = ArgumentArity.ZeroOrOne,
        };

    public static Option<string?> AuthFile { get; } =
        new("--authfile")
        {
            Description =
                "The file with the credentials, in place of $REGISTRY_AUTH_FILE or ~/.config/containers/auth.json.",
            HelpName = "FILE",
        };

    public static LoginOperation Operation(ParseResult parsed, Terminal terminal, PullProgressView progress)
    {
        HostUser? user = parsed.GetValue(GlobalOptions.User) ? HostUser.OfCaller() : null;
        user?.Export(inside: HostUser.IsInNamespace);
        return LoginOperation.Open(
            user,
            terminal.Note,
            progress,
            parsed.GetValue(AuthFile) is { Length: > 0 } file ? file : null
        );
    }
}
