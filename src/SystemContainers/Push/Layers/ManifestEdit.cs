// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using SystemContainers.Oci;

namespace SystemContainers.Push.Layers;

/// <summary>Manifests and configurations with other layers; all else stays what it was.</summary>
static class ManifestEdit
{
    /// <summary>A manifest with other layers. One of Docker's that gets a layer of zstd, for which that has no word,
    /// becomes OCI's; else its layers are called as Docker calls them.</summary>
    /// <param name="manifest">As it was.</param>
    /// <param name="config">The configuration where that is another one, too.</param>
    /// <exception cref="JsonException">It can't be read.</exception>
    public static byte[] WithLayers(byte[] manifest, byte[]? config, IEnumerable<Descriptor> layers)
    {
        JsonObject document = Parse(manifest);
        if (config is not null)
        {
            document["config"]!["digest"] = Digest.Sha256(config).ToString();
            document["config"]!["size"] = config.Length;
            document["config"]!.AsObject().Remove("data");
        }

        Descriptor[] all = [.. layers];
        bool isDocker = (string?)document["mediaType"] == MediaTypes.DockerManifest;
        bool becomesOci = isDocker && all.Any(l => l.MediaType == MediaTypes.OciLayerZstd);
        if (becomesOci)
        {
            document["mediaType"] = MediaTypes.OciManifest;
            document["config"]!["mediaType"] = MediaTypes.OciConfig;
        }

        ILookup<string?, JsonObject> before = (document["layers"] as JsonArray ?? [])
            .OfType<JsonObject>()
            .ToLookup(l => (string?)l["digest"], StringComparer.Ordinal);
        document["layers"] = new JsonArray([
            .. all.Select(l =>
                (JsonNode)Json(
                    !isDocker ? l : l with { MediaType = becomesOci ? Oci(l.MediaType) : Docker(l.MediaType) },
                    before
                )
            ),
        ]);
        return Bytes(document);
    }

    /// <summary>A configuration with the digests of other archives.</summary>
    /// <exception cref="JsonException">It can't be read.</exception>
    public static byte[] WithDiffIds(byte[] config, IEnumerable<Digest> diffIds)
    {
        JsonObject document = Parse(config);
        document["rootfs"]!["diff_ids"] = new JsonArray([.. diffIds.Select(d => (JsonNode)d.ToString())]);
        return Bytes(document);
    }

    /// <summary>A layer that stays has all that was said of it, such as other places to get it from; of another one it
    /// would not be so.</summary>
    private static JsonObject Json(Descriptor layer, ILookup<string?, JsonObject> before)
    {
        if (before[layer.Digest.ToString()].FirstOrDefault()?.DeepClone() is JsonObject same)
        {
            same["mediaType"] = layer.MediaType;
            return same;
        }

        JsonObject json = new()
        {
            ["mediaType"] = layer.MediaType,
            ["digest"] = layer.Digest.ToString(),
            ["size"] = layer.Size,
        };
        if (layer.Annotations is { Count: > 0 } annotations)
        {
            json["annotations"] = new JsonObject(
                annotations.Select(a => KeyValuePair.Create(a.Key, (JsonNode?)a.Value))
            );
        }

        return json;
    }

    private static string Oci(string mediaType) =>
        mediaType switch
        {
            MediaTypes.DockerLayer => MediaTypes.OciLayer,
            MediaTypes.DockerLayerGzip => MediaTypes.OciLayerGzip,
            MediaTypes.DockerLayer + ".zstd" => MediaTypes.OciLayerZstd,
            _ => mediaType,
        };

    private static string Docker(string mediaType) =>
        mediaType switch
        {
            MediaTypes.OciLayer => MediaTypes.DockerLayer,
            MediaTypes.OciLayerGzip => MediaTypes.DockerLayerGzip,
            _ => mediaType,
        };

    private static JsonObject Parse(byte[] json) =>
        JsonNode.Parse(
            json,
            documentOptions: new JsonDocumentOptions { MaxDepth = 64, AllowDuplicateProperties = false }
        ) as JsonObject
        ?? throw new JsonException("it is no object");

    private static byte[] Bytes(JsonObject document) => Encoding.UTF8.GetBytes(document.ToJsonString());
}
