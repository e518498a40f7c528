// SPDX-License-Identifier: Apache-2.0

using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Native;
using SystemContainers.Linux.Users;
using SystemContainers.Store;
using SystemContainers.Store.Records;
using SystemContainers.Tar;
using SystemContainers.Tree;

namespace SystemContainers.Checkout;

/// <summary>
/// Compares a checkout on disk with the tree that it was made of, name by name, by directory handles. A file that is
/// the object's own inode is as good as the object is; only the few that are copies are read.
/// </summary>
/// <param name="content">Whether copies are read and hashed, or only their sizes looked at.</param>
/// <param name="found">Told a path below the root, and what is wrong there in a few words.</param>
sealed unsafe class TreeCheck(ContentStore store, bool content, Action<string, string> found)
{
    /// <summary>How many directories are open at once, however deep the image nests them.</summary>
    private const int MaxOpen = 64;

    /// <summary>The inode of each leaf that was seen: further names in the image are further names on disk.</summary>
    private readonly Dictionary<TreeLeaf, FileIdentity> _seen = [];

    private readonly HashSet<string> _mountPoints = new(StringComparer.Ordinal);

    private readonly List<byte[]> _path = [];

    /// <param name="tree">The image.</param>
    /// <param name="directory">What <see cref="TreeCheckout.Write"/> made.</param>
    /// <param name="mountPoints">What it was given. Whether one is a file or a directory is the host's matter, and not
    /// compared.</param>
    /// <param name="owners">What it was given.</param>
    /// <exception cref="LinuxException">A directory can't be read.</exception>
    public void Compare(MergedTree tree, string directory, IReadOnlyList<MountPoint> mountPoints, IdMap? owners = null)
    {
        _mountPoints.UnionWith(mountPoints.Select(m => m.Path));
        TreeDirectory root = MountPoint.AddMissing(tree.Root, mountPoints);
        Compare(owners is null ? root : OwnedTree.Of(root, owners), directory);
    }

    /// <summary>The same for a tree that has been made of an image's.</summary>
    /// <param name="tree">Its root.</param>
    /// <param name="directory">What it was written to.</param>
    /// <exception cref="LinuxException">A directory can't be read.</exception>
    public void Compare(TreeDirectory tree, string directory)
    {
        using SafeFileHandle root = Libc.open(
            directory,
            OpenFlags.Directory | OpenFlags.NoFollow | OpenFlags.CloseOnExec,
            0
        );
        if (root.IsInvalid)
        {
            found("", Marshal.GetLastPInvokeError() == Errno.ENOENT ? "is missing" : "is no directory");
            return;
        }

        _ = CompareDirectory(root, tree);
    }

    /// <returns>The directory's handle from then on: <paramref name="handle"/>, or where that had to be closed
    /// meanwhile, another.</returns>
    private SafeFileHandle CompareDirectory(SafeFileHandle handle, TreeDirectory directory)
    {
        if (Libc.statx(handle, "", Libc.AT_EMPTY_PATH, Libc.STATX_BASIC_STATS, out statx_t stat) != 0)
        {
            throw LinuxException.Last("statx", Shown());
        }

        CompareMetadata(directory.Metadata, stat, FileXattrs.Read($"/proc/self/fd/{handle.DangerousGetHandle()}"));
        HashSet<byte[]> there = new(DirectoryNames.Of(handle, Shown()), ByteNameComparer.Instance);
        foreach ((byte[] name, TreeSlot slot) in directory)
        {
            _path.Add(name);
            if (!there.Remove(name))
            {
                found(Shown(), "is missing");
            }
            else
            {
                handle = CompareName(handle, [.. name, 0], slot.Node);
            }

            _path.RemoveAt(_path.Count - 1);
        }

        foreach (byte[] name in there)
        {
            _path.Add(name);
            found(Shown(), "is not in the image");
            _path.RemoveAt(_path.Count - 1);
        }

        return handle;
    }

    /// <returns>The parent's handle from then on, as above.</returns>
    private SafeFileHandle CompareName(SafeFileHandle parent, byte[] terminated, TreeNode node)
    {
        fixed (byte* name = terminated)
        {
            if (Libc.statx(parent, name, Libc.AT_SYMLINK_NOFOLLOW, Libc.STATX_BASIC_STATS, out statx_t stat) != 0)
            {
                throw LinuxException.Last("statx", Shown());
            }

            uint kind = stat.stx_mode & Libc.S_IFMT;
            if (kind != KindOf(node))
            {
                if ((kind != Libc.S_IFREG && kind != Libc.S_IFDIR) || !_mountPoints.Contains(Shown()))
                {
                    found(Shown(), "is of another type");
                }
            }
            else if (node is TreeDirectory directory)
            {
                return CompareInner(parent, name, directory);
            }
            else
            {
                CompareLeaf(parent, name, (TreeLeaf)node, stat);
            }
        }

        return parent;
    }

