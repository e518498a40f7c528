// SPDX-License-Identifier: Apache-2.0

using System.Text;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Linux.Native;

namespace SystemContainers.Linux.Files;

/// <summary>
/// Opens files that somebody else may have put there: a FIFO or a device at the path is no file, and neither blocks nor
/// does what opening one does (open(2), O_NONBLOCK; fifo(7)).
/// </summary>
static class RegularFile
{
    /// <summary>Opens a file to be read.</summary>
    /// <param name="path">Its path; a link in the last part is not followed.</param>
    /// <returns>Null where something else stands there.</returns>
    /// <exception cref="LinuxException">It can't be opened.</exception>
    public static SafeFileHandle? Open(string path)
    {
        // First without opening it in earnest: even that can wake up a device.
        using SafeFileHandle found = Libc.open(path, OpenFlags.Path | OpenFlags.NoFollow | OpenFlags.CloseOnExec, 0);
        if (found.IsInvalid)
        {
            throw LinuxException.Last("open", path);
        }

        return Reopen(found, path);
    }

    /// <summary>Opens what was found with O_PATH to be read.</summary>
    /// <param name="found">It; stays the caller's.</param>
    /// <param name="path">For messages.</param>
    /// <returns>Null where it is no file.</returns>
    /// <exception cref="LinuxException">It can't be opened.</exception>
    public static SafeFileHandle? Reopen(SafeFileHandle found, string path)
    {
        if (!IsRegular(found, path))
        {
            return null;
        }

        SafeFileHandle file = Libc.open(
            $"/proc/self/fd/{found.DangerousGetHandle()}",
            OpenFlags.ReadOnly | OpenFlags.NonBlock | OpenFlags.CloseOnExec,
            0
        );
        return file.IsInvalid ? throw LinuxException.Last("open", path) : file;
    }

    /// <summary>What is larger is none of the records, indexes and texts that we keep.</summary>
    private const int MaxBytes = 256 << 20;

    /// <summary>Reads a file of ours whole: where others may have put something else in its place it is neither waited
    /// for nor read without end.</summary>
    /// <param name="path">Its path; a link in the last part is not followed.</param>
    /// <exception cref="FileNotFoundException">Nothing is there.</exception>
    /// <exception cref="DirectoryNotFoundException">Nor is its directory.</exception>
    /// <exception cref="IOException">It is no regular file, is too large, or can't be read.</exception>
    public static byte[] ReadAll(string path)
    {
        using SafeFileHandle file = OpenThere(path);
        long length = RandomAccess.GetLength(file);
        if (length > MaxBytes)
        {
            throw new IOException($"{path} is larger than {MaxBytes} bytes");
        }

        byte[] content = new byte[length];
        int read = FileBytes.Fill(file, content, 0);
        return read == length ? content : content[..read];
    }

    /// <summary>The same where it need not be there.</summary>
    /// <returns>Null where nothing is there, or not even its directory.</returns>
    /// <inheritdoc cref="ReadAll"/>
    public static byte[]? Find(string path)
    {
        try
        {
            return ReadAll(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>The same as text.</summary>
    /// <inheritdoc cref="Find"/>
    public static string? FindText(string path) => Find(path) is { } bytes ? Encoding.UTF8.GetString(bytes) : null;

    /// <summary>The same, a piece at a time, however large it is.</summary>
    /// <inheritdoc cref="ReadAll"/>
    public static FileStream OpenRead(string path) => new(OpenThere(path), FileAccess.Read);

    private static SafeFileHandle OpenThere(string path)
    {
        try
        {
            return Open(path) ?? throw new IOException($"{path} is no regular file");
        }
        catch (LinuxException e) when (e.Errno is Errno.ENOENT or Errno.ENOTDIR)
        {
            throw Directory.Exists(Path.GetDirectoryName(path))
                ? new FileNotFoundException($"there is no {path}", path, e)
                : new DirectoryNotFoundException($"there is no directory for {path}", e);
        }
    }

    /// <summary>The same as text.</summary>
    /// <inheritdoc cref="ReadAll"/>
    public static string ReadText(string path) => Encoding.UTF8.GetString(ReadAll(path));

    /// <summary>Whether a path is a file or a directory, and no link, FIFO, socket or device.</summary>
    public static bool IsPlain(string path) => KindOf(path) is EntryKind.File or EntryKind.Directory;

    /// <summary>What stands at a path; a link in the last part is not followed.</summary>
    public static EntryKind KindOf(string path)
    {
        using SafeFileHandle found = Libc.open(path, OpenFlags.Path | OpenFlags.NoFollow | OpenFlags.CloseOnExec, 0);
        if (found.IsInvalid || Libc.statx(found, "", Libc.AT_EMPTY_PATH, Libc.STATX_BASIC_STATS, out statx_t stat) != 0)
        {
            return EntryKind.Other;
        }

        uint format = stat.stx_mode & Libc.S_IFMT;
        return format == Libc.S_IFREG ? EntryKind.File
            : format == Libc.S_IFDIR ? EntryKind.Directory
            : format == Libc.S_IFLNK ? EntryKind.Link
            : EntryKind.Other;
    }

    /// <summary>Whether what was opened is a file.</summary>
    /// <param name="shown">What it is, for messages.</param>
    internal static bool IsRegular(SafeFileHandle file, string shown) =>
        Libc.statx(file, "", Libc.AT_EMPTY_PATH, Libc.STATX_BASIC_STATS, out statx_t stat) == 0
            ? (stat.stx_mode & Libc.S_IFMT) == Libc.S_IFREG
            : throw LinuxException.Last("statx", shown);
}
