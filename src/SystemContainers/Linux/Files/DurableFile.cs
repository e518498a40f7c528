// SPDX-License-Identifier: Apache-2.0

using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Linux.Native;
using SystemContainers.Linux.Processes;

namespace SystemContainers.Linux.Files;

/// <summary>
/// Small files that must be whole or not there after a power cut: written beside their place, synced, renamed over it,
/// and the directory synced. What a killed process has left beside them, <see cref="RemoveAbandoned"/> finds.
/// </summary>
static class DurableFile
{
    /// <summary>Replaces or creates <paramref name="path"/> with <paramref name="content"/> in one step.</summary>
    /// <param name="path">An absolute path; its directory exists.</param>
    /// <param name="mode">Permission bits, independent of the umask.</param>
    /// <param name="owner">User and group; null for the caller's.</param>
    /// <exception cref="IOException">Nothing was changed at <paramref name="path"/>, or the change is not
    /// durable.</exception>
    public static void Write(
        string path,
        ReadOnlySpan<byte> content,
        UnixFileMode mode,
        (uint Uid, uint Gid)? owner = null
    )
    {
        string staged = StagedName(path);
        try
        {
            FaultPoint.Pass("openat");
            using (FileStream stream = Create(staged))
            {
                SafeFileHandle file = stream.SafeFileHandle;
                if (owner is { } ids && Libc.fchown(file, ids.Uid, ids.Gid) != 0)
                {
                    throw LinuxException.Last("fchown", staged);
                }

                // After the owner, for a change of owner clears setuid and setgid.
                FaultPoint.Pass("fchmod");
                File.SetUnixFileMode(file, mode);
                FaultPoint.Pass("pwrite64");
                RandomAccess.Write(file, content, 0);
                FaultPoint.Pass("fsync");
                RandomAccess.FlushToDisk(file);
            }

            Move(staged, path);
        }
        catch
        {
            Forget(() => File.Delete(staged));
            throw;
        }
    }

    /// <summary>Replaces or creates <paramref name="path"/> with the content of <paramref name="source"/> in one
    /// step.</summary>
    /// <param name="path">An absolute path; its directory exists.</param>
    /// <param name="source">A regular file; nothing else is opened.</param>
    /// <param name="metadata">What the new file gets.</param>
    /// <exception cref="IOException">Nothing was changed at <paramref name="path"/>, or the change is not
    /// durable.</exception>
    public static void Copy(string path, string source, FileMetadata metadata)
    {
        string staged = StagedName(path);
        try
        {
            FaultPoint.Pass("openat");
            using (FileStream writer = Create(staged))
            {
                using FileStream content = RegularFile.OpenRead(source);
                FaultPoint.Pass("pwrite64");
                content.CopyTo(writer);
                writer.Flush();
                InodeWriter.Apply(writer.SafeFileHandle, metadata, path);
                FaultPoint.Pass("fsync");
                RandomAccess.FlushToDisk(writer.SafeFileHandle);
            }

            Move(staged, path);
        }
        catch
        {
            Forget(() => File.Delete(staged));
            throw;
        }
    }

    /// <summary>Makes <paramref name="path"/> another name of <paramref name="existing"/>, in one step over whatever is
    /// there.</summary>
    public static void Link(string path, string existing)
    {
        string staged = StagedName(path);
        FaultPoint.Pass("link");
        if (Libc.link(existing, staged) != 0)
        {
            throw LinuxException.Last("link", staged);
        }

        try
        {
            Move(staged, path);
        }
        finally
        {
            // rename(2) does nothing where both are names of one inode already.
            Forget(() => File.Delete(staged));
        }
    }

    /// <summary>Makes <paramref name="path"/> a symbolic link to <paramref name="target"/>, in one step over whatever
    /// is there.</summary>
    public static void WriteLink(string path, string target)
    {
        string staged = StagedName(path);
        FaultPoint.Pass("symlink");
        File.CreateSymbolicLink(staged, target);
        try
        {
            Move(staged, path);
        }
        catch
        {
            Forget(() => File.Delete(staged));
            throw;
        }
    }

