// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Fsck.Findings;
using SystemContainers.Oci;
using SystemContainers.Store;
using SystemContainers.Store.Records;

namespace SystemContainers.Fsck;

/// <summary>Blobs, and whether all that refs and records name is there.</summary>
sealed class ReferenceCheck(ContentStore store, LayerCheck layers, FindingLog log)
{
    /// <summary>Blobs that are needed and not whole.</summary>
    public HashSet<Digest> Blobs { get; } = [];

    /// <summary>Blobs that are not whole, needed or not.</summary>
    public HashSet<Digest> Altered { get; } = [];

    /// <summary>Layers that are needed and have no index that can be used.</summary>
    public HashSet<Digest> Layers { get; } = [];

    /// <returns>Those that can be used.</returns>
    public IReadOnlyList<ImageRecord> ReadRefs()
    {
        List<ImageRecord> images = [];
        foreach ((string file, ImageRecord? record) in store.Images.Examine())
        {
            if (record is not null)
            {
                images.Add(record);
            }
            else
            {
                log.Error(
                    FindingKind.BrokenRef,
                    file,
                    "can't be read",
                    "remove it and pull the image again; 'sysctr fsck --repair' makes it anew where a container has the image"
                );
            }
        }

        return images;
    }

    /// <summary>Compares blobs with their names, and what is named with what is there.</summary>
    /// <param name="images">Refs, and records of deployments as refs.</param>
    public void Run(IEnumerable<(ImageRecord Image, string User)> images, CancellationToken cancellation)
    {
        HashSet<Digest> whole = CheckBlobs(cancellation);
        foreach ((ImageRecord image, string user) in images)
        {
            foreach (Digest blob in (Digest[])[image.ManifestDigest, image.ConfigDigest])
            {
                if (!whole.Contains(blob) && Blobs.Add(blob) && !Altered.Contains(blob))
                {
                    log.Error(
                        FindingKind.MissingBlob,
                        store.BlobPath(blob),
                        $"is missing; {user} needs it",
                        FsckAdvice.Fetch
                    );
                }
            }

            foreach (Digest layer in image.DiffIds)
            {
                bool broken = layers.Broken.Contains(layer);
                if ((broken || !store.HasLayer(layer)) && Layers.Add(layer) && !broken)
                {
                    log.Error(
                        FindingKind.MissingLayer,
                        store.IndexPath(layer),
                        $"is missing; {user} needs it",
                        FsckAdvice.Fetch
                    );
                }
            }
        }
    }

    private HashSet<Digest> CheckBlobs(CancellationToken cancellation)
    {
        HashSet<Digest> whole = [];
        foreach ((string file, Digest? digest) in store.BlobFiles())
        {
            cancellation.ThrowIfCancellationRequested();
            if (digest is not { } named)
            {
                log.Note(FindingKind.Leftover, file, "is no blob", FsckAdvice.Remove);
                continue;
            }

            try
            {
                store.ReadBlob(named);
                whole.Add(named);
            }
            catch (Exception e) when (e is SysctrException or IOException or UnauthorizedAccessException)
            {
                Altered.Add(named);
                log.Error(
                    FindingKind.CorruptBlob,
                    file,
                    e is SysctrException ? "was altered" : $"can't be read ({e.Message})",
                    FsckAdvice.Fetch
                );
            }
        }

        return whole;
    }
}
