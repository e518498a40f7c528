// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Inspect.Remote;

/// <summary>The object that <c>sysctr list-tags --json</c> prints; its members have the names that skopeo-list-tags(1)
/// has.</summary>
/// <param name="Repository">Host and path.</param>
/// <param name="Tags">In ordinal order.</param>
sealed record TagList(
    [property: System.Text.Json.Serialization.JsonPropertyName("Repository")] string Repository,
    [property: System.Text.Json.Serialization.JsonPropertyName("Tags")] IReadOnlyList<string> Tags
);
