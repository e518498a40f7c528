// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;
using Tomlyn.Serialization;

namespace SystemContainers.Scan;

/// <summary>A scanner's file as it stands there.</summary>
sealed class ScannerToml
{
    [JsonPropertyName("description")]
    public string? Description { get; set; }

    [JsonPropertyName("command")]
    public List<string>? Command { get; set; }

    [JsonPropertyName("clean")]
    public List<int>? Clean { get; set; }

    [JsonPropertyName("found")]
    public List<int>? Found { get; set; }

    [JsonPropertyName("found-lines")]
    public string? FoundLines { get; set; }

    [JsonPropertyName("timeout")]
    public double? Timeout { get; set; }

    /// <summary>Keys that we do not know.</summary>
    [JsonExtensionData]
    public Dictionary<string, object?> Unknown { get; set; } = [];
}

/// <summary>Reads it without reflection.</summary>
[TomlSerializable(typeof(ScannerToml))]
sealed partial class ScannerTomlContext : TomlSerializerContext { }
