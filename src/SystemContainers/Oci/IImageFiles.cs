// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Linux.Files;

namespace SystemContainers.Oci;

/// <summary>
/// The files of an image, read without any of them being on a disk path: whatever a path names is looked up in the
/// image alone, so <c>..</c> and symbolic links cannot lead out of it.
/// </summary>
interface IImageFiles
{
    /// <summary>What stands at an absolute path of the image, symbolic links followed inside the image.</summary>
    /// <returns>Null where nothing stands there, or a link dangles or loops.</returns>
    ImageFile? Find(string path);

    /// <summary>
    /// As <see cref="Find"/>, but a symbolic link in the last part of the path is given itself; links in the parts
    /// before it are followed inside the image.
    /// </summary>
    ImageFile? FindNoFollow(string path);

    /// <summary>The names in a directory of the image, in ordinal order; names that are not UTF-8 are left
    /// out.</summary>
    /// <returns>Nothing where the path names no directory.</returns>
    IReadOnlyList<string> List(string directory);

    /// <summary>The content of a regular file.</summary>
    /// <exception cref="Errors.SysctrException">Unsafe: it is longer than <paramref name="limit"/> bytes, or no regular
    /// file.</exception>
    byte[] Read(ImageFile file, int limit);
}

/// <summary>What a path of an image names.</summary>
/// <param name="Path">The absolute path, all symbolic links resolved.</param>
/// <param name="Mode">Permission bits with setuid, setgid and sticky, 0 to 07777.</param>
/// <param name="Uid">Owner.</param>
/// <param name="Gid">Group.</param>
/// <param name="Size">Bytes of content; 0 for anything but a regular file.</param>
sealed record ImageFile(string Path, ImageFileKind Kind, int Mode, uint Uid, uint Gid, long Size)
{
    /// <summary>The text of a symbolic link; null for the others, and where it is not UTF-8.</summary>
    public string? LinkTarget { get; init; }

    /// <summary>Extended attributes, in ordinal order of their names.</summary>
    public IReadOnlyList<FileXattr> Xattrs { get; init; } = [];

    /// <summary>Equal for all names of one inode: names that share it are hard links of each other. Null for a single
    /// name.</summary>
    public object? Inode { get; init; }
}

/// <summary>The kinds of file that an image can carry.</summary>
enum ImageFileKind
{
    Regular,

    Directory,

    /// <summary>A symbolic link (what <see cref="IImageFiles.FindNoFollow"/> alone gives).</summary>
    Symlink,

    /// <summary>A device node, socket or FIFO.</summary>
    Special,
}
