// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;
using Tomlyn.Serialization;

namespace SystemContainers.Reference;

/// <summary>One file in the format of containers-registries.conf(5), version 2. Keys are as in podman in any case; what
/// is none of them is kept to be told.</summary>
sealed class RegistriesToml
{
    [JsonPropertyName("unqualified-search-registries")]
    public List<string>? SearchRegistries { get; set; }

    [JsonPropertyName("credential-helpers")]
    public List<string>? CredentialHelpers { get; set; }

    [JsonPropertyName("short-name-mode")]
    public string? ShortNameMode { get; set; }

    /// <summary>Who gives credentials to an additional layer store; we have none.</summary>
    [JsonPropertyName("additional-layer-store-auth-helper")]
    public string? LayerStoreHelper { get; set; }

    [JsonPropertyName("aliases")]
    public Dictionary<string, string>? Aliases { get; set; }

    [JsonPropertyName("registry")]
    public List<RegistryToml>? Registry { get; set; }

    /// <summary>The table that only version 1 has; its presence tells the old format.</summary>
    [JsonPropertyName("registries")]
    public Tomlyn.Model.TomlTable? Version1 { get; set; }

    [JsonExtensionData]
    public Dictionary<string, object?> Unknown { get; set; } = [];
}

/// <summary>A <c>[[registry]]</c> table.</summary>
sealed class RegistryToml
{
    [JsonPropertyName("prefix")]
    public string? Prefix { get; set; }

    [JsonPropertyName("location")]
    public string? Location { get; set; }

    [JsonPropertyName("insecure")]
    public bool Insecure { get; set; }

    [JsonPropertyName("blocked")]
    public bool Blocked { get; set; }

    [JsonPropertyName("mirror-by-digest-only")]
    public bool MirrorByDigestOnly { get; set; }

    /// <summary>Belongs into a mirror; here it is a mistake.</summary>
    [JsonPropertyName("pull-from-mirror")]
    public string? PullFromMirror { get; set; }

    [JsonPropertyName("mirror")]
    public List<MirrorToml>? Mirror { get; set; }

    [JsonExtensionData]
    public Dictionary<string, object?> Unknown { get; set; } = [];
}

/// <summary>A <c>[[registry.mirror]]</c> table.</summary>
sealed class MirrorToml
{
    [JsonPropertyName("location")]
    public string? Location { get; set; }

    [JsonPropertyName("insecure")]
    public bool Insecure { get; set; }

    [JsonPropertyName("pull-from-mirror")]
    public string? PullFromMirror { get; set; }

    [JsonExtensionData]
    public Dictionary<string, object?> Unknown { get; set; } = [];
}

/// <summary>Tomlyn's metadata, generated: no reflection.</summary>
[TomlSourceGenerationOptions(PropertyNameCaseInsensitive = true)]
[TomlSerializable(typeof(RegistriesToml))]
sealed partial class RegistriesTomlContext : TomlSerializerContext { }
