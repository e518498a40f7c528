// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using System.Text.RegularExpressions;
using SystemContainers.Errors;
using SystemContainers.Linux.Processes;

namespace SystemContainers.Pull.Auth;

/// <summary>Asks <c>docker-credential-NAME</c> (protocol of docker/docker-credential-helpers: host on standard input,
/// JSON out).</summary>
static partial class CredentialHelper
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    // The protocol has no code for this: all helpers print this sentence of the library that they share.
    private const string NotFound = "credentials not found";

    /// <summary>What the helper has for a host; null where it says that it has nothing.</summary>
    /// <exception cref="SysctrException">Unauthorized: the helper is missing or fails.</exception>
    public static async Task<Credential?> GetAsync(string name, string host, CancellationToken cancellationToken) =>
        await RunAsync(name, "get", host, host, cancellationToken) is { } output
            ? Parse(output, Program(name), host)
            : null;

    /// <summary>Has the helper keep a password.</summary>
    /// <exception cref="SysctrException">Unauthorized: the helper is missing or fails.</exception>
    public static Task StoreAsync(
        string name,
        string host,
        string user,
        string password,
        CancellationToken cancellationToken
    ) =>
        RunAsync(
            name,
            "store",
            host,
            JsonSerializer.Serialize(new HelperSecretJson(host, user, password), AuthJson.Default.HelperSecretJson),
            cancellationToken
        );

    /// <summary>Has the helper forget a host.</summary>
    /// <returns>Whether it knew it.</returns>
    /// <exception cref="SysctrException">Unauthorized: the helper is missing or fails.</exception>
    public static async Task<bool> EraseAsync(string name, string host, CancellationToken cancellationToken)
    {
        // Helpers erase what they do not have without a word.
        bool known = await GetAsync(name, host, cancellationToken) is not null;
        return known && await RunAsync(name, "erase", host, host, cancellationToken) is not null;
    }

    /// <summary>The hosts that the helper has passwords of.</summary>
    /// <exception cref="SysctrException">Unauthorized: the helper is missing or fails.</exception>
    public static async Task<IReadOnlyList<string>> ListAsync(string name, CancellationToken cancellationToken)
    {
        string output = await RunAsync(name, "list", "all registries", "", cancellationToken) ?? "{}";
        try
        {
            return [.. (JsonSerializer.Deserialize(output, AuthJson.Default.DictionaryStringString) ?? []).Keys];
        }
        catch (JsonException)
        {
            throw Failed(Program(name), "all registries", "it does not print JSON", inner: null);
        }
    }

    /// <returns>What it prints; null where it says that it has nothing.</returns>
    private static async Task<string?> RunAsync(
        string name,
        string verb,
        string host,
        string input,
        CancellationToken cancellationToken
    )
    {
        if (!NamePattern().IsMatch(name))
        {
            throw new SysctrException(
                ErrorKind.Unauthorized,
                $"asking the credential helper '{name}': that is no name of a helper"
            );
        }

        string program = Program(name);
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(s_patience);
        ProcessResult result;
        try
        {
            result = await ProcessRunner.RunAsync(program, [verb], input, patience.Token);
        }
        catch (SysctrException e)
        {
            throw Failed(program, host, e.Message, e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw Failed(program, host, $"no answer in {s_patience.TotalSeconds} s", e);
        }

        return result.ExitCode == 0 ? result.Output
            : result.Output.Contains(NotFound, StringComparison.OrdinalIgnoreCase) ? null
            : throw Failed(program, host, $"it exits with {result.ExitCode}", inner: null);
    }

    private static string Program(string name) => "docker-credential-" + name;

    /// <summary>Reads what a helper prints.</summary>
    /// <exception cref="SysctrException">Unauthorized: it is not of that shape.</exception>
    internal static Credential? Parse(string output, string program, string host)
    {
        try
        {
            HelperAnswerJson? answer = JsonSerializer.Deserialize(output, AuthJson.Default.HelperAnswerJson);
            return answer is null ? null
                : answer.Username == "<token>"
                    ? new Credential(user: null, password: null, answer.Secret) { Source = program }
                : new Credential(answer.Username, answer.Secret, identityToken: null) { Source = program };
        }
        catch (JsonException)
        {
            // Not as inner exception: it may quote the secret.
            throw Failed(program, host, "it does not print JSON", inner: null);
        }
    }

    private static SysctrException Failed(string program, string host, string why, Exception? inner) =>
        new(
            ErrorKind.Unauthorized,
            $"asking {program} for the credentials of {host}: {why}",
            "the helper is named in auth.json, config.json or registries.conf",
            inner
        );

    // A separator would let a file name any program.
    [GeneratedRegex(@"\A[A-Za-z0-9_][A-Za-z0-9_.-]*\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex NamePattern();
}
