// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Users;
using SystemContainers.Tree;

namespace SystemContainers.Checkout;

/// <summary>
/// A tree with other owners: what a namespace's ids are on disk, where no mount can map them. Nothing of a checkout of
/// it can be the store's own inodes, whose owners are the image's.
/// </summary>
static class OwnedTree
{
    /// <summary>Makes it; the given tree stays as it is.</summary>
    /// <param name="root">The image's.</param>
    /// <param name="owners">From the image's ids to those on disk, as this process sees them.</param>
    /// <exception cref="SysctrException">Host: a file is somebody's whom the namespace does not have.</exception>
    public static TreeDirectory Of(TreeDirectory root, IdMap owners) => Copy(root, owners, []);

    private static TreeDirectory Copy(TreeDirectory directory, IdMap owners, Dictionary<TreeLeaf, TreeLeaf> leaves)
    {
        TreeDirectory copy = new(Owned(directory.Metadata, owners)) { ClearedBy = directory.ClearedBy };
        foreach ((byte[] name, TreeSlot slot) in directory)
        {
            copy.Set(
                name,
                slot.Node is TreeDirectory inner
                    ? Copy(inner, owners, leaves)
                    : Copy((TreeLeaf)slot.Node, owners, leaves),
                slot.Layer
            );
        }

        return copy;
    }

    /// <summary>Several names of one inode stay that.</summary>
    private static TreeLeaf Copy(TreeLeaf leaf, IdMap owners, Dictionary<TreeLeaf, TreeLeaf> leaves)
    {
        if (!leaves.TryGetValue(leaf, out TreeLeaf? copy))
        {
            leaves.Add(leaf, copy = new TreeLeaf(leaf.Entry.CopiedAs(Owned(leaf.Metadata, owners))));
        }

        return copy;
    }

    private static FileMetadata Owned(FileMetadata metadata, IdMap owners) =>
        owners.HasUid(metadata.Uid) && owners.HasGid(metadata.Gid)
            ? metadata with
            {
                Uid = owners.UidOutside(metadata.Uid),
                Gid = owners.GidOutside(metadata.Gid),
            }
            : throw new SysctrException(
                ErrorKind.Host,
                $"checking out the image: a file is of user {metadata.Uid} and group {metadata.Gid}, and its user namespace has no such ids",
                "leave the namespace's size out, or give the user more subordinate ids"
            );
}
