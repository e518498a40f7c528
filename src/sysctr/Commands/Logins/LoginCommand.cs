// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using SystemContainers.Cli.Options;
using SystemContainers.Cli.Output;
using SystemContainers.Errors;
using SystemContainers.Logins;
using SystemContainers.Pull.Auth;

namespace SystemContainers.Cli.Commands.Logins;

/// <summary>With the options of podman-login(1).</summary>
static class LoginCommand
{
    private static readonly Option<string?> s_username = new("--username", "-u")
    {
        Description = "Who logs in; asked for otherwise.",
        HelpName = "NAME",
    };

    private static readonly Option<string?> s_password = new("--password", "-p")
    {
        Description = "The password, where every process of the host can read it: better let it be asked for.",
        HelpName = "PASSWORD",
    };

    private static readonly Option<bool> s_passwordStdin = new("--password-stdin")
    {
        Description = "Read the password from standard input.",
    };

    private static readonly Option<bool?> s_verify = new("--tls-verify")
    {
        Description = "Whether TLS is needed and its certificate verified; registries.conf says otherwise.",
        HelpName = "true|false",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<bool> s_getLogin = new("--get-login")
    {
        Description = "Print who is logged in, and log in nobody.",
    };

    public static Command Create()
    {
        Command command = new(
            "login",
            """
            Logs in to a registry: checks a user and a password there, and keeps them where podman and skopeo find them too.

            Examples:
              sysctr login quay.io                                        asks for both
              sysctr login -u me --password-stdin quay.io/team            for a part of it; the password is what standard input has
              sysctr login --get-login quay.io                            who is logged in
            """
        )
        {
            LoginOptions.Registry,
            s_username,
            s_password,
            s_passwordStdin,
            LoginOptions.AuthFile,
            s_verify,
            s_getLogin,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        Terminal terminal = GlobalOptions.Terminal(parsed);
        using PullProgressView progress = new(terminal);
        LoginOperation logins = LoginOptions.Operation(parsed, terminal, progress);
        AuthKey key = logins.KeyOf(parsed.GetValue(LoginOptions.Registry));
        Credential? existing = await logins.FindAsync(key, cancellation);
        if (parsed.GetValue(s_getLogin))
        {
            terminal.Result(
                existing?.User
                    ?? throw new SysctrException(
                        ErrorKind.NotFound,
                        $"looking for who is logged in to {key.Text}: {(existing is null ? "nobody" : "a token, which has no name")}"
                    )
            );
            return 0;
        }

        bool? verify = parsed.GetResult(s_verify) is null ? null : parsed.GetValue(s_verify) ?? true;
        (string? user, string? password) = (
            parsed.GetValue(s_username),
            await GivenPasswordAsync(parsed, cancellation)
        );
        if (
            user is null
            && password is null
            && existing is { User: not null, Password: not null }
            && await IsGoodAsync(logins, key, existing, verify, cancellation)
        )
        {
            terminal.Note($"{key.Text}: logged in already, with the {existing}");
            return 0;
        }

        user ??= await terminal.AskAsync(
            $"User name at {key.Registry}{(existing?.User is { } known ? $" ({known})" : "")}: ",
            hidden: false,
            "--username NAME",
            cancellation
        )
            is { Length: > 0 } typed
            ? typed
            : existing?.User
                ?? throw new SysctrException(
                    ErrorKind.Usage,
                    $"logging in to {key.Text}: no user is named",
                    "name one with --username"
                );
        password ??= await terminal.AskAsync($"Password of {user}: ", hidden: true, "--password-stdin", cancellation);
        bool asked = await logins.CheckAsync(
            key,
            new Credential(user, password, identityToken: null) { Source = "this login" },
            verify,
            cancellation
        );
        (string place, string? warning) = await logins.KeepAsync(key, user, password, cancellation);
        terminal.Note(
            $"{key.Text}: logged in as {user}, kept in {place}{(asked ? "" : "; the registry asks nobody for a password")}"
        );
        if (warning is not null)
        {
            terminal.Note($"warning: {warning}");
        }

        return 0;
    }

    private static async Task<bool> IsGoodAsync(
        LoginOperation logins,
        AuthKey key,
        Credential existing,
        bool? verify,
        CancellationToken cancellation
    )
    {
        try
        {
            await logins.CheckAsync(key, existing, verify, cancellation);
            return true;
        }
        catch (SysctrException e) when (e.Kind == ErrorKind.Unauthorized)
        {
            return false;
        }
    }

    private static async Task<string?> GivenPasswordAsync(ParseResult parsed, CancellationToken cancellation)
    {
        string? password = parsed.GetValue(s_password);
        if (!parsed.GetValue(s_passwordStdin))
        {
            return password;
        }

        if (password is not null)
        {
            throw new SysctrException(
                ErrorKind.Usage,
                "--password-stdin does not go with --password",
                "leave one of them out"
            );
        }

        return parsed.GetValue(s_username) is null
            ? throw new SysctrException(
                ErrorKind.Usage,
                "--password-stdin needs --username",
                "standard input is the password, so nobody can be asked"
            )
            : await Terminal.ReadInputAsync(cancellation);
    }
}
