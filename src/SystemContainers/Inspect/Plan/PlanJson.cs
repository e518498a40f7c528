// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;
using SystemContainers.Oci;

namespace SystemContainers.Inspect.Plan;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    Converters = [typeof(DigestConverter)],
    WriteIndented = true
)]
[JsonSerializable(typeof(HostPlan))]
[JsonSerializable(typeof(OfflinePlan))]
sealed partial class PlanJson : JsonSerializerContext;
