// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;

namespace SystemContainers.Oci;

/// <summary>An image in the <c>manifest.json</c> of an archive that <c>docker save</c> wrote (Docker image-spec v1.2,
/// "Combined Image JSON").</summary>
/// <param name="Config">Path of the configuration in the archive.</param>
/// <param name="Layers">Paths of the layers, base first.</param>
public sealed record DockerSaveItem(
    [property: JsonRequired, JsonPropertyName("Config")] string Config,
    [property: JsonRequired, JsonPropertyName("Layers")] IReadOnlyList<string> Layers
)
{
    /// <summary>The image's names, <c>etcd:latest</c>; null or empty for one that was saved by its ID.</summary>
    [JsonPropertyName("RepoTags")]
    public IReadOnlyList<string>? RepoTags { get; init; }
}
