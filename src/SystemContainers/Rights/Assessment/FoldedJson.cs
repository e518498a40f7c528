// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;

namespace SystemContainers.Rights.Assessment;

/// <summary>
/// Members of a config.json as any runtime may find them: crun goes by the name as it is written, runc takes any case
/// of its letters (Go's encoding/json). What one of them would see is seen.
/// </summary>
static class FoldedJson
{
    /// <summary>The values of every member that a runtime may take for <paramref name="name"/>, null left
    /// out.</summary>
    public static IEnumerable<JsonElement> All(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object
            ? element
                .EnumerateObject()
                .Where(p => Folded(p.Name).Equals(name, StringComparison.OrdinalIgnoreCase))
                .Select(p => p.Value)
                .Where(v => v.ValueKind != JsonValueKind.Null)
            : [];

    /// <summary>The same of several elements, one after the other.</summary>
    public static IEnumerable<JsonElement> All(this IEnumerable<JsonElement> elements, string name) =>
        elements.SelectMany(e => e.All(name));

    /// <summary>The items of arrays; what is no array has none.</summary>
    public static IEnumerable<JsonElement> Items(this IEnumerable<JsonElement> elements) =>
        elements.SelectMany(e =>
            e.ValueKind == JsonValueKind.Array ? e.EnumerateArray() : Enumerable.Empty<JsonElement>()
        );

    /// <summary>The strings among the values.</summary>
    public static IEnumerable<string> Strings(this IEnumerable<JsonElement> elements) =>
        elements.Where(e => e.ValueKind == JsonValueKind.String).Select(e => e.GetString()!);

    public static bool IsTrue(this IEnumerable<JsonElement> elements) =>
        elements.Any(e => e.ValueKind == JsonValueKind.True);

    // Go takes the long s and the Kelvin sign for s and k too (fold.go).
    private static string Folded(string name) => name.Replace('\u017f', 's').Replace('\u212a', 'k');
}
