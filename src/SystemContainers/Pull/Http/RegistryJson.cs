// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;

namespace SystemContainers.Pull.Http;

/// <summary>The body of a registry's error (distribution-spec, "Error Codes").</summary>
sealed record RegistryErrorsJson
{
    [JsonPropertyName("errors")]
    public List<RegistryErrorJson>? Errors { get; init; }
}

/// <summary>One of them; <c>detail</c> is of any shape, and not read.</summary>
sealed record RegistryErrorJson
{
    [JsonPropertyName("code")]
    public string? Code { get; init; }

    [JsonPropertyName("message")]
    public string? Message { get; init; }
}

/// <summary>A token server's answer (distribution's "Token Authentication Specification", and OAuth2's
/// names).</summary>
sealed record TokenJson
{
    [JsonPropertyName("token")]
    public string? Token { get; init; }

    [JsonPropertyName("access_token")]
    public string? AccessToken { get; init; }

    /// <summary>In seconds; 60 where it is missing.</summary>
    [JsonPropertyName("expires_in")]
    public double? ExpiresIn { get; init; }
}

/// <summary>A page of a repository's tags (distribution-spec, "Listing Tags").</summary>
sealed record TagsJson
{
    [JsonPropertyName("tags")]
    public IReadOnlyList<string?>? Tags { get; init; }
}

/// <summary>These documents without reflection.</summary>
[JsonSourceGenerationOptions(MaxDepth = 16)]
[JsonSerializable(typeof(RegistryErrorsJson))]
[JsonSerializable(typeof(TokenJson))]
[JsonSerializable(typeof(TagsJson))]
sealed partial class RegistryJson : JsonSerializerContext { }
