// SPDX-License-Identifier: Apache-2.0

using System.Text;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Native;
using SystemContainers.Store;
using SystemContainers.Store.Records;
using SystemContainers.Tar;
using SystemContainers.Tree;

namespace SystemContainers.Checkout;

/// <summary>
/// One checkout. Works by directory handles and names without slashes alone, in directories that only it knows; a
/// directory's own metadata comes when all that is in it stands, for every new name changes its time.
/// </summary>
/// <param name="target">The empty directory that becomes the root.</param>
/// <param name="shares">Whether files may be the store's own inodes.</param>
/// <param name="advanced">Told how many of how many names stand; null for nobody.</param>
sealed unsafe class TreeWriter(
    ContentStore store,
    SafeFileHandle target,
    TreeDirectory root,
    bool shares,
    Action<int, int>? advanced = null
)
{
    // What a directory has until its metadata comes, so that nobody looks in.
    public const uint PrivateDirectory = 0b111_000_000;

    /// <summary>How many directories are open at once, however deep the image nests them.</summary>
    private const int MaxOpen = 64;

    /// <summary>Fewer names than any file system with hard links allows of one file (ext3: 32000); others may add some
    /// meanwhile.</summary>
    private const int ManyNames = 30_000;

    /// <summary>Names between two reports of how far it is.</summary>
    private const int Step = 1024;

    /// <summary>A name that stands, below those of the directories that it is in: these are one object for all of a
    /// directory. Attack: a path of four thousand bytes, kept whole for each of a million files.</summary>
    private sealed record Place(Place? Parent, byte[] Name);

    /// <summary>Inodes with several names, with the first of these once it is made.</summary>
    private readonly Dictionary<TreeLeaf, Place?> _shared = [];

    /// <summary>How many names those have.</summary>
    private readonly Dictionary<TreeLeaf, int> _names = [];

    /// <summary>
    /// Objects that stand in the tree as the inode of that leaf. Another leaf of the same object becomes a copy, for in
    /// the image the two are not links of each other.
    /// </summary>
    private readonly Dictionary<ObjectKey, TreeLeaf> _linked = [];

    private readonly List<byte[]> _path = [];

    /// <summary>The directory that is written; null for the root.</summary>
    private Place? _here;

    private int _total;
    private int _done;

    /// <summary>Writes the tree and the root's metadata.</summary>
    /// <exception cref="LinuxException">A call failed.</exception>
    public void Write()
    {
        FindShared(root, []);
        advanced?.Invoke(0, _total);
        _ = WriteContent(target, root);
        advanced?.Invoke(_total, _total);
        InodeWriter.Apply(target, root.Metadata, "/");
    }

    private void FindShared(TreeDirectory directory, HashSet<TreeLeaf> seen)
    {
        foreach ((_, TreeSlot slot) in directory)
        {
            _total++;
            if (slot.Node is TreeDirectory inner)
            {
                FindShared(inner, seen);
            }
            else if (slot.Node is TreeLeaf leaf && !seen.Add(leaf))
            {
                _shared[leaf] = null;
                _names[leaf] = _names.GetValueOrDefault(leaf, 1) + 1;
            }
        }
    }

    /// <returns>The directory's handle from then on: <paramref name="handle"/>, or where that had to be closed
    /// meanwhile, another.</returns>
    private SafeFileHandle WriteContent(SafeFileHandle handle, TreeDirectory directory)
    {
        byte* name = stackalloc byte[256];
        foreach ((byte[] bytes, TreeSlot slot) in directory)
        {
            bytes.CopyTo(new Span<byte>(name, 255));
            name[bytes.Length] = 0;
            _path.Add(bytes);
            if (slot.Node is TreeDirectory inner)
            {
                Place? outer = _here;
                _here = new Place(outer, bytes);
                handle = WriteDirectory(handle, name, inner);
                _here = outer;
            }
            else
            {
                WriteName(handle, name, (TreeLeaf)slot.Node);
            }

            _path.RemoveAt(_path.Count - 1);
            if (++_done % Step == 0)
            {
                advanced?.Invoke(_done, _total);
            }
        }

        return handle;
    }

    /// <returns>The parent's handle from then on, as above.</returns>
    private SafeFileHandle WriteDirectory(SafeFileHandle parent, byte* name, TreeDirectory directory)
    {
        FaultPoint.Pass("mkdirat");
        if (Libc.mkdirat(parent, name, PrivateDirectory) != 0)
        {
            throw LinuxException.Last("mkdirat", Shown());
        }

        SafeFileHandle handle = OpenDirectory(parent, name);
        try
        {
            bool isDeep = _path.Count > MaxOpen;
            if (isDeep)
            {
                parent.Dispose();
            }

            handle = WriteContent(handle, directory);
            if (isDeep)
            {
                // Nobody else knows these directories, so that this leads where it came from.
                byte* up = stackalloc byte[] { (byte)'.', (byte)'.', 0 };
                parent = OpenDirectory(handle, up);
            }

            InodeWriter.Apply(handle, directory.Metadata, Shown());
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

    private void WriteName(SafeFileHandle parent, byte* name, TreeLeaf leaf)
    {
        if (!_shared.TryGetValue(leaf, out Place? first))
        {
            WriteLeaf(parent, name, leaf);
        }
        else if (first is null)
        {
            WriteLeaf(parent, name, leaf);
            _shared[leaf] = new Place(_here, _path[^1]);
        }
        else
        {
            FaultPoint.Pass("linkat");
            fixed (byte* existing = PathBytes(first))
            {
                if (Libc.linkat(target, existing, parent, name, 0) != 0)
                {
                    throw LinuxException.Last("linkat", Shown());
                }
            }
        }
    }

    private void WriteLeaf(SafeFileHandle parent, byte* name, TreeLeaf leaf)
    {
        switch (leaf.Entry.Type)
        {
            case TarEntryType.Regular:
                WriteFile(parent, name, leaf);
                return;
            case TarEntryType.Symlink:
                FaultPoint.Pass("symlinkat");
                fixed (byte* text = (byte[])[.. leaf.Entry.LinkName, 0])
                {
                    Must(Libc.symlinkat(text, parent, name), "symlinkat");
                }

                break;
            case TarEntryType.Fifo:
                FaultPoint.Pass("mknodat");
                Must(Libc.mknodat(parent, name, Libc.S_IFIFO, 0), "mknodat");
                break;
            default:
                throw new InvalidOperationException($"{leaf.Entry.Type} is no leaf, or one that no tree has");
        }

        InodeWriter.ApplyAt(parent, name, leaf.Metadata, hasMode: leaf.Entry.Type != TarEntryType.Symlink, Shown());
    }

    private void WriteFile(SafeFileHandle parent, byte* name, TreeLeaf leaf)
    {
        // Empty files are not worth an object, which would soon have all the names that the file system allows.
        if (
            shares
            && leaf.Entry is { Size: > 0, Form: ObjectForm.Inode }
            && HasRoomForNames(leaf)
            && _linked.TryAdd(leaf.Entry.Object, leaf)
        )
        {
            FaultPoint.Pass("linkat");
            switch (store.LinkObject(leaf.Entry.Object, parent, name))
            {
                case 0:
                    return;
                case Errno.EMLINK or Errno.EXDEV:
                    break;
                case Errno.ENOENT:
                    break; // Opening it says what is wrong.
                case var errno:
                    throw new LinuxException("linkat", Shown(), errno);
            }
        }

        CopyFile(parent, name, leaf);
    }

    /// <summary>All names of a file are one inode's: where the object has not as many left, all are those of a
    /// copy.</summary>
    private bool HasRoomForNames(TreeLeaf leaf) =>
        !_names.TryGetValue(leaf, out int names) || store.NamesOf(leaf.Entry.Object) + names <= ManyNames;

    private void CopyFile(SafeFileHandle parent, byte* name, TreeLeaf leaf)
    {
        FaultPoint.Pass("openat");
        using SafeFileHandle file = Libc.openat(
            parent,
            name,
            OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.NoFollow | OpenFlags.CloseOnExec,
            0x180
        );
        if (file.IsInvalid)
        {
            throw LinuxException.Last("openat", Shown());
        }

        if (leaf.Entry.Size > 0)
        {
            using SafeFileHandle source = store.OpenObject(leaf.Entry.Object);
            if (Copy(source, file) is var copied && copied != leaf.Entry.Size)
            {
                throw new SysctrException(
                    ErrorKind.Corrupt,
                    $"checking out {Shown()}: object {leaf.Entry.Object} has {copied} bytes instead of {leaf.Entry.Size}",
                    "'sysctr fsck --repair' fetches it again"
                );
            }
        }

        InodeWriter.Apply(file, leaf.Metadata, Shown());
    }

    /// <returns>How many bytes.</returns>
    private static long Copy(SafeFileHandle source, SafeFileHandle file)
    {
        long position = 0;
        FileBytes.Each(
            source,
            piece =>
            {
                FaultPoint.Pass("pwrite64");
                RandomAccess.Write(file, piece, position);
                position += piece.Length;
            }
        );
        return position;
    }

    private void Must(int result, string call)
    {
        if (result != 0)
        {
            throw LinuxException.Last(call, Shown());
        }
    }

    /// <summary>Its path below the root, zero-terminated.</summary>
    private static byte[] PathBytes(Place place)
    {
        Stack<byte[]> names = [];
        for (Place? at = place; at is not null; at = at.Parent)
        {
            names.Push(at.Name);
        }

        using MemoryStream path = new();
        foreach (byte[] name in names)
        {
            if (path.Length > 0)
            {
                path.WriteByte((byte)'/');
            }

            path.Write(name);
        }

        path.WriteByte(0);
        return path.ToArray();
    }

    private string Shown() => "/" + string.Join('/', _path.Select(Encoding.UTF8.GetString));
}
