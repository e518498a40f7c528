// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;
using SystemContainers.Oci;

namespace SystemContainers.Scan;

/// <summary>Reports of scans as JSON.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    Converters = [typeof(DigestConverter)],
    WriteIndented = true
)]
[JsonSerializable(typeof(IReadOnlyList<ScanReport>))]
sealed partial class ScanJson : JsonSerializerContext;