    /// <summary>Renames a file, link or directory within its file system and directory, over whatever is there,
    /// durably.</summary>
    public static void Move(string path, string newPath)
    {
        FaultPoint.Pass("rename");

        // .NET's own moves look at what a link names.
        if (Libc.rename(path, newPath) != 0)
        {
            throw LinuxException.Last("rename", newPath);
        }

        SyncDirectory(Path.GetDirectoryName(newPath)!);
    }

    /// <summary>As <see cref="Move"/>, both in one directory, but never over what is there.</summary>
    /// <returns>Whether it has the name; false: something else has it.</returns>
    public static bool MoveNew(string path, string newPath)
    {
        string directory = Path.GetDirectoryName(newPath)!;
        using SafeFileHandle handle = Libc.open(directory, OpenFlags.Directory | OpenFlags.CloseOnExec, 0);
        if (handle.IsInvalid)
        {
            throw LinuxException.Last("open", directory);
        }

        FaultPoint.Pass("renameat2");
        int errno = RenameNew(
            handle,
            Encoding.UTF8.GetBytes(Path.GetFileName(path)),
            handle,
            Encoding.UTF8.GetBytes(Path.GetFileName(newPath))
        );
        if (errno != 0)
        {
            return errno == Errno.EEXIST ? false : throw new LinuxException("renameat2", newPath, errno);
        }

        SyncDirectory(directory);
        return true;
    }

    /// <summary>Renames, and never over what is there; nothing is synced.</summary>
    /// <param name="to">Where it goes to.</param>
    /// <returns>0, or why not (errno(3)): EEXIST where something has the name.</returns>
    public static unsafe int RenameNew(SafeFileHandle from, byte[] name, SafeFileHandle to, byte[] newName)
    {
        fixed (byte* old = (byte[])[.. name, 0])
        fixed (byte* wanted = (byte[])[.. newName, 0])
        {
            int errno =
                Libc.renameat2(from, old, to, wanted, Libc.RENAME_NOREPLACE) == 0 ? 0 : Marshal.GetLastPInvokeError();

            // Not every file system knows the flag, such as NFS; without it, too, no directory takes the place of one
            // that has something in it.
            return errno != Errno.EINVAL ? errno
                : Libc.faccessat(to, wanted, 0, Libc.AT_SYMLINK_NOFOLLOW) == 0 ? Errno.EEXIST
                : Libc.renameat2(from, old, to, wanted, 0) == 0 ? 0
                : Marshal.GetLastPInvokeError();
        }
    }

    /// <summary>Gives each of two paths of one directory what the other one names, in one step, durably.</summary>
    public static void Exchange(string path, string other)
    {
        string directory = Path.GetDirectoryName(path)!;
        using SafeFileHandle handle = Libc.open(directory, OpenFlags.Directory | OpenFlags.CloseOnExec, 0);
        if (handle.IsInvalid)
        {
            throw LinuxException.Last("open", directory);
        }

        if (Libc.renameat2(handle, Path.GetFileName(path), handle, Path.GetFileName(other), Libc.RENAME_EXCHANGE) != 0)
        {
            throw LinuxException.Last("renameat2", path);
        }

        SyncDirectory(directory);
    }

    /// <summary>A name beside <paramref name="path"/> for what takes its place when it is whole;
    /// <see cref="IsLeftover"/> knows it.</summary>
    public static string Beside(string path) => StagedName(path);

    /// <summary>Removes <paramref name="path"/> if it is there, durably.</summary>
    public static void Delete(string path)
    {
        FaultPoint.Pass("unlink");
        File.Delete(path);
        SyncDirectory(Path.GetDirectoryName(path)!);
    }

    /// <summary>Removes a directory that is empty, durably.</summary>
    public static void DeleteDirectory(string path)
    {
        FaultPoint.Pass("rmdir");
        Directory.Delete(path);
        SyncDirectory(Path.GetDirectoryName(path)!);
    }

