// SPDX-License-Identifier: Apache-2.0

using SystemContainers.History;
using SystemContainers.Linux;
using SystemContainers.Oci;
using SystemContainers.State;
using SystemContainers.Store;
using SystemContainers.Store.Records;
using SystemContainers.Target;

namespace SystemContainers.Images;

/// <summary>Removes from the store what no image and no deployment names. The caller has the store alone.</summary>
sealed class StorePrune(Host host)
{
    /// <summary>Removes it as a transaction: cut at any point, it is finished by <c>Recovery</c>.</summary>
    /// <param name="all">Whether the names that no container uses go first.</param>
    /// <param name="note">Told each of these names.</param>
    /// <param name="origin">Whose it is; null where it is part of something else, which the history tells.</param>
    /// <exception cref="Errors.SysctrException">Corrupt: what is to stay can't be read, and nothing was removed;
    /// Storage: the disk fails.</exception>
    public PruneResult Run(bool all, Action<string> note, HistoryOrigin? origin = null)
    {
        HistoryImage[] images =
        [
            .. (all ? Unused() : []).Select(i => new HistoryImage(i.Reference, From: i.ManifestDigest.ToString())),
        ];
        if (TryBegin(images, origin) is not { } intent)
        {
            // What is cut without one leaves no more than objects that no layer names, for the next prune. Names go by
            // an intent, or not at all: there may be room for it then.
            PruneResult first = Remove([], note, origin);
            return images.Length == 0 ? first : first.And(Run(Begin(images, origin), images, note, origin));
        }

        return Run(intent, images, note, origin);
    }

    private PruneResult Run(string intent, HistoryImage[] images, Action<string> note, HistoryOrigin? origin)
    {
        PruneResult removed = Remove(images, note, origin);
        IntentRecords.EndLater(intent, note);
        return removed;
    }

    private string Begin(HistoryImage[] images, HistoryOrigin? origin) =>
        host.Transactions.Begin(TransactionRecord.Prune(images) with { Origin = origin });

    /// <returns>Null on a full disk, which a prune is there to give room on.</returns>
    private string? TryBegin(HistoryImage[] images, HistoryOrigin? origin)
    {
        try
        {
            return Begin(images, origin);
        }
        catch (IOException e) when (HostFailure.IsFull(e))
        {
            return null;
        }
    }

    private IEnumerable<ImageRecord> Unused()
    {
        ImageNames names = new(host);
        return host.OpenStore().Images.List().Where(i => names.UsersOf(i).Count == 0);
    }

    /// <summary>Ends a pull or prune that was cut off. Of a pull whole layers stay, so that the next one need not fetch
    /// them.</summary>
    public void Finish(TransactionRecord transaction)
    {
        if (transaction.Operation == TransactionKind.Prune)
        {
            Remove(transaction.Images ?? [], host.Note, transaction.Origin, recovered: true);
        }
        else
        {
            host.OpenStore().Prune(host.OpenStore().Layers(), NamedBlobs(), host.MountedLayers());
        }
    }

    private PruneResult Remove(
        IReadOnlyList<HistoryImage> images,
        Action<string> note,
        HistoryOrigin? origin,
        bool recovered = false
    )
    {
        ImageNames names = new(host);
        foreach (HistoryImage image in images)
        {
            // Where it was cut off, a name may mean another image by now, or be of use.
            if (
                host.OpenStore().Images.Find(image.Reference) is { } unused
                && unused.ManifestDigest.ToString() == image.From
                && names.UsersOf(unused).Count == 0
            )
            {
                host.OpenStore().Images.Delete(unused.Reference);
                note($"{unused.Reference}: deleted");
                Tell(image, removed: null);
            }
        }

        // What deployments were made of stays: with it they can be mended.
        HashSet<Digest> layers =
        [
            .. host.OpenStore().Images.List().SelectMany(i => i.DiffIds),
            .. host.Catalog.All().SelectMany(d => d.DiffIds),
        ];
        PruneResult result = host.OpenStore().Prune(layers, NamedBlobs(), host.MountedLayers());
        if (result.Layers + result.Objects + result.Bytes > 0)
        {
            Tell(image: null, new HistoryRemoval(result.Layers, result.Objects, result.Bytes));
        }

        return result;

        void Tell(HistoryImage? image, HistoryRemoval? removed)
        {
            if (origin is not null)
            {
                host.History.Add(
                    HistoryLog.OfImage("images prune", image, origin) with
                    {
                        Removed = removed,
                        Recovered = recovered,
                        Seconds = recovered ? null : origin.Elapsed(),
                    }
                );
            }
        }
    }

    private HashSet<Digest> NamedBlobs() =>
        [
            .. host.OpenStore().Images.List().SelectMany(i => (Digest[])[i.ManifestDigest, i.ConfigDigest]),
            .. host.Catalog.All().SelectMany(d => (Digest[])[d.ManifestDigest, d.ImageId]),
        ];
}
