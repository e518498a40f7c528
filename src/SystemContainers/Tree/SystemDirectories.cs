// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Linux.Files;
using SystemContainers.Tar;

namespace SystemContainers.Tree;

/// <summary>
/// What no image decides on: the places of the kernel and of the run time are real, empty directories of root's in
/// every tree, and no tree has a device. A link at such a place has led runtimes out of the tree (CVE-2026-47766 of
/// crun, CVE-2025-31133, -52565 and -52881 of runc: each begins with something of the image's where /dev or /proc
/// should be); a device in the tree is one that its runtime's rules have to withhold, on a file system that can't be
/// mounted nodev, for it is the host's own.
/// </summary>
static class SystemDirectories
{
    /// <summary>The places, below the root.</summary>
    public static readonly string[] Names = ["dev", "proc", "run", "sys"];

    private const int Most = 0b111_101_101; // rwxr-xr-x
    private const int Least = 0b101_101_101; // r-xr-xr-x

    /// <summary>Changes a tree that nothing else will be merged into.</summary>
    /// <returns>What of the image's is left out and might be missed, one sentence each.</returns>
    public static IReadOnlyList<string> Settle(TreeDirectory root)
    {
        List<string> notes = [];
        foreach (string text in Names)
        {
            byte[] name = Encoding.ASCII.GetBytes(text);
            FileMetadata metadata = TreeDirectory.Undescribed;
            if (root.TryGet(name, out TreeNode? node))
            {
                if (node is TreeDirectory described)
                {
                    metadata = described.Metadata with
                    {
                        Mode = (described.Metadata.Mode & Most) | Least,
                        Uid = 0,
                        Gid = 0,
                        Xattrs = [],
                    };
                }
                else
                {
                    notes.Add(
                        $"the image has {KindOf((TreeLeaf)node)} at /{text}; it is an empty directory in the checkout"
                    );
                }
            }

            root.Set(name, new TreeDirectory(metadata), layer: -1);
        }

        HashSet<TreeLeaf> devices = DropDevices(root);
        if (devices.Count > 0)
        {
            notes.Add(
                $"left out {devices.Count} device file{(devices.Count == 1 ? "" : "s")} of the image: a container's are the runtime's, as config.json names them"
            );
        }

        return notes;
    }

    private static HashSet<TreeLeaf> DropDevices(TreeDirectory root)
    {
        HashSet<TreeLeaf> dropped = [];
        Stack<TreeDirectory> todo = new([root]);
        while (todo.TryPop(out TreeDirectory? directory))
        {
            foreach ((byte[] name, TreeSlot slot) in directory.Slots.ToArray())
            {
                if (slot.Node is TreeDirectory inner)
                {
                    todo.Push(inner);
                }
                else if (
                    slot.Node is TreeLeaf
                    {
                        Entry.Type: TarEntryType.CharacterDevice or TarEntryType.BlockDevice
                    } device
                )
                {
                    directory.Remove(name);
                    dropped.Add(device);
                }
            }
        }

        return dropped;
    }

    private static string KindOf(TreeLeaf leaf) =>
        leaf.Entry.Type switch
        {
            TarEntryType.Symlink => "a symbolic link",
            TarEntryType.Regular => "a file",
            _ => "a special file",
        };
}
