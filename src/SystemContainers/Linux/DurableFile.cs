using System.Buffers;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Linux.Native;

namespace SystemContainers.Linux;

/// <summary>
/// Small files that must be whole or not there after a power cut: written beside their place, synced, renamed over it,
/// and the directory synced.
/// </summary>
static class DurableFile
{
    private static readonly SearchValues<char> s_digits = SearchValues.Create("0123456789abcdef");

    /// <summary>Replaces or creates <paramref name="path"/> with <paramref name="content"/> in one step.</summary>
    /// <param name="path">An absolute path; its directory exists.</param>
    /// <param name="content">All of the file.</param>
    /// <param name="mode">Permission bits, independent of the umask.</param>
    /// <param name="owner">User and group; null for the caller's.</param>
    /// <exception cref="IOException">Nothing was changed at <paramref name="path"/>.</exception>
    public static void Write(string path, ReadOnlySpan<byte> content, UnixFileMode mode, (uint Uid, uint Gid)? owner = null)
    {
        string staged = StagedName(path);
        try
        {
            using (SafeFileHandle file = File.OpenHandle(staged, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                if (owner is { } ids && Libc.fchown(file, ids.Uid, ids.Gid) != 0)
                {
                    throw LinuxException.Last("fchown", staged);
                }

                // After the owner, for a change of owner clears setuid and setgid.
                File.SetUnixFileMode(file, mode);
                RandomAccess.Write(file, content, 0);
                RandomAccess.FlushToDisk(file);
            }

            Move(staged, path);
        }
        catch
        {
            File.Delete(staged);
            throw;
        }
    }

    /// <summary>Replaces or creates <paramref name="path"/> with the content of <paramref name="source"/> in one step.</summary>
    /// <param name="path">An absolute path; its directory exists.</param>
    /// <param name="source">A regular file.</param>
    /// <param name="metadata">What the new file gets.</param>
    /// <exception cref="IOException">Nothing was changed at <paramref name="path"/>.</exception>
    public static void Copy(string path, string source, FileMetadata metadata)
    {
        string staged = StagedName(path);
        try
        {
            using (SafeFileHandle file = File.OpenHandle(staged, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                using (FileStream content = File.OpenRead(source))
                using (FileStream writer = new(file, FileAccess.Write))
                {
                    content.CopyTo(writer);
                    writer.Flush();
                    InodeWriter.Apply(file, metadata, path);
                    RandomAccess.FlushToDisk(file);
                }
            }

            Move(staged, path);
        }
        catch
        {
            File.Delete(staged);
            throw;
        }
    }

    /// <summary>Makes <paramref name="path"/> another name of <paramref name="existing"/>, in one step over whatever is there.</summary>
    public static void Link(string path, string existing)
    {
        string staged = StagedName(path);
        if (Libc.link(existing, staged) != 0)
        {
            throw LinuxException.Last("link", staged);
        }

        Move(staged, path);

        // rename(2) does nothing where both are names of one inode already.
        File.Delete(staged);
    }

    /// <summary>Makes <paramref name="path"/> a symbolic link to <paramref name="target"/>, in one step over whatever is there.</summary>
    public static void WriteLink(string path, string target)
    {
        string staged = StagedName(path);
        File.CreateSymbolicLink(staged, target);
        Move(staged, path);
    }

    /// <summary>Renames a file, link or directory within its file system and directory, over whatever is there, durably.</summary>
    public static void Move(string path, string newPath)
    {
        // .NET's own moves look at what a link names.
        if (Libc.rename(path, newPath) != 0)
        {
            throw LinuxException.Last("rename", newPath);
        }

        SyncDirectory(Path.GetDirectoryName(newPath)!);
    }

    /// <summary>Removes <paramref name="path"/> if it is there, durably.</summary>
    public static void Delete(string path)
    {
        File.Delete(path);
        SyncDirectory(Path.GetDirectoryName(path)!);
    }

    /// <summary>Makes a directory, and those above it that are missing, durably.</summary>
    public static void MakeDirectory(string path, UnixFileMode mode, (uint Uid, uint Gid) owner)
    {
        Directory.CreateDirectory(path);
        using SafeFileHandle handle = Libc.open(path, OpenFlags.Directory | OpenFlags.NoFollow | OpenFlags.CloseOnExec, 0);
        if (handle.IsInvalid || Libc.fchown(handle, owner.Uid, owner.Gid) != 0)
        {
            throw LinuxException.Last("fchown", path);
        }

        File.SetUnixFileMode(handle, mode);
        SyncDirectory(Path.GetDirectoryName(path)!);
    }

    /// <summary>Makes all of the file system that holds <paramref name="directory"/> durable (syncfs(2)).</summary>
    public static void SyncFileSystem(string directory)
    {
        using SafeFileHandle handle = Libc.open(directory, OpenFlags.Directory | OpenFlags.CloseOnExec, 0);
        if (handle.IsInvalid || Libc.syncfs(handle) != 0)
        {
            throw LinuxException.Last("syncfs", directory);
        }
    }

    /// <summary>Makes the names in <paramref name="directory"/> durable.</summary>
    public static void SyncDirectory(string directory)
    {
        using SafeFileHandle handle = Libc.open(directory, OpenFlags.Directory | OpenFlags.CloseOnExec, 0);
        if (handle.IsInvalid || Libc.fsync(handle) != 0)
        {
            throw LinuxException.Last("fsync", directory);
        }
    }

    /// <summary>Whether a file has the name of one that is being written, or was when its process died: <c>.NAME.</c> and 32 digits.</summary>
    /// <param name="fileName">Without directories.</param>
    public static bool IsLeftover(string fileName) =>
        fileName.Length > 34 && fileName[0] == '.' && fileName[^33] == '.' && fileName.AsSpan()[^32..].ContainsAnyExcept(s_digits) is false;

    private static string StagedName(string path) =>
        Path.Combine(Path.GetDirectoryName(path)!, $".{Path.GetFileName(path)}.{Guid.NewGuid():N}");
}
