// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using System.Text.Json.Serialization;
using SystemContainers.Oci;

namespace SystemContainers.State;

/// <summary>What is kept of containers and transactions as JSON, camelCase, indented: people read info.json
/// too.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    Converters = [typeof(DigestConverter)],
    WriteIndented = true
)]
[JsonSerializable(typeof(ContainerRecord))]
[JsonSerializable(typeof(TransactionRecord))]
[JsonSerializable(typeof(Dictionary<string, string>))]
[JsonSerializable(typeof(HistoryEntry))]
[JsonSerializable(typeof(IReadOnlyList<HistoryEntry>))]
sealed partial class StateJson : JsonSerializerContext
{
    /// <summary>The same on one line, as history.jsonl has it.</summary>
    public static StateJson Line =>
        field ??= new StateJson(new JsonSerializerOptions(Default.Options) { WriteIndented = false });
}
