// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using System.Text.Json.Serialization;
using SystemContainers.Oci;

namespace SystemContainers.Fleet;

/// <summary>Reports of a roll-out, and what hosts write of themselves in etcd.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    Converters = [typeof(DigestConverter)],
    WriteIndented = true
)]
[JsonSerializable(typeof(IReadOnlyList<RolloutReport>))]
[JsonSerializable(typeof(SlotRecord))]
sealed partial class FleetJson : JsonSerializerContext
{
    /// <summary>The same on one line, as etcd has it.</summary>
    public static FleetJson Line =>
        field ??= new FleetJson(new JsonSerializerOptions(Default.Options) { WriteIndented = false });
}
