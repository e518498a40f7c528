// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using System.Text.Json.Serialization;

namespace SystemContainers.State;

/// <summary>Outcomes by their public names. Entries of earlier versions say <c>takenBack</c>.</summary>
sealed class HistoryOutcomeConverter : JsonConverter<HistoryOutcome>
{
    public static string Name(HistoryOutcome outcome) =>
        outcome switch
        {
            HistoryOutcome.Done => "done",
            HistoryOutcome.Failed => "failed",
            HistoryOutcome.Held => "held",
            _ => "rolledBack",
        };

    /// <exception cref="JsonException">It is none of them: a later version wrote it.</exception>
    public override HistoryOutcome Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetString() switch
        {
            "done" => HistoryOutcome.Done,
            "failed" => HistoryOutcome.Failed,
            "held" => HistoryOutcome.Held,
            "rolledBack" or "takenBack" => HistoryOutcome.RolledBack,
            _ => throw new JsonException(),
        };

    public override void Write(Utf8JsonWriter writer, HistoryOutcome value, JsonSerializerOptions options) =>
        writer.WriteStringValue(Name(value));
}
