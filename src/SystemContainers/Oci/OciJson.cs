// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;

namespace SystemContainers.Oci;

/// <summary>The documents of an image as System.Text.Json reads them without reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    MaxDepth = 32
)]
[JsonSerializable(typeof(ImageManifest))]
[JsonSerializable(typeof(ImageIndexJson))]
[JsonSerializable(typeof(ImageConfig))]
[JsonSerializable(typeof(IReadOnlyList<DockerSaveItem>))]
sealed partial class OciJson : JsonSerializerContext { }
