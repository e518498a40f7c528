// SPDX-License-Identifier: Apache-2.0

using System.IO.Compression;
using System.Text.Json.Nodes;
using SystemContainers.Oci;
using SystemContainers.Store;

namespace SystemContainers.Tests.Checkout;

/// <summary>Puts the layers of an OCI layout into a store without the puller.</summary>
static class StoredImage
{
    /// <summary>Adds and commits all layers, side by side as a pull does.</summary>
    /// <returns>The diffIDs, base first.</returns>
    public static async Task<IReadOnlyList<Digest>> AddLayoutAsync(ContentStore store, string layout, string tag)
    {
        JsonNode index = JsonNode.Parse(await File.ReadAllBytesAsync(Path.Combine(layout, "index.json")))!;
        JsonNode entry = index["manifests"]!
            .AsArray()
            .First(m => (string?)m!["annotations"]?["org.opencontainers.image.ref.name"] == tag)!;
        JsonNode manifest = await ReadAsync(entry);
        JsonNode config = await ReadAsync(manifest["config"]!);
        Digest[] diffIds = [.. config["rootfs"]!["diff_ids"]!.AsArray().Select(d => Digest.Parse((string)d!))];
        await Task.WhenAll(manifest["layers"]!.AsArray().Select((layer, i) => AddAsync(diffIds[i], PathOf(layer!))));
        store.Commit();
        return diffIds;

        string PathOf(JsonNode descriptor) =>
            Path.Combine(layout, "blobs/sha256", Digest.Parse((string)descriptor["digest"]!).Hex);

        async Task<JsonNode> ReadAsync(JsonNode descriptor) =>
            JsonNode.Parse(await File.ReadAllBytesAsync(PathOf(descriptor)))!;

        async Task AddAsync(Digest diffId, string blob)
        {
            await using GZipStream plain = new(File.OpenRead(blob), CompressionMode.Decompress);
            await store.AddLayerAsync(diffId, plain, CancellationToken.None);
        }
    }
}