    /// <summary>Makes a directory with its owner and mode in one step, durably; those above it get what the umask
    /// gives.</summary>
    /// <param name="path">Absolute; nothing, or an empty directory, is there.</param>
    /// <param name="mode">Permission bits, independent of the umask.</param>
    /// <param name="owner">User and group.</param>
    /// <exception cref="IOException">There is no new directory at <paramref name="path"/>, or it is not
    /// durable.</exception>
    public static void MakeDirectory(string path, UnixFileMode mode, (uint Uid, uint Gid) owner)
    {
        string staged = StagedName(path);
        FaultPoint.Pass("mkdir");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        Directory.CreateDirectory(staged, (UnixFileMode)0b111_000_000);
        try
        {
            using (
                SafeFileHandle handle = Libc.open(
                    staged,
                    OpenFlags.Directory | OpenFlags.NoFollow | OpenFlags.CloseOnExec,
                    0
                )
            )
            {
                FaultPoint.Pass("fchown");
                if (handle.IsInvalid || Libc.fchown(handle, owner.Uid, owner.Gid) != 0)
                {
                    throw LinuxException.Last("fchown", staged);
                }

                File.SetUnixFileMode(handle, mode);
            }

            Move(staged, path);
        }
        catch
        {
            Forget(() => Directory.Delete(staged));
            throw;
        }
    }

    /// <summary>Removes what processes that were killed have left in a directory: files, links and directories under a
    /// name for the moment. What can't be removed stays, for it keeps nobody from anything.</summary>
    /// <param name="directory">Absolute; need not exist.</param>
    /// <param name="isUsed">Asked of each whether somebody needs it still; null where nobody can.</param>
    /// <param name="protectedToo">Whether what somebody has protected by chattr(1) goes, too: of trees that are
    /// sysctr's own and nobody's any more.</param>
    public static void RemoveAbandoned(string directory, Func<string, bool>? isUsed = null, bool protectedToo = false)
    {
        foreach (
            string entry in Directory.Exists(directory) ? Directory.GetFileSystemEntries(directory, ".*.sysctr-*") : []
        )
        {
            if (IsAbandoned(Path.GetFileName(entry)) && isUsed?.Invoke(entry) != true)
            {
                Forget(() =>
                {
                    if (protectedToo)
                    {
                        TreeRemoval.RemoveProtected(entry);
                    }
                    else
                    {
                        TreeRemoval.Remove(entry);
                    }
                });
            }
        }
    }

    /// <summary>Whether a file has the name of one that is being written, or was when its process died:
    /// <c>.NAME.sysctr-PID-START-COUNT</c>.</summary>
    /// <param name="fileName">Without directories.</param>
    public static bool IsLeftover(string fileName) => fileName.StartsWith('.') && ProcessMark.IsMark(MarkOf(fileName));

    /// <summary>As <see cref="IsLeftover"/>, of a process that is dead.</summary>
    /// <param name="fileName">Without directories.</param>
    public static bool IsAbandoned(string fileName) =>
        fileName.StartsWith('.') && ProcessMark.IsOfDead(MarkOf(fileName));

    private static string MarkOf(string fileName) => fileName[(fileName.LastIndexOf('.') + 1)..];

    /// <summary>Makes all of the file system that holds <paramref name="directory"/> durable (syncfs(2)).</summary>
    public static void SyncFileSystem(string directory)
    {
        using SafeFileHandle handle = Libc.open(directory, OpenFlags.Directory | OpenFlags.CloseOnExec, 0);
        FaultPoint.Pass("syncfs");
        if (handle.IsInvalid || Libc.syncfs(handle) != 0)
        {
            throw LinuxException.Last("syncfs", directory);
        }
    }

    /// <summary>Makes the names in <paramref name="directory"/> durable.</summary>
    public static void SyncDirectory(string directory)
    {
        using SafeFileHandle handle = Libc.open(directory, OpenFlags.Directory | OpenFlags.CloseOnExec, 0);
        FaultPoint.Pass("fsync");
        if (handle.IsInvalid || Libc.fsync(handle) != 0)
        {
            throw LinuxException.Last("fsync", directory);
        }
    }

    /// <summary>Nobody else reads it before it has the mode that it is to have: what is open stays so.</summary>
    private static FileStream Create(string staged) =>
        new(
            staged,
            new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                Share = FileShare.None,
                BufferSize = 0,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            }
        );

    /// <summary>Clears away after a failure, or after others: that this fails hides nothing.</summary>
    private static void Forget(Action remove)
    {
        try
        {
            remove();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { }
    }

    private static string StagedName(string path) =>
        Path.Combine(Path.GetDirectoryName(path)!, $".{Path.GetFileName(path)}.{ProcessMark.NewName()}");
}
