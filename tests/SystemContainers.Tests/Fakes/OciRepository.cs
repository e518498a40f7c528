// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using SystemContainers.Oci;

namespace SystemContainers.Tests.Fakes;

/// <summary>What <see cref="OciRegistry"/> has by one name.</summary>
public sealed partial class OciRepository
{
    public ConcurrentDictionary<Digest, byte[]> Blobs { get; } = new();

    public ConcurrentDictionary<Digest, (string Type, byte[] Bytes)> Manifests { get; } = new();

    public ConcurrentDictionary<string, Digest> Tags { get; } = new(StringComparer.Ordinal);

    /// <summary>What a tag or digest means; null where it is not there.</summary>
    public Digest? Resolve(string reference) =>
        Digest.TryParse(reference, out Digest digest)
            ? Manifests.ContainsKey(digest)
                ? digest
                : null
            : Tags.TryGetValue(reference, out Digest tagged)
                ? tagged
                : null;

    /// <summary>The digest of a manifest that may be kept; else why not.</summary>
    public (Digest? Digest, string? Why) Check(byte[] bytes, string type, string reference)
    {
        JsonObject manifest;
        try
        {
            manifest = JsonNode.Parse(bytes)!.AsObject();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return (null, "it is no JSON object");
        }

        if (!Digest.TryParse(reference, out Digest digest))
        {
            if (!TagPattern().IsMatch(reference))
            {
                return (null, $"'{reference}' is no tag");
            }

            digest = Digest.Sha256(bytes);
        }

        if (
            Digest.FromHash(
                digest.HashName,
                System.Security.Cryptography.CryptographicOperations.HashData(digest.HashName, bytes)
            ) != digest
        )
        {
            return (null, "it has another digest");
        }

        if ((string?)manifest["mediaType"] is { } inside && inside != type)
        {
            return (null, $"it is sent as {type} and calls itself {inside}");
        }

        string? missing =
            Named(manifest, "layers")
                .Concat(manifest["config"] is JsonObject config ? [(string)config["digest"]!] : [])
                .FirstOrDefault(d => !Blobs.ContainsKey(Digest.Parse(d)))
            ?? Named(manifest, "manifests").FirstOrDefault(d => !Manifests.ContainsKey(Digest.Parse(d)));
        return missing is null ? (digest, null) : (null, $"{missing} is not there");
    }

    /// <summary>Keeps a manifest that was checked.</summary>
    /// <returns>What it says that it is about.</returns>
    public Digest? Put(Digest digest, string type, byte[] bytes, string reference)
    {
        Manifests[digest] = (type, bytes);
        if (!Digest.TryParse(reference, out _))
        {
            Tags[reference] = digest;
        }

        return Subject(bytes);
    }

    /// <summary>Takes a tag away, or a manifest with all its tags.</summary>
    public void Delete(string reference)
    {
        if (!Digest.TryParse(reference, out Digest digest))
        {
            Tags.TryRemove(reference, out _);
            return;
        }

        Manifests.TryRemove(digest, out _);
        foreach (KeyValuePair<string, Digest> tag in Tags.Where(t => t.Value == digest))
        {
            Tags.TryRemove(tag.Key, out _);
        }
    }

    /// <summary>Descriptors of the manifests that are about another.</summary>
    public IReadOnlyList<JsonObject> ReferrersOf(Digest subject) =>
        [
            .. from kept in Manifests
            where Subject(kept.Value.Bytes) == subject
            orderby kept.Key.ToString()
            let manifest = JsonNode.Parse(kept.Value.Bytes)!.AsObject()
            select new JsonObject
            {
                ["mediaType"] = kept.Value.Type,
                ["digest"] = kept.Key.ToString(),
                ["size"] = kept.Value.Bytes.Length,
                ["artifactType"] = (string?)manifest["artifactType"] ?? (string?)manifest["config"]?["mediaType"],
                ["annotations"] = manifest["annotations"]?.DeepClone() ?? new JsonObject(),
            },
        ];

    private static Digest? Subject(byte[] bytes) =>
        JsonNode.Parse(bytes)!["subject"] is JsonObject subject ? Digest.Parse((string)subject["digest"]!) : null;

    private static IEnumerable<string> Named(JsonObject manifest, string list) =>
        manifest[list] is JsonArray descriptors ? descriptors.Select(d => (string)d!["digest"]!) : [];

    [GeneratedRegex(@"\A[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}\z")]
    private static partial Regex TagPattern();
}
