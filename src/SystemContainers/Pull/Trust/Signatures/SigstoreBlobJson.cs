// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;

namespace SystemContainers.Pull.Trust.Signatures;

/// <summary>A sigstore signature in a file, as containers/image writes it (internal/signature/sigstore.go).</summary>
sealed record SigstoreBlob(string? MimeType, byte[]? Payload, Dictionary<string, string?>? Annotations);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    PropertyNameCaseInsensitive = true
)]
[JsonSerializable(typeof(SigstoreBlob))]
sealed partial class SigstoreBlobJson : JsonSerializerContext;
