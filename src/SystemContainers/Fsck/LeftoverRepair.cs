// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Fsck.Findings;
using SystemContainers.Linux.Files;
using SystemContainers.Store.Records;
using SystemContainers.Target;

namespace SystemContainers.Fsck;

/// <summary>Removes what nothing names: objects of no layer, layers that nobody can fetch again or needs, and what
/// killed processes were writing.</summary>
sealed class LeftoverRepair(Host host, RepairLog log)
{
    public void Run(FsckPass found, CancellationToken cancellation)
    {
        // Nobody adds to the store or leaves anything half-written in it while it is held alone.
        using IDisposable alone = host.Locks.LockStore(cancellation);
        RemoveUnneeded(found);
        LayerCheck layers = new(host.OpenStore(), _ => false, new FindingLog());
        layers.Run(cancellation);
        if (layers.Broken.Count == 0 && FsckPass.WhyOrphansStay(host, host.OpenStore()) is null)
        {
            foreach (string orphan in layers.FindOrphans(host.OpenStore(), cancellation))
            {
                Remove(orphan);
            }
        }

        foreach (
            Finding leftover in found.Findings.Where(f =>
                f is { Kind: FindingKind.Leftover, Advice: FsckAdvice.Remove or FsckAdvice.NextCall }
            )
        )
        {
            Remove(leftover.Path);
        }
    }

    /// <summary>A damaged layer that no image and no deployment names is waste, and stands in the way of everything
    /// that reads all layers.</summary>
    private void RemoveUnneeded(FsckPass found)
    {
        // As it is now: an install that came since everything was looked at counts on what was there.
        ImageRecord[] images =
        [
            .. found.Images.Select(i => i.Image),
            .. FsckPass
                .ImagesOf(host, host.OpenStore().Images.Examine().Select(i => i.Record).OfType<ImageRecord>())
                .Select(i => i.Image),
        ];
        HashSet<Oci.Digest> needed = [.. images.SelectMany(i => i.DiffIds)];
        foreach (
            Oci.Digest layer in found
                .Layers.Broken.Concat(found.Layers.LayersWith(host.OpenStore(), found.Layers.Damaged))
                .Except(needed)
        )
        {
            Remove(host.OpenStore().IndexPath(layer));
        }

        HashSet<Oci.Digest> blobs = [.. images.SelectMany(i => (Oci.Digest[])[i.ManifestDigest, i.ConfigDigest])];
        foreach (Oci.Digest blob in found.References.Altered.Except(blobs))
        {
            Remove(host.OpenStore().BlobPath(blob));
        }
    }

    private void Remove(string path)
    {
        try
        {
            TreeRemoval.RemoveProtected(path);
            log.Done(path, "removed, for nothing needs it");
        }
        catch (Exception e) when (e is SysctrException or IOException)
        {
            log.Failed(path, e.Message);
        }
    }
}
