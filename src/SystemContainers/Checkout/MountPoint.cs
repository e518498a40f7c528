// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using SystemContainers.Store.Records;
using SystemContainers.Tar;
using SystemContainers.Tree;

namespace SystemContainers.Checkout;

/// <summary>
/// A place that something will be mounted on, so that a runtime never has to write into the tree.
/// </summary>
/// <param name="Path">Absolute; symbolic links in it are followed inside the image.</param>
/// <param name="IsDirectory">What to make there if nothing stands there: a directory, or else an empty file.</param>
/// <param name="Mode">Permission bits of what is made.</param>
sealed record MountPoint(string Path, bool IsDirectory, int Mode)
{
    /// <summary>
    /// The tree with what <paramref name="mountPoints"/> need and it lacks. The given tree stays as it is: only the
    /// directories on the way are copied.
    /// </summary>
    /// <exception cref="SysctrException">Unsafe: one leads through something that is no directory, or through links
    /// without end.</exception>
    public static TreeDirectory AddMissing(TreeDirectory root, IEnumerable<MountPoint> mountPoints) =>
        mountPoints.Aggregate(root, (tree, point) => point.AddTo(tree));

    private TreeDirectory AddTo(TreeDirectory root)
    {
        TreePath place =
            TreePath.Resolve(root, Encoding.UTF8.GetBytes(Path)) ?? throw Refuse("its symbolic links do not end");
        TreeNode? node = place.Node;
        if (node is not null)
        {
            return root;
        }

        node = IsDirectory ? new TreeDirectory(Metadata) : new TreeLeaf(EmptyFile(place.Parts[^1].Name));
        for (int i = place.Parts.Count - 1; i >= 0; i--)
        {
            TreeNode? parent = i == 0 ? root : place.Parts[i - 1].Node;
            node = parent switch
            {
                null => new TreeDirectory(TreeDirectory.Undescribed).With(place.Parts[i].Name, node),
                TreeDirectory directory => directory.With(place.Parts[i].Name, node),
                _ => throw Refuse("it leads through something that is no directory"),
            };
        }

        return (TreeDirectory)node;
    }

    private FileMetadata Metadata => new(Mode, 0, 0, 0, 0, []);

    private LayerEntry EmptyFile(byte[] name) =>
        new()
        {
            Type = TarEntryType.Regular,
            Name = name,
            LinkName = [],
            Metadata = Metadata,
            Size = 0,
            DeviceMajor = 0,
            DeviceMinor = 0,
        };

    private SysctrException Refuse(string why) =>
        new(ErrorKind.Unsafe, $"making the mount point {Path} in the image: {why}");
}
