// SPDX-License-Identifier: Apache-2.0

using System.Runtime.InteropServices;
using SystemContainers.Store;
using SystemContainers.Store.Records;
using SystemContainers.Tree;

namespace SystemContainers.Checkout;

/// <summary>What a checkout takes on the disk: hard links cost nothing, all else an inode, directories and copies
/// blocks.</summary>
/// <param name="Bytes">Of directories and of files that become copies, rounded up to blocks.</param>
/// <param name="Inodes">Everything but hard links.</param>
[StructLayout(LayoutKind.Auto)]
readonly record struct TreeSize(long Bytes, long Inodes)
{
    private const long Block = 4096;

    /// <summary>The size of a tree, as long as no object has all the names that the file system allows.</summary>
    /// <param name="shares">Whether its files are the store's own inodes; else all are copies.</param>
    public static TreeSize Of(TreeDirectory root, bool shares = true)
    {
        HashSet<TreeLeaf> leaves = [];
        HashSet<ObjectKey> linked = [];
        (long blocks, long inodes) = (0, 0);
        Add(root);
        return new TreeSize(blocks * Block, inodes);

        void Add(TreeDirectory directory)
        {
            blocks++;
            inodes++;
            foreach ((_, TreeSlot slot) in directory)
            {
                if (slot.Node is TreeDirectory inner)
                {
                    Add(inner);
                }
                else if (
                    slot.Node is TreeLeaf leaf
                    && leaves.Add(leaf)
                    && !(
                        shares
                        && leaf.Entry.Form == ObjectForm.Inode
                        && ContentStore.HasObject(leaf.Entry)
                        && linked.Add(leaf.Entry.Object)
                    )
                )
                {
                    blocks += (leaf.Entry.Size + Block - 1) / Block;
                    inodes++;
                }
            }
        }
    }
}
