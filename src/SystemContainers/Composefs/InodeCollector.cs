// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text;
using SystemContainers.Errors;
using SystemContainers.Linux.Files;
using SystemContainers.Store.Records;
using SystemContainers.Tar;
using SystemContainers.Tree;

namespace SystemContainers.Composefs;

/// <summary>
/// A tree's inodes in the order in which the image has them: level by level, and within a directory by the bytes of the
/// names. An inode of several names stands where its first one is, and that is the first where a directory is followed
/// by all that is below it, as in composefs-dump(5).
/// </summary>
sealed class InodeCollector
{
    /// <summary>Whiteouts in the root: an object directory's <c>00</c> to <c>ff</c> are not to be seen through the
    /// image.</summary>
    private const int ObjectDirectories = 256;

    private const int MostCounted = 1 << 20;

    private const int WhiteoutMode = 0b110_100_100;

    private static readonly byte[] s_self = [.. "."u8];
    private static readonly byte[] s_parent = [.. ".."u8];

    private readonly Dictionary<TreeNode, ImageInode> _inodes;

    /// <summary>Directories that are being gone through, with the names of each in their order and the place of the
    /// next one.</summary>
    private readonly Stack<(ImageInode Directory, (byte[] Name, TreeNode? Node)[] Names, int Next)> _open = [];

    private InodeCollector(int names) => _inodes = new Dictionary<TreeNode, ImageInode>(names);

    /// <summary>The inodes, the root first, with the names that lead to them.</summary>
    /// <exception cref="SysctrException">Unsafe: a name, a target, a device or a file that the image can't
    /// hold.</exception>
    public static List<ImageInode> Collect(TreeDirectory root)
    {
        int names = CountNames(root);
        return InOrder(new InodeCollector(names).Walk(root), names + ObjectDirectories);
    }

    /// <summary>How much room to make: what grows name by name is copied again and again. A tree that is large, or has
    /// itself in it and is refused later, is not counted to its end.</summary>
    private static int CountNames(TreeDirectory root)
    {
        int count = 1;
        Stack<TreeDirectory> open = new([root]);
        while (count < MostCounted && open.TryPop(out TreeDirectory? directory))
        {
            count += directory.Slots.Count;
            foreach ((_, TreeSlot slot) in directory)
            {
                if (slot.Node is TreeDirectory inner)
                {
                    open.Push(inner);
                }
            }
        }

        return count;
    }

    private ImageInode Walk(TreeDirectory tree)
    {
        ImageInode root = new(ErofsFormat.TypeDirectory, tree.Metadata, entry: null, parent: null);
        Open(tree, root);
        while (_open.TryPop(out (ImageInode Directory, (byte[] Name, TreeNode? Node)[] Names, int Next) at))
        {
            for (int i = at.Next; i < at.Names.Length; i++)
            {
                (byte[] name, TreeNode? node) = at.Names[i];
                if (node is TreeDirectory inner)
                {
                    // What is in it comes first.
                    _open.Push(at with { Next = i + 1 });
                    at.Directory.Links++;
                    ImageInode directory = new(ErofsFormat.TypeDirectory, inner.Metadata, entry: null, at.Directory);
                    at.Directory.Entries[i] = new DirectoryEntry(name, directory);
                    Open(inner, directory);
                    break;
                }

                at.Directory.Entries[i] = new DirectoryEntry(
                    name,
                    node switch
                    {
                        TreeLeaf leaf => Name(leaf, at.Directory, name),
                        _ => ReferenceEquals(name, s_self) ? at.Directory : at.Directory.Parent,
                    }
                );
            }
        }

        AddObjectDirectories(root);
        return root;
    }

    private void Open(TreeDirectory tree, ImageInode directory)
    {
        if (!_inodes.TryAdd(tree, directory))
        {
            throw ImageErrors.Unsafe(directory, "the directory has two places in the tree");
        }

        directory.Links = 2;
        (byte[] Name, TreeNode? Node)[] names = new (byte[], TreeNode?)[tree.Slots.Count + 2];
        names[0] = (s_self, null);
        names[1] = (s_parent, null);
        int next = 2;
        foreach ((byte[] one, TreeSlot slot) in tree)
        {
            CheckName(directory, one);
            names[next++] = (one, slot.Node);
        }

        Array.Sort(names, static (a, b) => a.Name.AsSpan().SequenceCompareTo(b.Name));
        directory.Entries = new DirectoryEntry[names.Length];
        _open.Push((directory, names, 0));
    }

