// SPDX-License-Identifier: Apache-2.0

using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Native;
using SystemContainers.Oci;
using SystemContainers.Store.Records;

namespace SystemContainers.Store;

/// <summary>Removing what nothing names any more.</summary>
sealed partial class ContentStore
{
    /// <summary>Removes all layers, blobs and objects but those named. The caller holds
    /// <see cref="StoreLocks.LockStore"/>.</summary>
    /// <param name="layers">DiffIDs to keep, with the objects of their indexes.</param>
    /// <param name="blobs">Manifests and configurations to keep.</param>
    /// <param name="mounted">Of the layers those that deployments are mounted from: their contents are in the store
    /// alone, and only an index says which they are. None where no deployment is.</param>
    /// <param name="begin">Called once nothing stands against it any more, before anything is removed; null for
    /// nothing.</param>
    /// <exception cref="SysctrException">Corrupt: an index that is kept can't be read, or is not there for what is
    /// mounted, and nothing was removed, nor begun; Storage: the disk fails.</exception>
    public PruneResult Prune(
        IReadOnlySet<Digest> layers,
        IReadOnlySet<Digest> blobs,
        IReadOnlySet<Digest>? mounted = null,
        Action? begin = null
    )
    {
        if (WithoutContents(mounted ?? new HashSet<Digest>()) is { } lost)
        {
            throw new SysctrException(
                ErrorKind.Corrupt,
                $"pruning the store: a deployment is mounted from layer {lost.Short}, and nothing says which objects are its contents",
                "'sysctr fsck --repair' fetches the layer again; or uninstall what is mounted from it"
            );
        }

        HashSet<ObjectKey> live = [];
        foreach (Digest layer in layers.Where(HasLayer))
        {
            live.UnionWith(ReadLayer(layer).Entries.Where(HasObject).Select(e => e.Object));
        }

        begin?.Invoke();
        HashSet<string> names = [.. layers.Select(LayerFileName)];
        int removedLayers = 0;
        foreach (
            string index in Directory
                .GetFiles(Path.Join(_root, "layers"))
                .Where(f => !names.Contains(Path.GetFileName(f)))
        )
        {
            Remove(index);
            removedLayers++;
        }

        PruneSums(names);

        // Indexes first, durably: a name in layers/ promises its objects, also after a power cut between the two.
        DurableFile.SyncDirectory(Path.Join(_root, "layers"));
        (int removedObjects, long freed) = RemoveObjects(live);
        foreach (string blob in Directory.GetFiles(Path.Join(_root, "blobs"), "*", SearchOption.AllDirectories))
        {
            string digest = $"{Path.GetFileName(Path.GetDirectoryName(blob))}:{Path.GetFileName(blob)}";
            if (!Digest.TryParse(digest, out Digest parsed) || !blobs.Contains(parsed))
            {
                freed += new FileInfo(blob).Length;
                Remove(blob);
            }
        }

        return new PruneResult(removedLayers, removedObjects, freed);
    }

    /// <summary>The first of layers that deployments are mounted from which has no index of contents: what it was
    /// mounted from are then objects that no layer names, and yet needed.</summary>
    /// <exception cref="SysctrException">Corrupt: an index was altered.</exception>
    public Digest? WithoutContents(IEnumerable<Digest> mounted)
    {
        foreach (Digest layer in mounted)
        {
            if (!HasLayer(layer) || FormOf(layer) != ObjectForm.Content)
            {
                return layer;
            }
        }

        return null;
    }

    /// <summary>The layers that the store has, whether or not anything names them.</summary>
    public HashSet<Digest> Layers() =>
        [
            .. LayerFiles()
                .Select(f => Path.GetFileName(f))
                .Select(hex =>
                    Digest.TryParse($"sha{hex.Length * 4}:{hex}", out Digest diffId) ? diffId : (Digest?)null
                )
                .OfType<Digest>(),
        ];

    /// <summary>Shows every object with its file.</summary>
    public void EachObject(Action<ObjectKey, string> look)
    {
        foreach (string directory in ObjectDirectories())
        {
            foreach (string file in Directory.GetFiles(directory))
            {
                if (ObjectKey.TryParse(Path.GetFileName(directory) + Path.GetFileName(file), out ObjectKey key))
                {
                    look(key, file);
                }
            }
        }
    }

    private static void Remove(string file) =>
        StoreErrors.Wrap(
            $"removing {file}",
            () =>
            {
                FaultPoint.Pass("unlink");
                File.Delete(file);
            }
        );

    private (int Objects, long Freed) RemoveObjects(HashSet<ObjectKey> live)
    {
        (int objects, long freed) = (0, 0);
        foreach (string directory in ObjectDirectories())
        {
            string head = Path.GetFileName(directory);
            foreach (string file in Directory.GetFiles(directory))
            {
                if (ObjectKey.TryParse(head + Path.GetFileName(file), out ObjectKey key) && live.Contains(key))
                {
                    continue;
                }

                freed += FreedBy(file);
                Remove(file);
                objects++;
            }
        }

        return (objects, freed);
    }

    /// <summary>The bytes that the disk gets back: none where a deployment still has the file.</summary>
    private static long FreedBy(string file)
    {
        using SafeFileHandle handle = Libc.open(file, OpenFlags.Path | OpenFlags.NoFollow | OpenFlags.CloseOnExec, 0);
        return
            !handle.IsInvalid
            && Libc.statx(handle, "", Libc.AT_EMPTY_PATH, Libc.STATX_BASIC_STATS, out statx_t stat) == 0
            ? stat.stx_nlink == 1
                ? (long)stat.stx_blocks * 512
                : 0
            : throw LinuxException.Last("statx", file);
    }
}

/// <summary>What a prune removed.</summary>
/// <param name="Layers">Indexes of layers.</param>
/// <param name="Objects">Files.</param>
/// <param name="Bytes">What the disk got back; files that deployments still have count nothing.</param>
[StructLayout(LayoutKind.Auto)]
readonly record struct PruneResult(int Layers, int Objects, long Bytes)
{
    /// <summary>With what another one removed.</summary>
    public PruneResult And(PruneResult other) =>
        new(Layers + other.Layers, Objects + other.Objects, Bytes + other.Bytes);
}
