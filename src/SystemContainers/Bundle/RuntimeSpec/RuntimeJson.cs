// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;

namespace SystemContainers.Bundle.RuntimeSpec;

/// <summary>config.json and seccomp profiles as System.Text.Json writes and reads them without reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    WriteIndented = true,
    MaxDepth = 32
)]
[JsonSerializable(typeof(RuntimeConfig))]
[JsonSerializable(typeof(SeccompConfig))]
[JsonSerializable(typeof(SeccompProfile))]
sealed partial class RuntimeJson : JsonSerializerContext { }
