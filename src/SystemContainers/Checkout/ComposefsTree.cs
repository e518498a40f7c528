// SPDX-License-Identifier: Apache-2.0

using Microsoft.Win32.SafeHandles;
using SystemContainers.Composefs;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Native;
using SystemContainers.Linux.Verity;
using SystemContainers.Store;
using SystemContainers.Store.Records;
using SystemContainers.Tree;

namespace SystemContainers.Checkout;

/// <summary>A tree as the image of its metadata. The same tree gives the same image, so whatever was lost or altered
/// can be made again and compared.</summary>
sealed class ComposefsTree
{
    /// <summary>Images up to this size are held between their digest and their file; a larger one is made
    /// twice.</summary>
    private const int HeldBytes = 32 << 20;

    private readonly MergedTree _tree;
    private readonly TreeDirectory _root;
    private readonly byte[]? _held;

    private ComposefsTree(MergedTree tree, TreeDirectory root, byte[]? held, VerityDigest digest)
    {
        _tree = tree;
        _root = root;
        _held = held;
        Digest = digest;
    }

    /// <summary>The image's fs-verity digest.</summary>
    public VerityDigest Digest { get; }

    /// <summary>Makes the image in memory, and its digest.</summary>
    /// <param name="tree">Its files have objects of the form <see cref="ObjectForm.Content"/>.</param>
    /// <param name="mountPoints">What a runtime will mount on.</param>
    /// <exception cref="SysctrException">Host: no image can hold it; Unsafe: a mount point can't be made; Corrupt: the
    /// store lacks an object.</exception>
    public static ComposefsTree Of(MergedTree tree, IReadOnlyList<MountPoint> mountPoints)
    {
        TreeDirectory root = MountPoint.AddMissing(tree.Root, mountPoints);
        ComposefsImage image = new(root);
        if (image.Length <= HeldBytes)
        {
            byte[] held = image.ToBytes(entry => Read(tree.Store, entry));
            return new ComposefsTree(tree, root, held, VerityHasher.Of(held));
        }

        using VerityStream stream = new();
        image.Write(entry => Read(tree.Store, entry), stream);
        return new ComposefsTree(tree, root, held: null, stream.Finish());
    }

    /// <summary>Writes the image, and has the kernel prove it and all that it names, where the file system can. Nothing
    /// is synced.</summary>
    /// <param name="file">A new file.</param>
    /// <returns>Whether the kernel proves it.</returns>
    /// <exception cref="SysctrException">Storage: the disk is full or fails.</exception>
    public bool Write(string file)
    {
        try
        {
            FaultPoint.Pass("openat");
#pragma warning disable RS0030 // Whoever stages a deployment syncs once for all of it.
            using (
                FileStream target = new(
                    file,
                    new FileStreamOptions
                    {
                        Mode = FileMode.CreateNew,
                        Access = FileAccess.Write,
                        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
                    }
                )
            )
            {
                FaultPoint.Pass("pwrite64");
                if (_held is not null)
                {
                    target.Write(_held);
                }
                else
                {
                    new ComposefsImage(_root).Write(entry => Read(_tree.Store, entry), target);
                }
            }
#pragma warning restore RS0030

            // First the objects: an image that is proven says that they are.
            using SafeFileHandle image = Libc.open(file, OpenFlags.ReadOnly | OpenFlags.CloseOnExec, 0);
            return Leaves(_root, []).All(leaf => Prove(_tree.Store, leaf)) && FsVerity.TryEnable(image);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StoreErrors.Of($"writing {file}", e);
        }
    }

    private static bool Prove(ContentStore store, TreeLeaf leaf)
    {
        using SafeFileHandle file = store.OpenObject(leaf.Entry.Object);
        return FsVerity.TryEnable(file);
    }

    private static IEnumerable<TreeLeaf> Leaves(TreeDirectory directory, HashSet<ObjectKey> seen)
    {
        foreach ((_, TreeSlot slot) in directory)
        {
            if (slot.Node is TreeDirectory inner)
            {
                foreach (TreeLeaf leaf in Leaves(inner, seen))
                {
                    yield return leaf;
                }
            }
            else if (slot.Node is TreeLeaf leaf && ContentStore.HasObject(leaf.Entry) && seen.Add(leaf.Entry.Object))
            {
                yield return leaf;
            }
        }
    }

    private static byte[] Read(ContentStore store, LayerEntry entry) =>
        store.ReadObject(entry, "making the image of a tree");
}
