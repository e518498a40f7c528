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
        string? intent = null;
        PruneResult removed;
        try
        {
            removed = Remove(images, note, origin, begin: Begin);
        }
        catch (IOException e) when (intent is null && HostFailure.IsFull(e))
        {
            // A full disk, which a prune is there to give room on. What is cut without an intent leaves no more than
            // objects that no layer names, for the next prune. Names go by one, or not at all: there may be room for it
            // then.
            removed = Remove([], note, origin, begin: static () => { });
            if (images.Length > 0)
            {
                removed = removed.And(Remove(images, note, origin, begin: Begin));
            }
        }

        if (intent is not null)
        {
            IntentRecords.EndLater(intent, note);
        }

        return removed;

        void Begin() => intent = host.Transactions.Begin(TransactionRecord.Prune(images) with { Origin = origin });
    }

    private IEnumerable<ImageRecord> Unused()
    {
        HashSet<Digest> used = Used(host.Catalog.All());
        return host.OpenStore().Images.List().Where(i => !used.Contains(i.ConfigDigest));
    }

    /// <summary>The images that deployments are made of, or mount the files of, by their IDs.</summary>
    private static HashSet<Digest> Used(IEnumerable<ContainerRecord> deployments) =>
        [.. deployments.SelectMany(d => d.Images).Select(i => i.ConfigDigest)];

    /// <summary>Ends a pull or prune that was cut off. Of a pull whole layers stay, so that the next one need not fetch
    /// them.</summary>
    public void Finish(TransactionRecord transaction)
    {
        if (transaction.Operation == TransactionKind.Prune)
        {
            Remove(transaction.Images ?? [], host.Note, transaction.Origin, begin: static () => { }, recovered: true);
        }
        else
        {
            ContentStore store = host.OpenStore();
            store.Prune(store.Layers(), NamedBlobs(store.Images.List(), host.Catalog.All()), host.MountedLayers());
        }
    }

    /// <param name="images">Names that go.</param>
    /// <param name="note">Told each of them.</param>
    /// <param name="origin">Whose it is.</param>
    /// <param name="begin">Called before anything is removed, and not at all where nothing can be.</param>
    /// <param name="recovered">Whether another has begun it.</param>
    private PruneResult Remove(
        IReadOnlyList<HistoryImage> images,
        Action<string> note,
        HistoryOrigin? origin,
        Action begin,
        bool recovered = false
    )
    {
        ImageRecord[] there = [.. host.OpenStore().Images.List()];
        ContainerRecord[] deployments = [.. host.Catalog.All()];
        HashSet<Digest> used = Used(deployments);

        // Where it was cut off, a name may mean another image by now, or be of use.
        HashSet<string> going =
        [
            .. images
                .Where(i =>
                    Array.Find(there, t => t.Reference == i.Reference) is { } unused
                    && unused.ManifestDigest.ToString() == i.From
                    && !used.Contains(unused.ConfigDigest)
                )
                .Select(i => i.Reference),
        ];
        ImageRecord[] staying = [.. there.Where(i => !going.Contains(i.Reference))];

        // What deployments were made of stays: with it they can be mended.
        PruneResult result = host.OpenStore()
            .Prune(
                staying.Concat(deployments.SelectMany(d => d.Images)).SelectMany(i => i.DiffIds).ToHashSet(),
                NamedBlobs(staying, deployments),
                host.MountedLayers(),
                () =>
                {
                    begin();
                    foreach (HistoryImage image in images.Where(i => going.Contains(i.Reference)))
                    {
                        host.OpenStore().Images.Delete(image.Reference);
                        note($"{image.Reference}: deleted");
                        Tell(image, removed: null);
                    }
                }
            );
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

    private static HashSet<Digest> NamedBlobs(
        IEnumerable<ImageRecord> images,
        IEnumerable<ContainerRecord> deployments
    ) =>
        [
            .. images
                .Concat(deployments.SelectMany(d => d.Images))
                .SelectMany(i => (Digest[])[i.ManifestDigest, i.ConfigDigest]),
        ];
}
