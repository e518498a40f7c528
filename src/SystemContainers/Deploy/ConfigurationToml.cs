using System.Text.Json.Serialization;
using Tomlyn.Serialization;

namespace SystemContainers.Deploy;

/// <summary>sysctr.toml as it stands there.</summary>
sealed class ConfigurationToml
{
    [JsonPropertyName("runtime")]
    public string? Runtime { get; set; }

    /// <summary>Keys that we do not know.</summary>
    [JsonExtensionData]
    public Dictionary<string, object?> Unknown { get; set; } = [];
}

/// <summary>Reads it without reflection.</summary>
[TomlSerializable(typeof(ConfigurationToml))]
sealed partial class ConfigurationTomlContext : TomlSerializerContext
{
}
