// SPDX-License-Identifier: Apache-2.0

using System.Security.Cryptography;
using System.Text;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Verity;
using SystemContainers.Store.Records;
using SystemContainers.Tar;
using SystemContainers.Tree;

namespace SystemContainers.Tests.Composefs;

/// <summary>A tree that is put together for an image, with the contents of its small files.</summary>
sealed class SampleTree
{
    public static readonly FileMetadata Plain = new(0b110_100_100, 0, 0, 1_700_000_000, 5, []);

    private readonly Dictionary<LayerEntry, byte[]> _contents = [];

    public SampleTree(FileMetadata? root = null) =>
        Root = new TreeDirectory(root ?? Plain with { Mode = 0b111_101_101 });

    public TreeDirectory Root { get; }

    /// <summary>The contents of all files, by their digest.</summary>
    public Dictionary<ObjectKey, byte[]> Objects { get; } = [];

    public byte[] Content(LayerEntry entry) => _contents[entry];

    public static TreeDirectory Directory(TreeDirectory parent, byte[] name, FileMetadata? metadata = null)
    {
        TreeDirectory directory = new(metadata ?? Plain with { Mode = 0b111_101_101 });
        parent.Set(name, directory, 0);
        return directory;
    }

    public static TreeDirectory Directory(TreeDirectory parent, string name, FileMetadata? metadata = null) =>
        Directory(parent, Encoding.UTF8.GetBytes(name), metadata);

    public TreeLeaf File(TreeDirectory parent, string name, byte[] content, FileMetadata? metadata = null)
    {
        LayerEntry entry = Entry(TarEntryType.Regular, metadata, content.Length);
        VerityDigest digest = VerityHasher.Of(content);
        entry.Object = ObjectKey.Of(digest);
        _contents[entry] = content;
        Objects[entry.Object] = content;
        return Add(parent, Encoding.UTF8.GetBytes(name), entry);
    }

    /// <summary>A file whose content nobody asks for.</summary>
    public static TreeLeaf Large(
        TreeDirectory parent,
        byte[] name,
        long size,
        int content,
        FileMetadata? metadata = null
    )
    {
        LayerEntry entry = Entry(TarEntryType.Regular, metadata, size);
        entry.Object = ObjectKey.FromHash(SHA256.HashData(BitConverter.GetBytes(content)));
        return Add(parent, name, entry);
    }

    public TreeLeaf Small(TreeDirectory parent, byte[] name, byte[] content, FileMetadata? metadata = null)
    {
        LayerEntry entry = Entry(TarEntryType.Regular, metadata, content.Length);
        _contents[entry] = content;
        return Add(parent, name, entry);
    }

    public static TreeLeaf Symlink(TreeDirectory parent, byte[] name, byte[] target, FileMetadata? metadata = null) =>
        Add(parent, name, Entry(TarEntryType.Symlink, metadata ?? Plain with { Mode = 0b111_111_111 }, link: target));

    public static TreeLeaf Special(
        TreeDirectory parent,
        byte[] name,
        TarEntryType type,
        uint major = 0,
        uint minor = 0,
        FileMetadata? metadata = null
    ) => Add(parent, name, Entry(type, metadata, major: major, minor: minor));

    private static LayerEntry Entry(
        TarEntryType type,
        FileMetadata? metadata,
        long size = 0,
        byte[]? link = null,
        uint major = 0,
        uint minor = 0
    ) =>
        new()
        {
            Type = type,
            Name = [],
            LinkName = link ?? [],
            Metadata = metadata ?? Plain,
            Size = size,
            DeviceMajor = major,
            DeviceMinor = minor,
        };

    private static TreeLeaf Add(TreeDirectory parent, byte[] name, LayerEntry entry)
    {
        TreeLeaf leaf = new(entry);
        parent.Set(name, leaf, 0);
        return leaf;
    }
}
