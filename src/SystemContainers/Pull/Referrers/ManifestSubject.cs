// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using System.Text.Json.Nodes;
using SystemContainers.Oci;

namespace SystemContainers.Pull.Referrers;

/// <summary>What a manifest says that it is about (image-spec, "subject"), and how a list of referrers names it
/// (distribution-spec, "Referrers Tag Schema").</summary>
static class ManifestSubject
{
    /// <summary>What it is about; null where it is about nothing.</summary>
    public static Digest? Of(ManifestDocument document) =>
        Root(document)?["subject"] is JsonObject subject
        && subject["digest"] is JsonValue value
        && value.TryGetValue(out string? text)
        && Digest.TryParse(text, out Digest digest)
            ? digest
            : null;

    /// <summary>The tag of the list for what has no API for it: 64 characters of the digest, which leaves sha512's
    /// shortened.</summary>
    public static string TagOf(Digest subject) => $"{subject.Algorithm}-{subject.Hex[..64]}";

    /// <summary>A list with one more entry, as the specification wants it: artifactType, or else the type of the
    /// configuration, and the annotations.</summary>
    /// <param name="list">The list that is there; null for none.</param>
    /// <param name="document">What is to stand in it.</param>
    /// <returns>Null where it stands there already.</returns>
    public static byte[]? Add(ManifestDocument? list, ManifestDocument document)
    {
        JsonObject root = list is { Index: not null }
            ? Root(list)!
            : new JsonObject
            {
                ["schemaVersion"] = 2,
                ["mediaType"] = MediaTypes.OciIndex,
                ["manifests"] = new JsonArray(),
            };
        if (list?.Index?.Manifests.Any(m => m.Digest == document.Digest) == true)
        {
            return null;
        }

        JsonObject manifest = Root(document)!;
        JsonObject entry = new()
        {
            ["mediaType"] = document.MediaType,
            ["digest"] = document.Digest.ToString(),
            ["size"] = document.Bytes.Length,
        };
        if (manifest["artifactType"] is JsonValue type && type.TryGetValue(out string? written) && written.Length > 0)
        {
            entry["artifactType"] = written;
        }
        else if (document.Manifest is { } image)
        {
            entry["artifactType"] = image.Config.MediaType;
        }

        if (manifest["annotations"] is JsonObject { Count: > 0 } annotations)
        {
            entry["annotations"] = annotations.DeepClone();
        }

        if (root["manifests"] is not JsonArray manifests)
        {
            root["manifests"] = manifests = [];
        }

        manifests.Add((JsonNode)entry);
        return JsonSerializer.SerializeToUtf8Bytes(root, ReferrerJson.Default.JsonObject);
    }

    private static JsonObject? Root(ManifestDocument document) => JsonNode.Parse(document.Bytes) as JsonObject;
}
