// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics.CodeAnalysis;
using SystemContainers.Linux.Files;
using SystemContainers.Store.Records;

namespace SystemContainers.Tree;

/// <summary>An inode of the merged tree. Several names may hold the same one: that is a hard link.</summary>
abstract class TreeNode
{
    /// <summary>Owner, mode, times and attributes.</summary>
    public abstract FileMetadata Metadata { get; }
}

/// <summary>Anything but a directory, as the layer's entry tells it.</summary>
/// <param name="entry">Never a hard link: that is a second name for the node it leads to.</param>
sealed class TreeLeaf(LayerEntry entry) : TreeNode
{
    public LayerEntry Entry => entry;

    public override FileMetadata Metadata => entry.Metadata;
}

sealed class TreeDirectory(FileMetadata metadata) : TreeNode
{
    /// <summary>What a directory has that no layer describes: umoci's mode and owner, and a time that is the same
    /// everywhere.</summary>
    public static readonly FileMetadata Undescribed = new(0b111_101_101, 0, 0, 0, 0, []);

    private readonly Dictionary<byte[], TreeSlot> _slots = new(ByteNameComparer.Instance);

    private TreeDirectory(TreeDirectory other)
        : this(other.Metadata)
    {
        _slots = new Dictionary<byte[], TreeSlot>(other._slots, ByteNameComparer.Instance);
        Described = other.Described;
    }

    public override FileMetadata Metadata => Described;

    /// <summary>The metadata; a later layer may describe a directory anew and keep what is in it.</summary>
    public FileMetadata Described { get; set; } = metadata;

    /// <summary>The last layer whose whiteouts have taken all of lower layers from it and what is below; -1 for
    /// none.</summary>
    public int ClearedBy { get; set; } = -1;

    /// <summary>What is in it, in the order in which it came.</summary>
    public IReadOnlyDictionary<byte[], TreeSlot> Slots => _slots;

    /// <summary>For <c>foreach</c> over <see cref="Slots"/> without an object for each directory of a tree.</summary>
    public Dictionary<byte[], TreeSlot>.Enumerator GetEnumerator() => _slots.GetEnumerator();

    public bool TryGet(ReadOnlySpan<byte> name, [NotNullWhen(true)] out TreeNode? node)
    {
        bool found = _slots.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(name, out TreeSlot slot);
        node = slot.Node;
        return found;
    }

    /// <summary>Gives a name a node, in place of the one that it had.</summary>
    public void Set(byte[] name, TreeNode node, int layer) => _slots[name] = new TreeSlot(node, layer);

    /// <summary>Marks a name as touched by a layer.</summary>
    public void Touch(byte[] name, int layer) => _slots[name] = _slots[name] with { Layer = layer };

    /// <returns>What it led to; null where there was no such name.</returns>
    public TreeNode? Remove(byte[] name) => _slots.Remove(name, out TreeSlot slot) ? slot.Node : null;

    /// <summary>The same directory with one name added or changed; this one stays as it is.</summary>
    public TreeDirectory With(byte[] name, TreeNode node)
    {
        TreeDirectory copy = new(this);
        copy.Set(name, node, layer: -1);
        return copy;
    }
}

/// <summary>What a name in a directory leads to.</summary>
/// <param name="Node">The inode.</param>
/// <param name="Layer">The last layer that touched this name or one below it, counted from 0: whiteouts of that layer
/// spare it.</param>
readonly record struct TreeSlot(TreeNode Node, int Layer);
