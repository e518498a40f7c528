// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;
using SystemContainers.Oci;

namespace SystemContainers.Store.Records;

/// <summary>The store's own documents.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    Converters = [typeof(DigestConverter)]
)]
[JsonSerializable(typeof(ImageRecord))]
[JsonSerializable(typeof(StoreFormat))]
sealed partial class StoreJson : JsonSerializerContext { }
