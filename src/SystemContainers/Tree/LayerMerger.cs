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

    /// <summary>Where entries before this one went, each below the one before it; emptied where the way there may lead
    /// elsewhere by now. Most archives go through a tree depth first, so nearly every entry is in one of
    /// these.</summary>
    private readonly Stack<Parent> _parents = new();

    /// <summary>A directory that was resolved.</summary>
    /// <param name="Name">The name of an entry that is it or in it.</param>
    /// <param name="Bytes">How much of that names the directory.</param>
    /// <param name="Length">Of its path in the tree, in bytes.</param>
    /// <param name="Depth">Directories above it, itself counted.</param>
    private sealed record Parent(byte[] Name, int Bytes, TreeDirectory Directory, int Length, int Depth)
    {
        private ReadOnlySpan<byte> Path => Name.AsSpan(0, Bytes);

        public bool Is(ReadOnlySpan<byte> path) => Path.SequenceEqual(path);

        public bool Holds(ReadOnlySpan<byte> path) =>
            Bytes == 0 || (path.Length > Bytes && path[Bytes] == (byte)'/' && path.StartsWith(Path));
    }

    /// <summary>Applies an entry.</summary>
    /// <exception cref="SysctrException">Unsafe: it can't be applied inside the tree.</exception>
    public void Apply(LayerEntry entry)
    {
        budget.Add(entry);
        ReadOnlySpan<byte> path = entry.Name.AsSpan().TrimEnd((byte)'/');
        int slash = Math.Max(path.LastIndexOf((byte)'/'), 0);
        ReadOnlySpan<byte> last = path[slash..].TrimStart((byte)'/');
        if (last is [] or [(byte)'.'] or [(byte)'.', (byte)'.'] || last.StartsWith(Whiteout))
        {
            ApplyUnusual(entry);
            return;
        }

        Parent parent = Known(path[..slash]) ?? Open(entry, slash);
        Check(parent.Length, parent.Depth, last.Length, entry);
        if (Put(parent.Directory, last.ToArray(), entry) is { } made)
        {
            _parents.Push(new Parent(entry.Name, path.Length, made, parent.Length + 1 + last.Length, parent.Depth + 1));
        }
    }

    /// <summary>A directory that was resolved before; null where none is this one. Those that do not lead to it are
    /// forgotten.</summary>
    private Parent? Known(ReadOnlySpan<byte> path)
    {
        while (_parents.TryPeek(out Parent? last))
        {
            if (last.Is(path))
            {
                return last;
            }

            if (last.Holds(path))
            {
                return null;
            }

            _parents.Pop();
        }

        return null;
    }

    private Parent Open(LayerEntry entry, int slash)
    {
        List<byte[]> parts = TreePath.Clean(entry.Name);
        TreePath parent = Resolve(parts, entry);
        Check(parent.Length, parent.Parts.Count, parts[^1].Length, entry);
        Parent opened = new(entry.Name, slash, MakeParents(parent, entry), parent.Length, parent.Parts.Count);
        _parents.Push(opened);
        return opened;
    }

    /// <summary>Whiteouts, and names that do not end in one of their own.</summary>
    private void ApplyUnusual(LayerEntry entry)
    {
        _parents.Clear();
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
        _ = Put(MakeParents(parent, entry), name, entry);
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

    /// <summary>Puts an entry at its place.</summary>
    /// <returns>The directory that it describes; null where it is none, or where its own name may lead elsewhere
    /// now.</returns>
    private TreeDirectory? Put(TreeDirectory directory, byte[] name, LayerEntry entry)
    {
        if (
            entry.Type == TarEntryType.Directory
            && directory.TryGet(name, out TreeNode? there)
            && there is TreeDirectory kept
        )
        {
            kept.Described = entry.Metadata;
            directory.Touch(name, layer);
            return kept;
        }

        // Before the target of a hard link is looked up: a link to itself finds nothing, as with umoci.
        TreeNode? gone = directory.Remove(name);
        TreeNode node = NodeFor(entry);
        directory.Set(name, node, layer);
        if (gone is TreeDirectory || IsSymlink(gone) || IsSymlink(node))
        {
            // It may be part of the way to where other entries went, and to itself; a new link too, for a missing part
            // that ".." follows is taken as it stands.
            _parents.Clear();
            return null;
        }

        return node as TreeDirectory;
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

    private TreePath Resolve(List<byte[]> parts, LayerEntry entry) =>
        TreePath.Resolve(root, parts, parts.Count - 1, budget) ?? throw Refuse(entry, "its symbolic links do not end");

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
}
