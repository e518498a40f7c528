// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;
using SystemContainers.Fleet.Etcd;
using SystemContainers.Rights;
using Tomlyn.Serialization;

namespace SystemContainers.Target;

/// <summary>sysctr.toml as it stands there.</summary>
sealed class ConfigurationToml
{
    [JsonPropertyName("runtime")]
    public string? Runtime { get; set; }

    [JsonPropertyName("checkout")]
    public string? Checkout { get; set; }

    [JsonPropertyName("lock")]
    public string? Lock { get; set; }

    [JsonPropertyName("etcd")]
    public EtcdSettings? Etcd { get; set; }

    [JsonPropertyName("settle")]
    public double? Settle { get; set; }

    [JsonPropertyName("keep")]
    public int? Keep { get; set; }

    [JsonPropertyName("min-free-space")]
    public string? MinFreeSpace { get; set; }

    [JsonPropertyName("rights")]
    public List<RightsRule>? Rights { get; set; }

    /// <summary>Keys that we do not know.</summary>
    [JsonExtensionData]
    public Dictionary<string, object?> Unknown { get; set; } = [];
}

/// <summary>Reads it without reflection.</summary>
[TomlSerializable(typeof(ConfigurationToml))]
[TomlSerializable(typeof(EtcdSettings))]
[TomlSerializable(typeof(RightsRule))]
sealed partial class ConfigurationTomlContext : TomlSerializerContext { }
