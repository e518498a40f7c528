// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Fsck.Findings;
using SystemContainers.Oci;
using SystemContainers.Pull;
using SystemContainers.Pull.Options;
using SystemContainers.Reference;
using SystemContainers.Store.Records;
using SystemContainers.Target;
using SystemContainers.Transactions;

namespace SystemContainers.Fsck;

/// <summary>
/// Mends the store: ends what was cut off, puts metadata right in place, fetches the rest again. Everything is fetched
/// by the digest of the manifest that it came with, so that a tag which moved on changes nothing.
/// </summary>
sealed class StoreRepair(Host host, IPullProgress progress, RepairLog log)
{
    public async Task RunAsync(FsckPass found, CancellationToken cancellation)
    {
        await EndTransactionsAsync(found, cancellation);
        await MendContentAsync(found, cancellation);
        if (found.Findings.Any(f => f.Kind == FindingKind.BrokenRef))
        {
            // With the store to itself: nobody else gives a name a meaning between the look at it and its mending.
            using IDisposable alone = host.Locks.LockStore(cancellation);
            MendRefs(found);
        }

        if (host.Transactions.Pending(static _ => { }).Any(t => t.Record.IsOfStore))
        {
            // A prune that refused may go on now that what it lacked is there again.
            await EndTransactionsAsync(found, cancellation);
        }
    }

    private async Task MendContentAsync(FsckPass found, CancellationToken cancellation)
    {
        using StoreLease lease = host.Locks.LeaseStore(cancellation);
        HashSet<ObjectKey> objects = [.. found.Layers.Damaged];
        foreach (LayerEntry entry in found.Layers.Changed.Where(MendMetadata))
        {
            objects.Remove(entry.Object);
        }

        HashSet<Digest> layers = [.. found.References.Layers];
        layers.UnionWith(found.Layers.LayersWith(host.OpenStore(), objects));
        await FetchAsync(lease, found.Images, layers, [.. found.References.Blobs], objects, cancellation);
    }

    /// <summary>Of those that were found the ones that are broken now: a pull or a tag may have written one
    /// since.</summary>
    private void MendRefs(FsckPass found)
    {
        HashSet<string> broken =
        [
            .. host.OpenStore().Images.Examine().Where(i => i.Record is null).Select(i => i.File),
        ];
        foreach (Finding finding in found.Findings.Where(f => f.Kind == FindingKind.BrokenRef))
        {
            if (broken.Contains(finding.Path))
            {
                MendRef(finding.Path, found.Images);
            }
        }
    }

    private async Task EndTransactionsAsync(FsckPass found, CancellationToken cancellation)
    {
        try
        {
            await host.RecoverAsync(cancellation);
        }
        catch (SysctrException e)
        {
            foreach (Finding half in found.Findings.Where(f => f.Kind == FindingKind.InterruptedTransaction))
            {
                log.Failed(half.Path, e.Message);
            }
        }
    }

    private bool MendMetadata(LayerEntry entry)
    {
        string path = host.OpenStore().ObjectPath(entry.Object);
        try
        {
            bool right = host.OpenStore().MendMetadata(entry);
            if (right)
            {
                log.Done(path, "put right in its place");
            }

            return right;
        }
        catch (SysctrException e)
        {
            log.Failed(path, e.Message);
            return false;
        }
    }

    /// <summary>Fetches from one image after the other, until nothing is wanted or none is left that has it.</summary>
    private async Task FetchAsync(
        StoreLease lease,
        IReadOnlyList<(ImageRecord Image, string User)> images,
        HashSet<Digest> layers,
        HashSet<Digest> blobs,
        HashSet<ObjectKey> objects,
        CancellationToken cancellation
    )
    {
        host.OpenStore().Replace(objects);
        foreach (ImageRecord image in images.Select(i => i.Image).DistinctBy(i => (i.Reference, i.ManifestDigest)))
        {
            Digest[] blobsOfIt = [.. ((Digest[])[image.ManifestDigest, image.ConfigDigest]).Where(blobs.Contains)];
            HashSet<Digest> layersOfIt = [.. image.DiffIds.Where(layers.Contains)];
            if (layersOfIt.Count + blobsOfIt.Length == 0)
            {
                continue;
            }

            // Before: afterwards an index that was broken can't say which objects were meant.
            string[] paths =
            [
                .. blobsOfIt.Select(host.OpenStore().BlobPath),
                .. layersOfIt.Select(host.OpenStore().IndexPath),
                .. objects.Select(host.OpenStore().ObjectPath),
            ];
            try
            {
                PulledImage pulled = await PullAsync(lease, image, layersOfIt, cancellation);
                foreach (Digest blob in blobsOfIt)
                {
                    host.OpenStore()
                        .ReplaceBlob(blob, blob == pulled.ManifestDigest ? pulled.Manifest : pulled.ConfigBytes);
                }

                layers.ExceptWith(layersOfIt);
                blobs.ExceptWith(blobsOfIt);
                Array.ForEach(paths, p => log.Done(p, $"fetched again from {image.Reference}"));
            }
            catch (SysctrException e)
            {
                Array.ForEach(paths, p => log.Failed(p, $"fetching it again: {e.Message}"));
            }
        }
    }

    private async Task<PulledImage> PullAsync(
        StoreLease lease,
        ImageRecord image,
        HashSet<Digest> layers,
        CancellationToken cancellation
    )
    {
        ImageReference name = host.Registries.Resolve(image.Reference)[0];
        ImageReference reference = name.WithDigest(image.ManifestDigest);

        // The digest is not the user's: what the rules say of the name counts.
        ImagePuller puller = host.Puller(progress, judgedAs: name);
        PulledImage pulled = await lease.WithoutAsync(
            () =>
                puller.PullAsync(
                    [reference],
                    Platform.Current,
                    new MendingSink(host.OpenStore(), layers),
                    cancellation
                ),
            cancellation
        );
        if (!host.OpenStore().HasWhole([.. layers]))
        {
            throw new SysctrException(
                ErrorKind.Locked,
                $"fetching {reference}: a prune took what was there meanwhile",
                "try again when it has ended"
            );
        }

        host.OpenStore().Commit();
        return pulled;
    }

    /// <summary>A file that can't be read does not say whose it was, but its name is that of one reference.</summary>
    private void MendRef(string file, IReadOnlyList<(ImageRecord Image, string User)> images)
    {
        ImageRecord? image = images
            .Select(i => i.Image)
            .FirstOrDefault(i => host.OpenStore().Images.FileOf(i.Reference) == file);
        try
        {
            if (image is not null)
            {
                host.OpenStore().Images.Set(image);
                log.Done(file, $"made anew for {image.Reference}");
            }
        }
        catch (SysctrException e)
        {
            log.Failed(file, e.Message);
        }
    }
}
