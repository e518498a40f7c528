// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Errors;
using SystemContainers.Oci;
using SystemContainers.Store.Records;
using SystemContainers.Tar;

namespace SystemContainers.Tree;

/// <summary>
/// Applies one layer to the tree, entry by entry, with the meaning that <c>umoci unpack</c> gives them (OCI image-spec,
/// layer.md): parents are reached through the tree's own symbolic links, never out of it; whatever an entry stands on
/// is replaced, but a directory by a directory; whiteouts take away what lower layers have, never what this one
/// brought.
/// </summary>
/// <param name="root">The tree so far; changed in place.</param>
/// <param name="layer">Its number from 0.</param>
/// <param name="diffId">For messages.</param>
/// <param name="budget">Of the image.</param>
sealed class LayerMerger(TreeDirectory root, int layer, Digest diffId, MergeBudget budget)
{
    // PATH_MAX without some room for the directory that the tree is checked out to; NAME_MAX.
    private const int MaxPathBytes = 3800;
    private const int MaxNameBytes = 255;

    /// <summary>Directories in each other. Whoever walks a tree keeps a little stack for each, but no descriptor;
    /// images in the wild have less than 40.</summary>
    internal const int MaxDepth = 1800;

    private static ReadOnlySpan<byte> Whiteout => ".wh."u8;

    private static ReadOnlySpan<byte> Opaque => ".wh..wh..opq"u8;

    /// <summary>Where the entry before this one went; null where the way there may lead elsewhere by now. Most entries
    /// follow one of the same directory.</summary>
    private Parent? _parent;

    /// <summary>A directory that was resolved.</summary>
    /// <param name="Name">The name of an entry in it.</param>
    /// <param name="Bytes">How much of that names the directory.</param>
    /// <param name="Directory">It.</param>
    /// <param name="Length">Of its path in the tree, in bytes.</param>
    /// <param name="Depth">Directories above it, itself counted.</param>
    private sealed record Parent(byte[] Name, int Bytes, TreeDirectory Directory, int Length, int Depth)
    {
        public bool Is(ReadOnlySpan<byte> name) => Name.AsSpan(0, Bytes).SequenceEqual(name);
    }

    /// <summary>Applies an entry.</summary>
    /// <exception cref="SysctrException">Unsafe: it can't be applied inside the tree.</exception>
    public void Apply(LayerEntry entry)
    {
        budget.Add(entry);
        int slash = Math.Max(entry.Name.AsSpan().LastIndexOf((byte)'/'), 0);
        ReadOnlySpan<byte> last = entry.Name.AsSpan(slash).TrimStart((byte)'/');
        bool isPlain = last is not ([] or [(byte)'.'] or [(byte)'.', (byte)'.']) && !last.StartsWith(Whiteout);
        if (isPlain && _parent is { } known && known.Is(entry.Name.AsSpan(0, slash)))
        {
            Check(known.Length, known.Depth, last.Length, entry);
            Put(known.Directory, last.ToArray(), entry);
            return;
        }

        _parent = null;
        List<byte[]> parts = TreePath.Clean(entry.Name);
        if (parts.Count == 0)
        {
            ApplyRoot(entry);
            return;
        }

        byte[] name = parts[^1];
        TreePath parent = Resolve(parts, entry);
        if (name.AsSpan().StartsWith(Whiteout))
        {
            ApplyWhiteout(parent, name, entry);
            return;
        }

        Check(parent.Length, parent.Parts.Count, name.Length, entry);
        TreeDirectory directory = MakeParents(parent, entry);
        if (isPlain)
        {
            _parent = new Parent(entry.Name, slash, directory, parent.Length, parent.Parts.Count);
        }

        Put(directory, name, entry);
    }

    private void Check(int parentLength, int depth, int nameLength, LayerEntry entry)
    {
        if (nameLength > MaxNameBytes || parentLength + 1 + nameLength > MaxPathBytes)
        {
            throw Refuse(entry, "its path is longer than the kernel takes");
        }

        if (depth + (entry.Type == TarEntryType.Directory ? 1 : 0) > MaxDepth)
        {
            throw Refuse(entry, $"it is below more than {MaxDepth} directories");
        }
    }

    private void Put(TreeDirectory directory, byte[] name, LayerEntry entry)
    {
        if (
            entry.Type == TarEntryType.Directory
            && directory.TryGet(name, out TreeNode? there)
            && there is TreeDirectory kept
        )
        {
            kept.Described = entry.Metadata;
            directory.Touch(name, layer);
            return;
        }

        // Before the target of a hard link is looked up: a link to itself finds nothing, as with umoci.
        TreeNode? gone = directory.Remove(name);
        TreeNode node = NodeFor(entry);
        if (gone is TreeDirectory || IsSymlink(gone) || IsSymlink(node))
        {
            // It may be part of the way to where the last entry went; a new link too, for a missing part that ".."
            // follows is taken as it stands.
            _parent = null;
        }

        directory.Set(name, node, layer);
    }

