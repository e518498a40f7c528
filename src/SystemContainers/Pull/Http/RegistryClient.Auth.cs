// SPDX-License-Identifier: Apache-2.0

using System.Net.Http.Headers;
using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Pull.Auth;

namespace SystemContainers.Pull.Http;

/// <summary>Logging in: Basic, and Bearer by a token server (distribution's "Token Authentication
/// Specification").</summary>
sealed partial class RegistryClient
{
    private readonly SemaphoreSlim _authorizing = new(1, 1);
    private AuthenticationHeaderValue? _authorization;
    private Credential? _credential;
    private bool _looked;

    /// <summary>Takes up what a 401 asks for, so that the request can be sent again.</summary>
    /// <param name="response">The registry's own answer.</param>
    /// <param name="used">What the refused request had.</param>
    /// <returns>False where there is nothing (more) to offer.</returns>
    private async Task<bool> AuthorizeAsync(
        HttpResponseMessage response,
        AuthenticationHeaderValue? used,
        CancellationToken cancellationToken
    )
    {
        AuthChallenge[] challenges = [.. Headers(response).SelectMany(AuthChallenge.Parse)];
        AuthChallenge? bearer = Array.Find(challenges, c => c.Scheme == "bearer");
        AuthChallenge? basic = Array.Find(challenges, c => c.Scheme == "basic");
        await _authorizing.WaitAsync(cancellationToken);
        try
        {
            // Another layer's request was first; its token is good for ours.
            if (!ReferenceEquals(used, _authorization))
            {
                return true;
            }

            if (bearer is not null)
            {
                Uri realm = RealmRules.Check(bearer.Parameters.GetValueOrDefault("realm"), _root);
                _authorization = new AuthenticationHeaderValue(
                    "Bearer",
                    await TokenAsync(realm, bearer.Parameters.GetValueOrDefault("service"), cancellationToken)
                );
                return true;
            }

            if (
                basic is null
                || used is not null
                || await CredentialAsync(cancellationToken) is not { Password: not null } credential
            )
            {
                return false;
            }

            _authorization = new AuthenticationHeaderValue("Basic", credential.Basic);
            return true;
        }
        finally
        {
            _authorizing.Release();
        }
    }

    private async Task<string> TokenAsync(Uri realm, string? service, CancellationToken cancellationToken)
    {
        // Attack: the scope is ours to say. A registry that asked for "repository:private/thing:pull,push" would
        // otherwise be handed a token for it, made with the user's credentials.
        List<KeyValuePair<string, string>> parameters =
        [
            .. (Scopes ?? [$"repository:{_endpoint.Reference.Repository}:pull"]).Select(s => new KeyValuePair<
                string,
                string
            >("scope", s)),
        ];
        if (!string.IsNullOrEmpty(service))
        {
            parameters.Insert(0, new("service", service));
        }

        Credential? credential = await CredentialAsync(cancellationToken);
        string doing = $"logging in to {Registry} at {Redact.Url(realm)}";
        byte[] body = await AttemptAsync(
            doing,
            async token =>
            {
                using HttpRequestMessage message = TokenMessage(realm, parameters, credential);
                return await SendAsync(message, ConnectionUse.LogIn, longer: null, token);
            },
            static async (response, token) =>
            {
                using (response)
                {
                    return await Body.ReadAtMostAsync(response, OciLimits.MaxErrorBytes, token);
                }
            },
            cancellationToken
        );

        return ReadToken(body, doing);
    }

    /// <summary>The token of a token server's answer.</summary>
    /// <exception cref="SysctrException">Unauthorized: there is none in it.</exception>
    internal static string ReadToken(byte[] body, string doing)
    {
        TokenJson? answer;
        try
        {
            answer = JsonSerializer.Deserialize(body, RegistryJson.Default.TokenJson);
        }
        catch (JsonException)
        {
            // Not as inner exception: it may quote the token.
            throw Unreadable(doing);
        }

        string? text = string.IsNullOrEmpty(answer?.Token) ? answer?.AccessToken : answer.Token;
        return !string.IsNullOrEmpty(text) && text.All(c => c is > ' ' and < '\x7f') ? text : throw Unreadable(doing);
    }

    private static HttpRequestMessage TokenMessage(
        Uri realm,
        List<KeyValuePair<string, string>> parameters,
        Credential? credential
    )
    {
        HttpRequestMessage message;
        if (credential?.IdentityToken is { } refresh)
        {
            message = new HttpRequestMessage(HttpMethod.Post, realm)
            {
                Content = new FormUrlEncodedContent([
                    // One parameter of that name here (RFC 6749, 3.3), several in a query.
                    .. parameters.Where(p => p.Key != "scope"),
                    new("scope", string.Join(' ', parameters.Where(p => p.Key == "scope").Select(p => p.Value))),
                    new("grant_type", "refresh_token"),
                    new("client_id", "sysctr"),
                    new("refresh_token", refresh),
                ]),
            };
        }
        else
        {
            string query = string.Join('&', parameters.Select(p => $"{p.Key}={Uri.EscapeDataString(p.Value)}"));
            message = new HttpRequestMessage(HttpMethod.Get, new UriBuilder(realm) { Query = query }.Uri);
            message.Headers.Authorization = credential?.Password is null
                ? null
                : new AuthenticationHeaderValue("Basic", credential.Basic);
        }

        message.Headers.TryAddWithoutValidation("User-Agent", s_userAgent);
        return message;
    }

    /// <summary>What an answer's request had said who we are; a storage service that we were sent to is told nothing,
    /// and a token may be anybody's.</summary>
    private Credential? CredentialOf(HttpResponseMessage response) =>
        response.RequestMessage is { } request
        && (request.Headers.Authorization is not null || request.Method == HttpMethod.Post)
            ? _credential
            : null;

    private async Task<Credential?> CredentialAsync(CancellationToken cancellationToken)
    {
        if (!_looked)
        {
            _credential = await _credentials.FindAsync(_endpoint.Reference, cancellationToken);
            _looked = true;
        }

        return _credential;
    }

    // Not validated: one malformed challenge shall not hide the others.
    private static HeaderStringValues Headers(HttpResponseMessage response) =>
        response.Headers.NonValidated.TryGetValues("WWW-Authenticate", out HeaderStringValues values)
            ? values
            : default;

    private static SysctrException Unreadable(string doing) =>
        new(ErrorKind.Unauthorized, $"{doing}: the answer has no usable token");
}
