// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.Errors;
using SystemContainers.Pull.Trust.Names;

namespace SystemContainers.Pull.Trust.Signatures;

/// <summary>What a simple signature signs (containers-signature(5), "DATA FORMAT"): a manifest, for a name.</summary>
/// <param name="ManifestDigest">Of the manifest.</param>
/// <param name="Reference">The name, as whoever signed it wrote it.</param>
sealed record SimpleSigningPayload(string ManifestDigest, string Reference)
{
    /// <summary>It has some hundred bytes; one that has more than this was not made by a signer.</summary>
    public const int MaxBytes = 1 << 20;

    private const string SignatureType = "atomic container signature";

    /// <summary>Reads it: strictly, for what is critical and not understood is to be refused.</summary>
    /// <returns>Either what it says, or what is wrong with it.</returns>
    public static (SimpleSigningPayload? Payload, string? Fault) Read(ReadOnlyMemory<byte> json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 128 });
            Dictionary<string, JsonElement> root = Exactly(document.RootElement, "critical", "optional");
            Dictionary<string, JsonElement> optional = Members(root["optional"]);
            if (optional.TryGetValue("creator", out JsonElement creator) && creator.ValueKind is not (JsonValueKind.String or JsonValueKind.Null))
            {
                throw new JsonException("optional.creator is no string");
            }

            if (optional.TryGetValue("timestamp", out JsonElement timestamp) && !IsTime(timestamp))
            {
                throw new JsonException("optional.timestamp is no whole number");
            }

            Dictionary<string, JsonElement> critical = Exactly(root["critical"], "type", "image", "identity");
            if (Text(critical["type"]) != SignatureType)
            {
                return (null, $"it is of the type '{Redact.Text(Text(critical["type"]))}', not '{SignatureType}'");
            }

            string digest = Text(Exactly(critical["image"], "docker-manifest-digest")["docker-manifest-digest"]);
            string reference = Text(Exactly(critical["identity"], "docker-reference")["docker-reference"]);
            return DockerName.IsDigest(digest) ? (new SimpleSigningPayload(digest, reference), null) : (null, $"'{Redact.Text(digest)}' in it is no digest");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperation: a text that is not Unicode.
            return (null, $"what it signs is malformed: {(e is JsonException json2 ? Redact.Text(JsonFault.Of(json2)) : "a text in it is not Unicode")}");
        }
    }

    private static Dictionary<string, JsonElement> Exactly(JsonElement element, params string[] names)
    {
        Dictionary<string, JsonElement> members = Members(element);
        return members.Keys.FirstOrDefault(k => !names.Contains(k)) is { } unknown ? throw new JsonException($"it has a member '{unknown}', which may change what it means")
            : Array.Find(names, n => !members.ContainsKey(n)) is { } missing ? throw new JsonException($"it has no '{missing}'")
            : members;
    }

    private static Dictionary<string, JsonElement> Members(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw new JsonException("it has something else where an object belongs");
        }

        Dictionary<string, JsonElement> members = new(StringComparer.Ordinal);
        foreach (JsonProperty member in element.EnumerateObject())
        {
            if (!members.TryAdd(member.Name, member.Value))
            {
                throw new JsonException($"it has '{member.Name}' twice");
            }
        }

        return members;
    }

    private static string Text(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => element.GetString()!,
        JsonValueKind.Null => "",
        _ => throw new JsonException("it has something else where a string belongs"),
    };

    // A float64 in Go that has to be the same as a 64 bit integer.
    private static bool IsTime(JsonElement element) =>
        element.ValueKind == JsonValueKind.Null ||
        (element.ValueKind == JsonValueKind.Number && element.TryGetDouble(out double seconds) && seconds is >= -9223372036854775808.0 and < 9223372036854775808.0 &&
            Math.Floor(seconds) == seconds);
}
