// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;

namespace SystemContainers.Trust;

/// <summary>What is trusted, as JSON.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    WriteIndented = true
)]
[JsonSerializable(typeof(IReadOnlyList<TrustReport>))]
[JsonSerializable(typeof(TrustVerdict))]
sealed partial class TrustJson : JsonSerializerContext;
