// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Fsck.Findings;
using SystemContainers.Oci;
using SystemContainers.Store;
using SystemContainers.Store.Records;

namespace SystemContainers.Fsck;

/// <summary>
/// Layer indexes and the objects that they name. Of a million objects it keeps a million keys of 32 bytes, and of an
/// index no more than the entries that are being looked at.
/// </summary>
/// <param name="content">Whether the content of an object is read.</param>
/// <param name="log">Told what is wrong.</param>
sealed class LayerCheck(ContentStore store, Func<ObjectKey, bool> content, FindingLog log)
{
    private readonly HashSet<ObjectKey> _named = [];
    private readonly HashSet<Digest> _read = [];
    private long _bytes;

    /// <summary>Objects that are not whole.</summary>
    public HashSet<ObjectKey> Damaged { get; } = [];

    /// <summary>Of <see cref="Damaged"/> those whose content is right, as far as it was read, with what their inodes
    /// should have.</summary>
    public List<LayerEntry> Changed { get; } = [];

    /// <summary>Whether an object was compared, and is what its name says.</summary>
    public bool IsWhole(ObjectKey key) => _named.Contains(key) && !Damaged.Contains(key);

    /// <summary>Layers whose index can't be used.</summary>
    public HashSet<Digest> Broken { get; } = [];

    /// <summary>Objects that were compared.</summary>
    public int Objects => _named.Count;

    public long Bytes => _bytes;

    /// <summary>Layers that were read.</summary>
    public int Layers => _read.Count + Broken.Count;

    /// <summary>Checks the layers that were not checked yet, with both cores.</summary>
    public void Run(CancellationToken cancellation)
    {
        foreach (string file in store.LayerFiles())
        {
            cancellation.ThrowIfCancellationRequested();
            if (DigestOf(file) is not { } layer)
            {
                log.Note(FindingKind.Leftover, file, "is no layer", FsckAdvice.Remove);
            }
            else if (!_read.Contains(layer) && !Broken.Contains(layer) && Read(layer, file) is { } entries)
            {
                _read.Add(layer);
                Check(entries, cancellation);
            }
        }
    }

    /// <summary>Tells of the files in objects/ that no layer names. The caller holds the store's lock, and
    /// <see cref="Run"/> saw all layers.</summary>
    /// <returns>The files.</returns>
    public IReadOnlyList<string> FindOrphans(ContentStore store, CancellationToken cancellation)
    {
        List<string> orphans = [];
        foreach ((string file, ObjectKey? key) in store.ObjectFiles())
        {
            cancellation.ThrowIfCancellationRequested();
            if (key is not { } named || !_named.Contains(named))
            {
                orphans.Add(file);
            }
        }

        return orphans;
    }

    /// <summary>The layers that name any of these objects.</summary>
    public IReadOnlyList<Digest> LayersWith(ContentStore store, IReadOnlySet<ObjectKey> objects) =>
        objects.Count == 0
            ? []
            :
            [
                .. _read.Where(l =>
                    store.StreamLayer(l).Any(e => ContentStore.HasObject(e) && objects.Contains(e.Object))
                ),
            ];

    private IEnumerable<LayerEntry>? Read(Digest layer, string file)
    {
        try
        {
            return store.StreamLayer(layer);
        }
        catch (Exception e) when (e is SysctrException or IOException)
        {
            Broken.Add(layer);
            log.Error(
                FindingKind.CorruptLayer,
                file,
                e is SysctrException ? "was altered" : $"can't be read ({e.Message})",
                FsckAdvice.Fetch
            );
            return null;
        }
    }

    private void Check(IEnumerable<LayerEntry> entries, CancellationToken cancellation) =>
        SideBySide.ForEach(entries.Where(e => ContentStore.HasObject(e) && _named.Add(e.Object)), Check, cancellation);

    private void Check(LayerEntry entry)
    {
        (ObjectState state, string what) = store.Examine(entry, content(entry.Object));
        Interlocked.Add(ref _bytes, entry.Size);
        if (state == ObjectState.Whole)
        {
            return;
        }

        string name = System.Text.Encoding.UTF8.GetString(entry.Name);
        log.Error(
            state == ObjectState.Missing ? FindingKind.MissingObject : FindingKind.CorruptObject,
            store.ObjectPath(entry.Object),
            $"(/{name.TrimStart('.', '/')}) {what}",
            state == ObjectState.Changed ? FsckAdvice.Repair : FsckAdvice.Fetch
        );
        lock (Damaged)
        {
            Damaged.Add(entry.Object);
            if (state == ObjectState.Changed)
            {
                Changed.Add(entry);
            }
        }
    }

    /// <summary>The layer that an index is of; digests of two algorithms share the directory, and their lengths keep
    /// them apart.</summary>
    private static Digest? DigestOf(string file)
    {
        string hex = Path.GetFileName(file);
        return Digest.TryParse($"{(hex.Length == 128 ? "sha512" : "sha256")}:{hex}", out Digest digest) ? digest : null;
    }
}
