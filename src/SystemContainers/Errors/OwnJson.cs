// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace SystemContainers.Errors;

/// <summary>Reads documents that we wrote ourselves. Nothing of ours writes null, so that one is damage, wherever it
/// stands, and no value to go on with.</summary>
static class OwnJson
{
    /// <exception cref="JsonException">It is not what we write.</exception>
    public static T Read<T>(ReadOnlySpan<byte> json, JsonTypeInfo<T> type)
    {
        T value = JsonSerializer.Deserialize(json, type) ?? throw new JsonException("it is null");
        Utf8JsonReader reader = new(json);
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.Null)
            {
                throw new JsonException($"a value is null, byte {reader.TokenStartIndex}");
            }
        }

        return value;
    }
}
