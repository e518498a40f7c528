// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;
using SystemContainers.Oci;

namespace SystemContainers.Fsck;

/// <summary>Findings of fsck as JSON.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    Converters = [typeof(DigestConverter)],
    WriteIndented = true
)]
[JsonSerializable(typeof(FsckReport))]
sealed partial class FsckJson : JsonSerializerContext;
