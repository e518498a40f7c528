// SPDX-License-Identifier: Apache-2.0

using System.Text;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Native;
using SystemContainers.Linux.Users;
using SystemContainers.Store;
using SystemContainers.Store.Records;
using SystemContainers.Tree;

namespace SystemContainers.Checkout;

/// <summary>Writes a merged tree to disk: hard links to the store's objects in real directories.</summary>
static class TreeCheckout
{
    /// <summary>
    /// Makes <paramref name="targetDirectory"/> with exactly what the tree says, and the mount points it lacks. Nothing
    /// is synced: the caller does that once for all that it stages. After a failure nothing is left there.
    /// </summary>
    /// <param name="tree">Its layers are committed in the store.</param>
    /// <param name="targetDirectory">Absolute; must not exist, its parent must; best on the store's file
    /// system.</param>
    /// <param name="mountPoints">What a runtime will mount on.</param>
    /// <param name="shares">Whether files are the store's own inodes, which other checkouts have too; else all are
    /// copies.</param>
    /// <param name="advanced">Told how many of how many names stand; null for nobody.</param>
    /// <param name="owners">From the image's ids to those on disk; null where they are the same. Then
    /// <paramref name="shares"/> has no effect.</param>
    /// <exception cref="SysctrException">
    /// Storage: the disk is full or fails; Host: the file system can't hold what the image has; Unsafe: a mount point
    /// can't be made; Corrupt: the store lacks an object.
    /// </exception>
    public static void Write(
        MergedTree tree,
        string targetDirectory,
        IReadOnlyList<MountPoint> mountPoints,
        bool shares = true,
        Action<int, int>? advanced = null,
        IdMap? owners = null
    )
    {
        TreeDirectory root = MountPoint.AddMissing(tree.Root, mountPoints);
        WriteRoot(
            tree.Store,
            owners is null ? root : OwnedTree.Of(root, owners),
            targetDirectory,
            shares && owners is null,
            advanced
        );
    }

    /// <summary>The same for a tree that has been made of an image's.</summary>
    public static void WriteRoot(
        ContentStore store,
        TreeDirectory root,
        string targetDirectory,
        bool shares = true,
        Action<int, int>? advanced = null
    )
    {
        try
        {
            TreeSize size = TreeSize.Of(root, shares);
            store.Space.Require($"checking out {targetDirectory}", size.Bytes, size.Inodes);
            using SafeFileHandle target = Make(targetDirectory);
            try
            {
                new TreeWriter(store, target, root, shares, advanced).Write();
            }
            catch
            {
                TreeRemoval.Remove(targetDirectory);
                throw;
            }
        }
        catch (IOException e)
        {
            throw StoreErrors.Of($"checking out {targetDirectory}", e);
        }
    }

    private static unsafe SafeFileHandle Make(string directory)
    {
        string parentPath = Path.GetDirectoryName(directory)!;
        using SafeFileHandle parent = Libc.open(parentPath, OpenFlags.Directory | OpenFlags.CloseOnExec, 0);
        if (parent.IsInvalid)
        {
            throw LinuxException.Last("open", parentPath);
        }

        fixed (byte* name = Encoding.UTF8.GetBytes(Path.GetFileName(directory) + "\0"))
        {
            FaultPoint.Pass("mkdirat");
            if (Libc.mkdirat(parent, name, TreeWriter.PrivateDirectory) != 0)
            {
                throw LinuxException.Last("mkdirat", directory);
            }

            SafeFileHandle handle = Libc.openat(
                parent,
                name,
                OpenFlags.Directory | OpenFlags.NoFollow | OpenFlags.CloseOnExec,
                0
            );
            return handle.IsInvalid ? throw LinuxException.Last("openat", directory) : handle;
        }
    }
}
