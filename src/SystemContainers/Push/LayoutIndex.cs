// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Pull;
using SystemContainers.Pull.Sources;

namespace SystemContainers.Push;

/// <summary>index.json of a layout (image-spec, image-layout.md): what is in it, whoever wrote it, stays but for the
/// entry that is replaced.</summary>
sealed class LayoutIndex
{
    /// <summary>What the file <c>oci-layout</c> has in it.</summary>
    public static readonly byte[] Marker = Encoding.UTF8.GetBytes("""{"imageLayoutVersion":"1.0.0"}""");

    private readonly JsonObject _index;
    private readonly JsonArray _manifests;

    private LayoutIndex(JsonObject index, JsonArray manifests)
    {
        _index = index;
        _manifests = manifests;
    }

    /// <summary>An empty one.</summary>
    public static LayoutIndex New()
    {
        JsonArray manifests = [];
        return new LayoutIndex(
            new JsonObject
            {
                ["schemaVersion"] = 2,
                ["mediaType"] = MediaTypes.OciIndex,
                ["manifests"] = manifests,
            },
            manifests
        );
    }

    /// <param name="doing">"writing X", for messages.</param>
    /// <exception cref="SysctrException">Corrupt: it is none.</exception>
    public static LayoutIndex Parse(byte[] json, string doing)
    {
        try
        {
            using JsonDocument strict = StrictJson.Parse(json, maxDepth: 32);
            ImageIndex.Parse(json);
            JsonObject index = JsonObject.Create(strict.RootElement.Clone())!;
            if (index["manifests"] is not JsonArray manifests)
            {
                index["manifests"] = manifests = [];
            }

            return new LayoutIndex(index, manifests);
        }
        catch (JsonException e)
        {
            throw new SysctrException(
                ErrorKind.Corrupt,
                $"{doing}: index.json is malformed: {Redact.Text(JsonFault.Of(e))}",
                "write to another directory",
                e
            );
        }
    }

    /// <summary>Has a name mean an image. Without a name, the image is there.</summary>
    /// <param name="root">The image.</param>
    /// <param name="name">Its name, as <c>org.opencontainers.image.ref.name</c>; null for none.</param>
    public void Set(ManifestDocument root, string? name)
    {
        foreach (JsonNode? entry in _manifests.ToArray())
        {
            string? has = (string?)entry!["annotations"]?[LayoutSource.RefName];
            if (name is null ? (string?)entry["digest"] == root.Digest.ToString() : has == name)
            {
                if (name is null)
                {
                    return;
                }

                _manifests.Remove(entry);
            }
        }

        JsonObject descriptor = new()
        {
            ["mediaType"] = root.MediaType,
            ["digest"] = root.Digest.ToString(),
            ["size"] = root.Bytes.Length,
        };
        if (name is not null)
        {
            descriptor["annotations"] = new JsonObject { [LayoutSource.RefName] = name };
        }

        _manifests.Add((JsonNode)descriptor);
    }

    /// <summary>As a file.</summary>
    public byte[] ToBytes() => Encoding.UTF8.GetBytes(_index.ToJsonString());
}
