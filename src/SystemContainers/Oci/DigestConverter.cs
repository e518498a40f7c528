// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using System.Text.Json.Serialization;

namespace SystemContainers.Oci;

/// <summary>Reads and writes a <see cref="Digest"/> as its text; anything else is a
/// <see cref="JsonException"/>.</summary>
sealed class DigestConverter : JsonConverter<Digest>
{
    public override Digest Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && Digest.TryParse(reader.GetString(), out Digest digest)
            ? digest
            : throw new JsonException(
                "it is no digest that can be verified, sha256: or sha512: and lower-case hexadecimal digits"
            );

    public override void Write(Utf8JsonWriter writer, Digest value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}
