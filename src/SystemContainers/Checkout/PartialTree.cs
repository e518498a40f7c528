// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Tree;

namespace SystemContainers.Checkout;

/// <summary>Parts of a tree: what of a mounted one has to be on disk all the same, for what copies it before the
/// container runs.</summary>
static class PartialTree
{
    /// <summary>The directories on the way and all that is below the given paths; null where a path leads nowhere, or
    /// through a link.</summary>
    /// <param name="paths">Absolute.</param>
    public static TreeDirectory? Of(TreeDirectory root, IEnumerable<string> paths)
    {
        TreeDirectory part = new(root.Metadata);
        return paths.All(path =>
            Take(root, part, [.. path.Split('/', StringSplitOptions.RemoveEmptyEntries).Select(Encoding.UTF8.GetBytes)])
        )
            ? part
            : null;
    }

    private static bool Take(TreeDirectory from, TreeDirectory to, ReadOnlySpan<byte[]> names)
    {
        if (names.IsEmpty || !from.TryGet(names[0], out TreeNode? node))
        {
            return false;
        }

        if (names.Length == 1)
        {
            to.Set(names[0], node, layer: -1);
            return true;
        }

        if (node is not TreeDirectory directory)
        {
            return false;
        }

        if (!to.TryGet(names[0], out TreeNode? there))
        {
            there = new TreeDirectory(directory.Metadata);
            to.Set(names[0], there, layer: -1);
        }

        // One that is there as a whole has what is below it.
        return ReferenceEquals(there, node) || Take(directory, (TreeDirectory)there, names[1..]);
    }
}