    private ImageInode Name(TreeLeaf leaf, ImageInode directory, byte[] name)
    {
        if (_inodes.TryGetValue(leaf, out ImageInode? known))
        {
            known.Links++;
            return known.IsWhiteout
                ? throw ImageErrors.Unsafe(
                    directory,
                    name,
                    "a whiteout has several names, and an overlay would find it by one of them alone"
                )
                : known;
        }

        LayerEntry entry = leaf.Entry;
        ImageInode inode = new(TypeOf(entry, directory, name), entry.Metadata, entry, directory);
        directory.HoldsWhiteouts |= inode.IsWhiteout;
        _inodes.Add(leaf, inode);
        return inode;
    }

    private static int TypeOf(LayerEntry entry, ImageInode directory, byte[] name)
    {
        switch (entry.Type)
        {
            case TarEntryType.Regular:
                if (
                    entry.Size
                    is < 0
                        or > (long)ErofsFormat.MaxChunks << (ErofsFormat.BlockBits + ErofsFormat.MaxChunkBlockBits)
                )
                {
                    throw ImageErrors.Unsafe(
                        directory,
                        name,
                        $"a file of {entry.Size} bytes is larger than a composefs image can name"
                    );
                }

                return ErofsFormat.TypeRegular;
            case TarEntryType.Symlink:
                if (entry.LinkName.Length is 0 or > ErofsFormat.MaxSymlinkLength || entry.LinkName.Contains((byte)0))
                {
                    throw ImageErrors.Unsafe(
                        directory,
                        name,
                        $"a symbolic link's target has 1 to {ErofsFormat.MaxSymlinkLength} bytes, none of them zero"
                    );
                }

                return ErofsFormat.TypeSymlink;
            case TarEntryType.Fifo:
                return ErofsFormat.TypeFifo;
            case TarEntryType.CharacterDevice or TarEntryType.BlockDevice:
                if (entry.DeviceMajor > ErofsFormat.MaxDeviceMajor || entry.DeviceMinor > ErofsFormat.MaxDeviceMinor)
                {
                    throw ImageErrors.Unsafe(
                        directory,
                        name,
                        $"no kernel has a device {entry.DeviceMajor}:{entry.DeviceMinor}"
                    );
                }

                return entry.Type == TarEntryType.BlockDevice ? ErofsFormat.TypeBlockDevice
                    : entry is { DeviceMajor: 0, DeviceMinor: 0 } ? ErofsFormat.TypeRegular
                    : ErofsFormat.TypeCharacterDevice;
            default:
                throw new InvalidOperationException($"{entry.Type} is no leaf");
        }
    }

    private static void CheckName(ImageInode directory, byte[] name)
    {
        if (name.Length is 0 or > ErofsFormat.MaxNameLength)
        {
            throw ImageErrors.Unsafe(directory, name, $"a name has 1 to {ErofsFormat.MaxNameLength} bytes");
        }

        if (
            name.AsSpan().IndexOfAny((byte)0, (byte)'/') >= 0
            || name.AsSpan().SequenceEqual(s_self)
            || name.AsSpan().SequenceEqual(s_parent)
        )
        {
            throw ImageErrors.Unsafe(directory, name, "that is no name of a file");
        }
    }

    private static void AddObjectDirectories(ImageInode root)
    {
        FileMetadata metadata = root.Metadata with
        {
            Mode = WhiteoutMode,
            Xattrs = [.. root.Metadata.Xattrs.Where(x => x.Name.AsSpan().SequenceEqual(OverlayXattrs.SecurityLabel))],
        };
        HashSet<string> taken =
        [
            .. root.Entries.Where(e => e.Name.Length == 2).Select(e => Encoding.Latin1.GetString(e.Name)),
        ];
        List<DirectoryEntry> entries = [.. root.Entries];
        for (int i = 0; i < ObjectDirectories; i++)
        {
            string name = i.ToString("x2", CultureInfo.InvariantCulture);
            if (!taken.Contains(name))
            {
                ImageInode whiteout = new(ErofsFormat.TypeCharacterDevice, metadata, entry: null, root);
                entries.Add(new DirectoryEntry(Encoding.ASCII.GetBytes(name), whiteout));
            }
        }

        root.Entries = [.. entries];
        Array.Sort(root.Entries, static (a, b) => a.Name.AsSpan().SequenceCompareTo(b.Name));
    }

    private static List<ImageInode> InOrder(ImageInode root, int most)
    {
        root.Number = 0;
        List<ImageInode> inodes = new(most) { root };
        for (int i = 0; i < inodes.Count; i++)
        {
            ImageInode directory = inodes[i];
            foreach (DirectoryEntry entry in directory.Entries)
            {
                if (entry.Inode.Number < 0 && ReferenceEquals(entry.Inode.Parent, directory))
                {
                    entry.Inode.Number = inodes.Count;
                    inodes.Add(entry.Inode);
                }
            }
        }

        return inodes;
    }
}
