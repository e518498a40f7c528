// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;

namespace SystemContainers.Oci;

/// <summary>A command written as a Dockerfile's exec form: a JSON array of program and arguments.</summary>
static class JsonWords
{
    /// <summary>Its words; null where it is no JSON array of strings: <c>[ -f /x ]</c> is a command of the
    /// shell.</summary>
    public static string[]? Of(string text)
    {
        try
        {
            using JsonDocument list = JsonDocument.Parse(text);
            return
                list.RootElement.ValueKind == JsonValueKind.Array
                && list.RootElement.EnumerateArray().All(w => w.ValueKind == JsonValueKind.String)
                ? [.. list.RootElement.EnumerateArray().Select(w => w.GetString()!)]
                : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Half a surrogate pair is no string, either.
            return null;
        }
    }
}
