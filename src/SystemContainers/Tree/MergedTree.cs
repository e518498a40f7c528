// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Unicode;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Store;
using SystemContainers.Store.Records;
using SystemContainers.Tar;

namespace SystemContainers.Tree;

/// <summary>
/// An image's layers as one tree, in memory: whiteouts, shadowing and hard links are resolved here and never on disk.
/// Contents stay in the store's objects, so that templates can be read before anything is checked out.
/// </summary>
sealed class MergedTree : IImageFiles
{
    private readonly MergeBudget _lookups = new();

    private MergedTree(ContentStore store, TreeDirectory root, IReadOnlyList<string> leftOut)
    {
        Store = store;
        Root = root;
        LeftOut = leftOut;
    }

    public ContentStore Store { get; }

    /// <summary>The image's root.</summary>
    public TreeDirectory Root { get; }

    /// <summary>What of the image's is not in the tree and might be missed, one sentence each; see
    /// <see cref="SystemDirectories"/>.</summary>
    public IReadOnlyList<string> LeftOut { get; }

    /// <summary>Merges layers of the store.</summary>
    /// <param name="diffIds">Base first.</param>
    /// <param name="form">The form of objects that its files are to have, whatever their layers have; null for the
    /// layers'.</param>
    /// <exception cref="SysctrException">Corrupt: the store lacks one; Unsafe: an entry leaves the tree or can't stand
    /// in it.</exception>
    public static MergedTree Build(ContentStore store, IReadOnlyList<Digest> diffIds, ObjectForm? form = null)
    {
        TreeDirectory root = Merge(store, diffIds, form);
        return new MergedTree(store, root, SystemDirectories.Settle(root));
    }

    /// <summary>All that layers have, as they have it, with the places of the kernel and with devices.</summary>
    /// <param name="store">As above.</param>
    /// <param name="diffIds">As above.</param>
    /// <param name="form">As above.</param>
    /// <exception cref="SysctrException">As above.</exception>
    public static TreeDirectory Merge(ContentStore store, IReadOnlyList<Digest> diffIds, ObjectForm? form)
    {
        Collections.Settle();
        TreeDirectory root = new(TreeDirectory.Undescribed);
        MergeBudget budget = new();
        for (int layer = 0; layer < diffIds.Count; layer++)
        {
            LayerMerger merger = new(root, layer, diffIds[layer], budget);
            foreach (LayerEntry entry in store.ReadLayer(diffIds[layer]).Entries)
            {
                merger.Apply(
                    form is { } wanted && wanted != entry.Form && ContentStore.HasObject(entry)
                        ? entry.With(wanted, store.KeyIn(wanted, entry))
                        : entry
                );
            }
        }

        return root;
    }

    /// <inheritdoc/>
    public ImageFile? Find(string path) => Find(path, followLast: true);

    /// <inheritdoc/>
    public ImageFile? FindNoFollow(string path) => Find(path, followLast: false);

    /// <inheritdoc/>
    public IReadOnlyList<string> List(string directory)
    {
        if (
            TreePath.Resolve(Root, Encoding.UTF8.GetBytes(directory), budget: _lookups)?.Node is not TreeDirectory found
        )
        {
            return [];
        }

        return
        [
            .. found
                .Slots.Keys.Where(name => Utf8.IsValid(name))
                .Select(Encoding.UTF8.GetString)
                .Order(StringComparer.Ordinal),
        ];
    }

    /// <inheritdoc/>
    public byte[] Read(ImageFile file, int limit)
    {
        if (
            TreePath.Resolve(Root, Encoding.UTF8.GetBytes(file.Path))?.Node
            is not TreeLeaf { Entry: { Type: TarEntryType.Regular } entry }
        )
        {
            throw new SysctrException(ErrorKind.Unsafe, $"reading {file.Path} of the image: it is no regular file");
        }

        if (entry.Size > limit)
        {
            throw new SysctrException(
                ErrorKind.Unsafe,
                $"reading {file.Path} of the image: its {entry.Size} bytes are more than the {limit} that we read"
            );
        }

        return Store.ReadObject(entry, $"reading {file.Path} of the image");
    }

    private ImageFile? Find(string path, bool followLast)
    {
        if (TreePath.Resolve(Root, Encoding.UTF8.GetBytes(path), followLast, _lookups) is not { Node: { } node } place)
        {
            return null;
        }

        LayerEntry? entry = (node as TreeLeaf)?.Entry;
        ImageFileKind kind = entry?.Type switch
        {
            null => ImageFileKind.Directory,
            TarEntryType.Regular => ImageFileKind.Regular,
            TarEntryType.Symlink => ImageFileKind.Symlink,
            _ => ImageFileKind.Special,
        };
        return new ImageFile(
            place.ToString(),
            kind,
            node.Metadata.Mode,
            node.Metadata.Uid,
            node.Metadata.Gid,
            entry?.Size ?? 0
        )
        {
            LinkTarget =
                kind == ImageFileKind.Symlink && Utf8.IsValid(entry!.LinkName)
                    ? Encoding.UTF8.GetString(entry.LinkName)
                    : null,
            Xattrs = node.Metadata.Xattrs,
            Inode = node,
        };
    }
}
