using SystemContainers.Store;

namespace SystemContainers.Deploy.Fsck;

/// <summary>
/// Checks the whole store and what it has on the host. What live processes are at is left out: they hold locks on it, and their
/// additions to the store become visible whole.
/// </summary>
sealed class FsckOperation(Host host)
{
    private readonly FindingLog _log = new();

    /// <summary>Checks; changes nothing.</summary>
    /// <param name="content">Whether contents are read and hashed, or only looked at from outside.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="Errors.SysctrException">The store can't be opened; Locked: a prune went on for too long.</exception>
    public FsckReport Check(bool content, CancellationToken cancellation)
    {
        if (!Directory.Exists(host.StoreHere))
        {
            return new FsckReport { Findings = [], Quick = !content };
        }

        using ContentStore store = ContentStore.OpenUnchanged(host.StoreHere);
        TransactionCheck transactions = new(host, store, _log);
        transactions.Run();
        LayerCheck layers = new(store, content, _log);
        ContainerCheck containers = new(host, store, content, _log);
        ReferenceCheck references = new(store, layers, _log);
        IReadOnlyList<string> names;
        int images;
        using (store.Locks.Lease(host.Note, cancellation))
        {
            IReadOnlyList<ImageRecord> refs = references.ReadRefs();
            images = refs.Count;
            layers.Run(cancellation);
            references.Run(
                refs.Select(i => (i, i.Reference)).Concat(ContainerCheck.ReadRecords(host).Select(r => (AsImage(r), $"deployment {r.Deployment} of {r.Name}"))),
                cancellation);
            names = host.Catalog.DirectoryNames();
            foreach (string name in names.Where(n => !transactions.Concerned.Contains(n)))
            {
                cancellation.ThrowIfCancellationRequested();
                CheckContainer(store, containers, name);
            }
        }

        CheckOrphans(store, layers, cancellation);
        return new FsckReport
        {
            Findings = _log.Sorted(),
            Quick = !content,
            Objects = layers.Objects,
            Bytes = layers.Bytes,
            Layers = layers.Layers,
            Images = images,
            Containers = names.Count,
            Deployments = containers.Deployments,
        };
    }

    private void CheckContainer(ContentStore store, ContainerCheck containers, string name)
    {
        using IDisposable? held = store.Locks.TryLockContainer(name);
        string directory = host.Deployment(name, 0).ContainerHere;
        if (held is null)
        {
            _log.Note(FindingKind.NotChecked, directory, "was not looked at, for another sysctr works on it");
        }
        else if (Directory.Exists(directory))
        {
            containers.Run(name);
        }
    }

    /// <summary>Objects that no layer names may be those of a layer that is being added: only who has the store alone can tell.</summary>
    private void CheckOrphans(ContentStore store, LayerCheck layers, CancellationToken cancellation)
    {
        string objects = Path.Join(host.StoreHere, "objects");
        using IDisposable? alone = store.Locks.TryLockStore();
        if (alone is null)
        {
            _log.Note(FindingKind.NotChecked, objects, "was not searched for what no layer names, for another sysctr uses the store");
            return;
        }

        layers.Run(cancellation);
        if (layers.Broken.Count > 0)
        {
            _log.Note(FindingKind.NotChecked, objects, "was not searched for what no layer names, for a layer can't be read");
            return;
        }

        foreach (string orphan in layers.FindOrphans(cancellation))
        {
            _log.Note(FindingKind.OrphanObject, orphan, "belongs to no layer", "'sysctr images prune' removes it");
        }
    }

    private static ImageRecord AsImage(ContainerRecord record) =>
        new(record.Image, record.ManifestDigest, record.ImageId, record.DiffIds, record.InstalledAt);
}
