// SPDX-License-Identifier: Apache-2.0

using System.Text.Encodings.Web;
using System.Text.Json;

namespace SystemContainers.Conversion.Run;

/// <summary>Words as a JSON array of strings, which entry points and checks take.</summary>
static class JsonWords
{
    /// <summary>One line.</summary>
    public static string Of(IEnumerable<string> words)
    {
        using MemoryStream text = new();
        using (
            Utf8JsonWriter writer = new(
                text,
                new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }
            )
        )
        {
            writer.WriteStartArray();
            foreach (string word in words)
            {
                writer.WriteStringValue(word);
            }

            writer.WriteEndArray();
        }

        return System.Text.Encoding.UTF8.GetString(text.ToArray());
    }
}
