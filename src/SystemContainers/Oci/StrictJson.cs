// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;

namespace SystemContainers.Oci;

/// <summary>
/// Parses documents that decide what is trusted: no member stands twice, so that no two readers see two documents, and
/// every text is Unicode, so that asking for one can't fail later.
/// </summary>
static class StrictJson
{
    /// <param name="json">UTF-8.</param>
    /// <param name="maxDepth">How deep arrays and objects may be nested.</param>
    /// <exception cref="JsonException">It is no such document.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> json, int maxDepth)
    {
        JsonDocument? document = null;
        try
        {
            document = JsonDocument.Parse(
                json,
                new JsonDocumentOptions { MaxDepth = maxDepth, AllowDuplicateProperties = false }
            );
            CheckTexts(document.RootElement);
            return document;
        }
        catch (InvalidOperationException e)
        {
            // Half a surrogate pair, or bytes that are not UTF-8.
            document?.Dispose();
            throw new JsonException("a string in it is not Unicode", e);
        }
    }

    private static void CheckTexts(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (JsonProperty member in element.EnumerateObject())
                {
                    _ = member.Name;
                    CheckTexts(member.Value);
                }

                break;
            case JsonValueKind.Array:
                foreach (JsonElement item in element.EnumerateArray())
                {
                    CheckTexts(item);
                }

                break;
            case JsonValueKind.String:
                _ = element.GetString();
                break;
        }
    }
}
