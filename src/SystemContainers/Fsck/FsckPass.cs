// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Fsck.Findings;
using SystemContainers.Store;
using SystemContainers.Store.Records;
using SystemContainers.Target;

namespace SystemContainers.Fsck;

/// <summary>
/// One look at the whole store and what it has on the host, with all that a repair has to know. Changes nothing. What
/// live processes are at is left out: they hold locks on it, and their additions to the store become visible whole.
/// </summary>
sealed class FsckPass
{
    private readonly Host _host;
    private readonly FindingLog _log = new();

    private FsckPass(Host host, ContentStore store, bool content, Func<ObjectKey, bool> read)
    {
        _host = host;
        Quick = !content;
        Layers = new LayerCheck(store, read, _log);
        References = new ReferenceCheck(store, Layers, _log);
        Containers = new ContainerCheck(host, store, content, _log);
    }

    public LayerCheck Layers { get; }

    public ReferenceCheck References { get; }

    public ContainerCheck Containers { get; }

    /// <summary>What is wrong, errors first.</summary>
    public IReadOnlyList<Finding> Findings { get; private set; } = [];

    /// <summary>Refs that can be read, and every deployment's images as if they had one.</summary>
    public IReadOnlyList<(ImageRecord Image, string User)> Images { get; private set; } = [];

    /// <summary>Whether copies of objects in deployments are read.</summary>
    public bool ReadsContent => !Quick;

    private bool Quick { get; }

    private int Refs { get; set; }

    private int Names { get; set; }

    /// <summary>Looks at everything.</summary>
    /// <param name="host">Its store is there.</param>
    /// <param name="content">Whether copies of objects in deployments are read, and not looked at from outside
    /// only.</param>
    /// <param name="read">Whether the content of an object is read.</param>
    /// <exception cref="Errors.SysctrException">The store can't be opened; Locked: a prune went on for too
    /// long.</exception>
    public static async Task<FsckPass> RunAsync(
        Host host,
        bool content,
        Func<ObjectKey, bool> read,
        CancellationToken cancellation
    )
    {
        using ContentStore store = ContentStore.OpenUnchanged(host.StoreHere);
        FsckPass pass = new(host, store, content, read);
        await pass.RunAsync(store, cancellation);
        pass.Findings = pass._log.Sorted();
        return pass;
    }

    /// <summary>The same for people and programs.</summary>
    /// <param name="findings">These, in place of the pass's own.</param>
    public FsckReport Report(IReadOnlyList<Finding> findings) =>
        new()
        {
            Findings = findings,
            Quick = Quick,
            Objects = Layers.Objects,
            Bytes = Layers.Bytes,
            Layers = Layers.Layers,
            Images = Refs,
            Containers = Names,
            Deployments = Containers.Deployments,
        };

    private async Task RunAsync(ContentStore store, CancellationToken cancellation)
    {
        TransactionCheck transactions = new(_host.Transactions, store, _log);
        transactions.Run();
        using (store.Locks.Lease(_host.Note, cancellation))
        {
            IReadOnlyList<ImageRecord> refs = References.ReadRefs();
            Refs = refs.Count;
            Images = ImagesOf(_host, refs);
            Layers.Run(cancellation);
            References.Run(Images, cancellation);
            IReadOnlyList<string> names = _host.Catalog.DirectoryNames();
            Names = names.Count;
            foreach (string name in names.Where(n => !transactions.Concerned.Contains(n)))
            {
                cancellation.ThrowIfCancellationRequested();
                await CheckContainerAsync(store, name);
            }
        }

        CheckOrphans(store, cancellation);
    }

    private async Task CheckContainerAsync(ContentStore store, string name)
    {
        using IDisposable? held = store.Locks.TryLockContainer(name);
        string directory = _host.Deployment(name, 0).ContainerHere;
        if (held is null)
        {
            _log.Note(FindingKind.NotChecked, directory, "was not looked at, for another sysctr works on it");
        }
        else if (
            Directory.Exists(directory)
            // One that was alive when the transactions were looked at may have died since.
            && !_host.Transactions.Involve(name)
        )
        {
            await Containers.RunAsync(name);
        }
    }

    /// <summary>Objects that no layer names may be those of a layer that is being added: only who has the store alone
    /// can tell.</summary>
    private void CheckOrphans(ContentStore store, CancellationToken cancellation)
    {
        string objects = Path.Join(_host.StoreHere, "objects");
        using IDisposable? alone = store.Locks.TryLockStore();
        if (alone is null)
        {
            _log.Note(
                FindingKind.NotChecked,
                objects,
                "was not searched for what no layer names, for another sysctr uses the store"
            );
            return;
        }

        Layers.Run(cancellation);
        if (Layers.Broken.Count > 0)
        {
            _log.Note(
                FindingKind.NotChecked,
                objects,
                "was not searched for what no layer names, for a layer can't be read"
            );
            return;
        }

        if (WhyOrphansStay(_host, store) is { } why)
        {
            _log.Note(FindingKind.NotChecked, objects, $"was not searched for what no layer names, for {why}");
            return;
        }

        foreach (string orphan in Layers.FindOrphans(store, cancellation))
        {
            _log.Note(FindingKind.OrphanObject, orphan, "belongs to no layer", FsckAdvice.Remove);
        }
    }

    /// <summary>Why objects that no layer names may be what a deployment is mounted from: its layer is not there, or
    /// nobody can tell. Null where they are nobody's.</summary>
    internal static string? WhyOrphansStay(Host host, ContentStore store)
    {
        try
        {
            return store.WithoutContents(host.MountedLayers()) is not null
                ? "a layer is not there that a deployment is mounted from"
                : null;
        }
        catch (Exception e) when (e is SysctrException or IOException)
        {
            return $"nobody can tell what deployments are mounted from ({e.Message})";
        }
    }

    /// <summary>Refs, and every deployment's images as if they had one, with who needs them.</summary>
    internal static IReadOnlyList<(ImageRecord Image, string User)> ImagesOf(
        Host host,
        IEnumerable<ImageRecord> refs
    ) =>
        [
            .. refs.Select(i => (i, i.Reference)),
            .. ContainerCheck
                .ReadRecords(host)
                .SelectMany(r => r.Images.Select(i => (i, $"deployment {r.Deployment} of {r.Name}"))),
        ];
}