    private static bool IsSymlink(TreeNode? node) => node is TreeLeaf { Entry.Type: TarEntryType.Symlink };

    private void ApplyRoot(LayerEntry entry)
    {
        if (entry.Type != TarEntryType.Directory)
        {
            throw Refuse(entry, "the root of an image has to be a directory");
        }

        root.Described = entry.Metadata;
    }

    private TreePath Resolve(List<byte[]> parts, LayerEntry entry)
    {
        byte[] parent = Join(parts, parts.Count - 1);
        return TreePath.Resolve(root, parent, budget: budget) ?? throw Refuse(entry, "its symbolic links do not end");
    }

    /// <summary>Makes the directories that the layer does not describe, and marks all of them as this
    /// layer's.</summary>
    private TreeDirectory MakeParents(TreePath path, LayerEntry entry)
    {
        TreeDirectory here = root;
        foreach ((byte[] name, TreeNode? node) in path.Parts)
        {
            switch (node)
            {
                case TreeDirectory directory:
                    here.Touch(name, layer);
                    here = directory;
                    break;
                case null when name.Length <= MaxNameBytes:
                    budget.AddDirectory(name);
                    TreeDirectory made = new(TreeDirectory.Undescribed);
                    here.Set(name, made, layer);
                    here = made;
                    break;
                case null:
                    throw Refuse(entry, "its path is longer than the kernel takes");
                default:
                    throw Refuse(entry, $"{path} leads through something that is no directory");
            }
        }

        return here;
    }

    private TreeNode NodeFor(LayerEntry entry)
    {
        switch (entry.Type)
        {
            case TarEntryType.Directory:
                return new TreeDirectory(entry.Metadata);
            case TarEntryType.HardLink:
                return LinkTarget(entry);
            case TarEntryType.Symlink when entry.LinkName.Length is 0 or > MaxPathBytes:
                throw Refuse(entry, "the text of the symbolic link is empty or longer than the kernel takes");
            default:
                return new TreeLeaf(entry);
        }
    }

    private TreeLeaf LinkTarget(LayerEntry entry)
    {
        List<byte[]> parts = TreePath.Clean(entry.LinkName);
        TreeNode? found = parts.Count == 0 ? root : null;
        if (parts.Count > 0 && Resolve(parts, entry).Node is TreeDirectory directory)
        {
            directory.TryGet(parts[^1], out found);
        }

        string target = Encoding.UTF8.GetString(entry.LinkName);
        return found switch
        {
            TreeLeaf leaf => leaf,
            null => throw Refuse(entry, $"it is a hard link to {target}, which is not in the image"),
            _ => throw Refuse(entry, $"it is a hard link to the directory {target}"),
        };
    }

    private void ApplyWhiteout(TreePath parent, byte[] name, LayerEntry entry)
    {
        if (name.AsSpan().SequenceEqual(Opaque))
        {
            if (parent.Node is TreeDirectory opaque)
            {
                RemoveLower(opaque);
            }

            return;
        }

        byte[] hidden = name[Whiteout.Length..];
        if (hidden is [] or [(byte)'.'] or [(byte)'.', (byte)'.'])
        {
            throw Refuse(entry, "it is a whiteout without a name");
        }

        if (parent.Node is TreeDirectory directory && directory.Slots.TryGetValue(hidden, out TreeSlot slot))
        {
            RemoveLower(directory, hidden, slot);
        }
    }

    private void RemoveLower(TreeDirectory directory)
    {
        // Nothing of a lower layer comes back: however often a layer says it, the directory is gone through once.
        if (directory.ClearedBy == layer)
        {
            return;
        }

        directory.ClearedBy = layer;
        foreach ((byte[] name, TreeSlot slot) in directory.Slots.ToArray())
        {
            RemoveLower(directory, name, slot);
        }
    }

    private void RemoveLower(TreeDirectory directory, byte[] name, TreeSlot slot)
    {
        if (slot.Layer != layer)
        {
            directory.Remove(name);
        }
        else if (slot.Node is TreeDirectory inner)
        {
            RemoveLower(inner);
        }
    }

    private SysctrException Refuse(LayerEntry entry, string why) =>
        new(
            ErrorKind.Unsafe,
            $"merging '{Encoding.UTF8.GetString(entry.Name)}' of layer {diffId.Short}: {why}",
            "the image was built broken or means harm; do not install it"
        );

    private static byte[] Join(List<byte[]> parts, int count)
    {
        using MemoryStream path = new();
        for (int i = 0; i < count; i++)
        {
            path.WriteByte((byte)'/');
            path.Write(parts[i]);
        }

        return path.ToArray();
    }
}
