// SPDX-License-Identifier: Apache-2.0

using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Native;
using SystemContainers.Oci;

namespace SystemContainers.Tree;

/// <summary>
/// A directory on disk as an image's files. The kernel looks paths up as if the directory were the root
/// (RESOLVE_IN_ROOT, openat2(2)), so that no link in it leads to the host's files.
/// </summary>
sealed class DirectoryTree : IImageFiles
{
    private readonly string _root;

    private DirectoryTree(string root) => _root = root;

    /// <summary>Takes a directory as an image's root.</summary>
    /// <param name="directory">Any path of one.</param>
    /// <exception cref="SysctrException">NotFound: there is no such directory.</exception>
    public static DirectoryTree Open(string directory)
    {
        return Directory.Exists(directory)
            ? new DirectoryTree(RealPath.Of(directory))
            : throw new SysctrException(ErrorKind.NotFound, $"opening {directory}: there is no such directory");
    }

    /// <inheritdoc/>
    public ImageFile? Find(string path) => Find(path, OpenFlags.Path);

    /// <inheritdoc/>
    public ImageFile? FindNoFollow(string path) => Find(path, OpenFlags.Path | OpenFlags.NoFollow);

    /// <inheritdoc/>
    public IReadOnlyList<string> List(string directory)
    {
        using SafeFileHandle? found = TryOpen(directory, OpenFlags.Path | OpenFlags.Directory);
        return found is null
            ? []
            :
            [
                .. Directory
                    .EnumerateFileSystemEntries(Descriptor(found))
                    .Select(e => Path.GetFileName(e))
                    .Where(n => !n.Contains('\ufffd', StringComparison.Ordinal))
                    .Order(StringComparer.Ordinal),
            ];
    }

    /// <inheritdoc/>
    public byte[] Read(ImageFile file, int limit)
    {
        using SafeFileHandle? found = TryOpen(file.Path, OpenFlags.Path | OpenFlags.NoFollow);
        if (found is null || Describe(found, file.Path).Kind != ImageFileKind.Regular)
        {
            throw new SysctrException(ErrorKind.Unsafe, $"reading {file.Path} of {_root}: it is no regular file");
        }

        // Opened anew only now that it is known to be a file: opening a device or a FIFO does things.
        using SafeFileHandle handle = File.OpenHandle(Descriptor(found));
        long size = RandomAccess.GetLength(handle);
        if (size > limit)
        {
            throw new SysctrException(
                ErrorKind.Unsafe,
                $"reading {file.Path} of {_root}: its {size} bytes are more than the {limit} that we read"
            );
        }

        byte[] content = new byte[size];
        return FileBytes.Fill(handle, content, 0) == content.Length
            ? content
            : throw new SysctrException(ErrorKind.Storage, $"reading {file.Path} of {_root}: it shrank meanwhile");
    }

    private ImageFile? Find(string path, int flags)
    {
        using SafeFileHandle? found = TryOpen(path, flags);
        return found is null ? null : Describe(found, path);
    }

    private ImageFile Describe(SafeFileHandle file, string shown)
    {
        if (Libc.statx(file, "", Libc.AT_EMPTY_PATH, Libc.STATX_BASIC_STATS, out statx_t stat) != 0)
        {
            throw LinuxException.Last("statx", _root + shown);
        }

        uint type = stat.stx_mode & Libc.S_IFMT;
        ImageFileKind kind =
            type == Libc.S_IFREG ? ImageFileKind.Regular
            : type == Libc.S_IFDIR ? ImageFileKind.Directory
            : type == Libc.S_IFLNK ? ImageFileKind.Symlink
            : ImageFileKind.Special;
        string path = PathOf(file);
        return new ImageFile(
            path,
            kind,
            stat.stx_mode & 0xfff,
            stat.stx_uid,
            stat.stx_gid,
            kind == ImageFileKind.Regular ? (long)stat.stx_size : 0
        )
        {
            LinkTarget = kind == ImageFileKind.Symlink ? Target(path) : null,
            Xattrs = kind == ImageFileKind.Regular ? FileXattrs.Read(Descriptor(file)) : [],
            Inode =
                stat.stx_nlink > 1 && kind == ImageFileKind.Regular
                    ? (stat.stx_dev_major, stat.stx_dev_minor, stat.stx_ino)
                    : null,
        };
    }

    /// <summary>Where the kernel found it, below the root.</summary>
    private string PathOf(SafeFileHandle file)
    {
        string full = new FileInfo(Descriptor(file)).LinkTarget!;
        return full == _root ? "/"
            : _root == "/" ? full
            : full[_root.Length..];
    }

    private string? Target(string path) =>
        new FileInfo(Path.Join(_root, path)).LinkTarget is { } target
        && !target.Contains('\ufffd', StringComparison.Ordinal)
            ? target
            : null;

    private static string Descriptor(SafeFileHandle file) => $"/proc/self/fd/{file.DangerousGetHandle()}";

    /// <returns>Null where nothing stands there, or a link dangles or loops.</returns>
    private SafeFileHandle? TryOpen(string path, int flags)
    {
        using SafeFileHandle root = Libc.open(_root, OpenFlags.Path | OpenFlags.Directory | OpenFlags.CloseOnExec, 0);
        if (root.IsInvalid)
        {
            throw LinuxException.Last("open", _root);
        }

        SafeFileHandle opened = RestrictedOpen.InRoot(root, path, flags);
        if (!opened.IsInvalid)
        {
            return opened;
        }

        return Marshal.GetLastPInvokeError() is Errno.ENOENT or Errno.ENOTDIR or Errno.ELOOP
            ? null
            : throw LinuxException.Last("openat2", _root + path);
    }
}
