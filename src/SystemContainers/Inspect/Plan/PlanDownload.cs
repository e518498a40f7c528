// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using SystemContainers.Images;
using SystemContainers.Oci;
using SystemContainers.Store;
using SystemContainers.Store.Records;
using SystemContainers.Tar;

namespace SystemContainers.Inspect.Plan;

/// <summary>What images of a plan cost: the bytes that the verb itself would fetch, and the space that they would
/// take.</summary>
/// <param name="real">The host's store; null where there is none yet.</param>
sealed class PlanDownload(ContentStore? real)
{
    private const int BlockBytes = 4096;

    private readonly HashSet<Digest> _missing = [];
    private readonly HashSet<Digest> _stored = [];
    private readonly HashSet<ObjectKey> _objects = [];

    /// <summary>Compressed size of the layers that the store lacks.</summary>
    public long Bytes { get; private set; }

    /// <summary>What their files take that the store lacks.</summary>
    public long DiskBytes { get; private set; }

    /// <summary>How many these layers are.</summary>
    public int Missing => _missing.Count;

    /// <summary>How many layers the store has.</summary>
    public int Stored => _stored.Count;

    /// <summary>Counts an image, with those that its container mounts.</summary>
    public void Add(StoredImage image)
    {
        foreach (StoredImage mounted in image.Mounted.Values)
        {
            Add(mounted);
        }

        ContentStore store = image.Store;
        ImageManifest manifest = JsonSerializer.Deserialize(
            store.ReadBlob(image.Record.ManifestDigest),
            OciJson.Default.ImageManifest
        )!;
        foreach ((Digest diffId, Descriptor layer) in image.Record.DiffIds.Zip(manifest.Layers))
        {
            if (real?.HasLayer(diffId) == true)
            {
                _stored.Add(diffId);
            }
            else if (_missing.Add(diffId))
            {
                Bytes += layer.Size;
                AddObjects(store.ReadLayer(diffId));
            }
        }
    }

    private void AddObjects(LayerIndex layer)
    {
        foreach (LayerEntry entry in layer.Entries.Where(e => e.Type == TarEntryType.Regular && e.Size > 0))
        {
            if (_objects.Add(entry.Object) && (real is null || !File.Exists(real.ObjectPath(entry.Object))))
            {
                DiskBytes += (entry.Size + BlockBytes - 1) / BlockBytes * BlockBytes;
            }
        }
    }
}
