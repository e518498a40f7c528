// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Oci;

/// <summary>Elements that are null, as every other reader of these documents takes them: Go's encoding/json leaves the
/// zero value in their place.</summary>
static class GoValues
{
    /// <summary>An array of strings; a null in it is an empty string.</summary>
    public static IReadOnlyList<string>? Strings(IReadOnlyList<string?>? values) =>
        values is null || !values.Contains(null) ? (IReadOnlyList<string>?)values : [.. values.Select(v => v ?? "")];

    /// <summary>A map of strings, likewise.</summary>
    public static IReadOnlyDictionary<string, string>? Strings(IReadOnlyDictionary<string, string?>? values) =>
        values is null || !values.Values.Contains(null)
            ? (IReadOnlyDictionary<string, string>?)values
            : values.ToDictionary(v => v.Key, v => v.Value ?? "", StringComparer.Ordinal);
}
