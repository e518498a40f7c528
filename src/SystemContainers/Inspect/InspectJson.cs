// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;
using SystemContainers.Oci;

namespace SystemContainers.Inspect;

/// <summary>Reports of containers as JSON.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    Converters = [typeof(DigestConverter)],
    WriteIndented = true
)]
[JsonSerializable(typeof(IReadOnlyList<ContainerReport>))]
[JsonSerializable(typeof(ContainerDetails))]
[JsonSerializable(typeof(IReadOnlyList<ContainerDetails>))]
sealed partial class InspectJson : JsonSerializerContext;
