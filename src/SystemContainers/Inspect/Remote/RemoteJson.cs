// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;
using SystemContainers.Oci;

namespace SystemContainers.Inspect.Remote;

/// <summary>Reports of images in registries as JSON.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    Converters = [typeof(DigestConverter)],
    WriteIndented = true
)]
[JsonSerializable(typeof(RemoteImage))]
[JsonSerializable(typeof(TagList))]
[JsonSerializable(typeof(AttachedList))]
sealed partial class RemoteJson : JsonSerializerContext;