    private SafeFileHandle CompareInner(SafeFileHandle parent, byte* name, TreeDirectory directory)
    {
        SafeFileHandle handle = OpenDirectory(parent, name);
        try
        {
            bool isDeep = _path.Count > MaxOpen;
            if (isDeep)
            {
                parent.Dispose();
            }

            handle = CompareDirectory(handle, directory);
            if (isDeep)
            {
                // A checkout is the store's own: nobody moves its directories about.
                byte* up = stackalloc byte[] { (byte)'.', (byte)'.', 0 };
                parent = OpenDirectory(handle, up);
            }

            return parent;
        }
        finally
        {
            handle.Dispose();
        }
    }

    private SafeFileHandle OpenDirectory(SafeFileHandle at, byte* name)
    {
        SafeFileHandle handle = Libc.openat(
            at,
            name,
            OpenFlags.Directory | OpenFlags.NoFollow | OpenFlags.CloseOnExec,
            0
        );
        return handle.IsInvalid ? throw LinuxException.Last("openat", Shown()) : handle;
    }

    private void CompareLeaf(SafeFileHandle parent, byte* name, TreeLeaf leaf, in statx_t stat)
    {
        FileIdentity identity = FileIdentity.Of(stat);
        if (!_seen.TryAdd(leaf, identity))
        {
            if (_seen[leaf] != identity)
            {
                found(Shown(), "is no hard link of the other names that it has in the image");
            }

            return;
        }

        switch (leaf.Entry.Type)
        {
            case TarEntryType.Regular:
                CompareFile(parent, name, leaf.Entry, stat);
                break;
            case TarEntryType.Symlink when !TargetOf(parent, name).AsSpan().SequenceEqual(leaf.Entry.LinkName):
                found(Shown(), "leads elsewhere");
                break;
            default:
                // Attributes of what can't be opened are not looked at: those of links are the host's.
                CompareMetadata(
                    leaf.Metadata,
                    stat,
                    leaf.Metadata.Xattrs,
                    hasMode: leaf.Entry.Type != TarEntryType.Symlink
                );
                break;
        }
    }

    private void CompareFile(SafeFileHandle parent, byte* name, LayerEntry entry, in statx_t stat)
    {
        bool isObject = ContentStore.HasObject(entry) && store.IdentityOf(entry.Object) == FileIdentity.Of(stat);
        if (isObject && entry.Form == ObjectForm.Inode)
        {
            return;
        }

        using SafeFileHandle file = Libc.openat(
            parent,
            name,
            OpenFlags.ReadOnly | OpenFlags.NoFollow | OpenFlags.NonBlock | OpenFlags.CloseOnExec,
            0
        );
        if (file.IsInvalid)
        {
            throw LinuxException.Last("openat", Shown());
        }

        (ObjectState state, string what) = ContentStore.Examine(entry, file, content && !isObject);
        if (state != ObjectState.Whole)
        {
            found(Shown(), what);
        }
    }

    private void CompareMetadata(
        FileMetadata wanted,
        in statx_t stat,
        IReadOnlyList<FileXattr> xattrs,
        bool hasMode = true
    )
    {
        if (InodeReader.Difference(wanted, stat, xattrs, FileXattrs.OfHost, hasMode) is { } difference)
        {
            found(Shown(), "has " + difference);
        }
    }

    private byte[] TargetOf(SafeFileHandle parent, byte* name)
    {
        // PATH_MAX: no link is longer.
        byte* text = stackalloc byte[4096];
        nint length = Libc.readlinkat(parent, name, text, 4096);
        return length < 0
            ? throw LinuxException.Last("readlinkat", Shown())
            : new ReadOnlySpan<byte>(text, (int)length).ToArray();
    }

    private static uint KindOf(TreeNode node) =>
        node is not TreeLeaf { Entry.Type: var type }
            ? Libc.S_IFDIR
            : type switch
            {
                TarEntryType.Symlink => Libc.S_IFLNK,
                TarEntryType.Fifo => Libc.S_IFIFO,
                _ => Libc.S_IFREG,
            };

    private string Shown() => string.Concat(_path.Select(p => "/" + Encoding.UTF8.GetString(p)));
}
