// SPDX-License-Identifier: Apache-2.0

using System.Buffers.Binary;
using System.Text;
using SystemContainers.Errors;
using SystemContainers.Oci;

namespace SystemContainers.Tests.Render;

/// <summary>The files of an image, written down in a test; links are followed as in a real tree.</summary>
sealed class TestImage : IImageFiles
{
    private readonly SortedDictionary<string, (ImageFile File, byte[] Content)> _files = new(StringComparer.Ordinal);

    public TestImage() => Add(new ImageFile("/", ImageFileKind.Directory, 0x1ed, 0, 0, 0), []);

    /// <summary>The kinds, modes and links of a real tree, and the content of its small files.</summary>
    public static TestImage FromDirectory(string root)
    {
        TestImage image = new();
        foreach (
            FileSystemInfo entry in new DirectoryInfo(root).EnumerateFileSystemInfos("*", SearchOption.AllDirectories)
        )
        {
            string path = "/" + Path.GetRelativePath(root, entry.FullName);
            _ = entry switch
            {
                { LinkTarget: { } target } => image.Link(path, target),
                FileInfo { Length: < 4096 } file => image.File(
                    path,
                    System.IO.File.ReadAllBytes(file.FullName),
                    (int)file.UnixFileMode
                ),
                FileInfo file => image.File(path, [], (int)file.UnixFileMode),
                _ => image.Directory(path, (int)entry.UnixFileMode),
            };
        }

        return image;
    }

    public TestImage File(string path, string text, int mode = 0x1a4) => File(path, Encoding.UTF8.GetBytes(text), mode);

    public TestImage File(string path, byte[] content, int mode = 0x1a4)
    {
        Parents(path);
        return Add(new ImageFile(path, ImageFileKind.Regular, mode, 0, 0, content.Length), content);
    }

    /// <summary>A program with a security.capability (include/uapi/linux/capability.h, vfs_ns_cap_data): permitted and
    /// effective.</summary>
    public TestImage Program(string path, ulong permitted)
    {
        byte[] value = new byte[20];
        BinaryPrimitives.WriteUInt32LittleEndian(value, 0x02000001);
        BinaryPrimitives.WriteUInt32LittleEndian(value.AsSpan(4), (uint)permitted);
        BinaryPrimitives.WriteUInt32LittleEndian(value.AsSpan(12), (uint)(permitted >> 32));
        Parents(path);
        return Add(
            new ImageFile(path, ImageFileKind.Regular, 0x1ed, 0, 0, 0)
            {
                Xattrs = [new("security.capability"u8.ToArray(), value)],
            },
            []
        );
    }

    public TestImage Directory(string path, int mode = 0x1ed, uint uid = 0, uint gid = 0)
    {
        Parents(path);
        return Add(new ImageFile(path, ImageFileKind.Directory, mode, uid, gid, 0), []);
    }

    public TestImage Link(string path, string target)
    {
        Parents(path);
        return Add(new ImageFile(path, ImageFileKind.Symlink, 0x1ff, 0, 0, 0) { LinkTarget = target }, []);
    }

    public TestImage Device(string path)
    {
        Parents(path);
        return Add(new ImageFile(path, ImageFileKind.Special, 0x1b6, 0, 0, 0), []);
    }

    public ImageFile? Find(string path) => Find(path, followLast: true, 0);

    public ImageFile? FindNoFollow(string path) => Find(path, followLast: false, 0);

    public IReadOnlyList<string> List(string directory) =>
        Find(directory) is not { Kind: ImageFileKind.Directory } found
            ? []
            :
            [
                .. _files
                    .Keys.Where(k => k != "/" && (Path.GetDirectoryName(k) ?? "/") == found.Path)
                    .Select(k => Path.GetFileName(k)),
            ];

    public byte[] Read(ImageFile file, int limit)
    {
        byte[] content = _files[file.Path].Content;
        return content.Length <= limit
            ? content
            : throw new SysctrException(ErrorKind.Unsafe, $"reading {file.Path}: too long");
    }

    private ImageFile? Find(string path, bool followLast, int links)
    {
        string current = "";
        string[] parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        for (int i = 0; i < parts.Length; i++)
        {
            string here = $"{current}/{parts[i]}";
            if (!_files.TryGetValue(here, out (ImageFile File, byte[] Content) found))
            {
                return null;
            }

            bool last = i == parts.Length - 1;
            if (found.File.LinkTarget is { } target && (!last || followLast))
            {
                string rest = string.Join('/', parts[(i + 1)..]);
                string next = Path.GetFullPath(Path.Combine(current + "/", target, rest));
                return links > 40 ? null : Find(next, followLast, links + 1);
            }

            current = here;
        }

        return _files[current.Length == 0 ? "/" : current].File;
    }

    private void Parents(string path)
    {
        for (
            string? parent = Path.GetDirectoryName(path);
            parent is not (null or "/");
            parent = Path.GetDirectoryName(parent)
        )
        {
            if (!_files.ContainsKey(parent))
            {
                Add(new ImageFile(parent, ImageFileKind.Directory, 0x1ed, 0, 0, 0), []);
            }
        }
    }

    private TestImage Add(ImageFile file, byte[] content)
    {
        _files[file.Path] = (file, content);
        return this;
    }
}
