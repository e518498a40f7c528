// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;

namespace SystemContainers.Pull.Auth;

/// <summary>containers-auth.json(5), which is also the part of Docker's config.json that concerns
/// credentials.</summary>
sealed record AuthFileJson
{
    [JsonPropertyName("auths")]
    public Dictionary<string, AuthEntryJson?>? Auths { get; init; }

    [JsonPropertyName("credHelpers")]
    public Dictionary<string, string?>? CredHelpers { get; init; }

    [JsonPropertyName("credsStore")]
    public string? CredsStore { get; init; }
}

/// <summary>One entry of <c>auths</c>; empty where a helper has the secret.</summary>
sealed record AuthEntryJson
{
    [JsonPropertyName("auth")]
    public string? Auth { get; init; }

    [JsonPropertyName("username")]
    public string? Username { get; init; }

    [JsonPropertyName("password")]
    public string? Password { get; init; }

    [JsonPropertyName("identitytoken")]
    public string? IdentityToken { get; init; }
}

/// <summary>What <c>docker-credential-NAME get</c> prints.</summary>
sealed record HelperAnswerJson
{
    [JsonPropertyName("Username")]
    public string? Username { get; init; }

    [JsonPropertyName("Secret")]
    public string? Secret { get; init; }
}

/// <summary>What <c>docker-credential-NAME store</c> reads.</summary>
sealed record HelperSecretJson(
    [property: JsonPropertyName("ServerURL")] string Server,
    [property: JsonPropertyName("Username")] string Username,
    [property: JsonPropertyName("Secret")] string Secret
);
