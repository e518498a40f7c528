// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;
using SystemContainers.Oci;

namespace SystemContainers.Inspect.Images;

/// <summary>Reports of images as JSON.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    Converters = [typeof(DigestConverter)],
    WriteIndented = true
)]
[JsonSerializable(typeof(IReadOnlyList<ImageReport>))]
[JsonSerializable(typeof(ImageDetails))]
sealed partial class ImagesJson : JsonSerializerContext;
