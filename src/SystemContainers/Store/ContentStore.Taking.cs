// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Linux.Native;
using SystemContainers.Oci;
using SystemContainers.Store.Records;

namespace SystemContainers.Store;

/// <summary>Taking layers from a store that was made to look at an image.</summary>
sealed partial class ContentStore
{
    /// <summary>
    /// Moves the layers of another store into this one, without a name: whoever fetches an image of them need not fetch
    /// these, and the next prune removes them. Objects first and durably, as a commit does it, so that a layer that is
    /// seen is whole.
    /// </summary>
    /// <param name="other">On the same file system, with this one <see cref="Below"/> it, and not used any more. This
    /// one has been leased since it was filled.</param>
    /// <exception cref="Errors.SysctrException">Storage: the disk fails; nothing became visible but objects without a
    /// layer.</exception>
    public void TakeOver(ContentStore other) =>
        StoreErrors.Wrap(
            "keeping the layers that were fetched",
            () =>
            {
                Digest[] layers = [.. other.Layers()];
                foreach (Digest layer in layers)
                {
                    foreach (
                        ObjectKey key in other
                            .ReadLayer(layer)
                            .Entries.Where(HasObject)
                            .Select(e => e.Object)
                            .Where(other.HasObject)
                    )
                    {
                        TakeObject(other, key);
                    }
                }

                Sync();
                if (layers.Any(l => other.FormOf(l) == ObjectForm.Content))
                {
                    StoreFormat.Require(_root, StoreFormat.ContentObjects);
                }

                using IDisposable alone = Locks.LockIndexes();
                foreach (Digest layer in layers)
                {
                    PlaceIndex(other.IndexPath(layer), layer);
                    TakeSums(other, layer);
                }
            }
        );

    private unsafe void TakeObject(ContentStore other, ObjectKey key)
    {
        Span<byte> path = stackalloc byte[ObjectKey.PathSize];
        key.WritePath(path);
        fixed (byte* name = path)
        {
            MoveObject(other._objects, name, name, Libc.RENAME_NOREPLACE);
        }
    }
}
