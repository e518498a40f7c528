// SPDX-License-Identifier: Apache-2.0

using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Native;
using SystemContainers.Linux.Trees;
using SystemContainers.Linux.Users;
using SystemContainers.SystemdText;

namespace SystemContainers.Systemd;

/// <summary>
/// The first content of volumes, lines of type C of tmpfiles.d(5), all or nothing. systemd-tmpfiles(8) copies to the
/// place itself, and takes a part that a full disk, a signal or a power cut has left there for the whole for ever. Here
/// a copy is made beside, synced, and gets its name last.
/// </summary>
static class VolumeSeeds
{
    private const int MaxAttempts = 3;

    /// <summary>What a copy is called in a directory that was there, and empty, once it is whole and only has to be
    /// moved up.</summary>
    private const string Whole = ".sysctr-seed";

    /// <summary>Whether there is something to copy: nothing is in the place yet, or a directory that is empty, or what
    /// a cut has left of ours.</summary>
    /// <param name="line">Of a file of ours.</param>
    public static bool IsDue(TmpfilesLine line)
    {
        if (!IsSeed(line))
        {
            return false;
        }

        FileInfo place = new(line.Path);
        return Directory.Exists(line.Path) && place.LinkTarget is null
            ? IsUnfinished(Directory.EnumerateFileSystemEntries(line.Path).Select(e => Path.GetFileName(e)))
            : !File.Exists(line.Path) && place.LinkTarget is null;
    }

    /// <summary>Whether a line is one that copies when it is applied on a host that runs.</summary>
    public static bool IsSeed(TmpfilesLine line) =>
        line is { Error: null, Type: 'C', Argument: not null }
        && !line.Modifiers.Contains('!', StringComparison.Ordinal);

    /// <summary>Copies, where it is due; durable when it returns. May be done again after it was cut at any
    /// point.</summary>
    /// <param name="parent">The directory of the line's path, opened without links that a payload made.</param>
    /// <param name="line">The line; its owner and mode are given where they are numbers.</param>
    /// <param name="ids">The user's namespace that this process is in; null for the system's containers.</param>
    /// <param name="cancellation">Honoured while it copies; then nothing is there.</param>
    /// <exception cref="IOException">Nothing has the name, or the directory is as empty as before.</exception>
    /// <exception cref="SysctrException">Host: there is nothing to copy.</exception>
    public static void Copy(SafeFileHandle parent, TmpfilesLine line, IdMap? ids, CancellationToken cancellation)
    {
        string name = Path.GetFileName(line.Path);
        using SafeFileHandle directory = DirectoryNames.Reopen(parent, line.Path);
        for (int attempt = 0; attempt < MaxAttempts; attempt++)
        {
            using SafeFileHandle there = RestrictedOpen.InRoot(directory, name, OpenFlags.Path | OpenFlags.NoFollow);
            if (!there.IsInvalid)
            {
                if (IsDirectory(there, line.Path))
                {
                    CopyInto(there, line, cancellation);
                }

                return;
            }

            if (Marshal.GetLastPInvokeError() != Errno.ENOENT)
            {
                throw LinuxException.Last("openat", line.Path);
            }

            if (CopyBeside(directory, name, line, ids, cancellation))
            {
                return;
            }
        }
    }

    /// <returns>False where something has the name by now.</returns>
    private static bool CopyBeside(
        SafeFileHandle directory,
        string name,
        TmpfilesLine line,
        IdMap? ids,
        CancellationToken cancellation
    )
    {
        RemoveLeftovers(directory, line.Path, n => n.StartsWith($".{name}.", StringComparison.Ordinal));
        string staged = Path.GetFileName(DurableFile.Beside(line.Path));
        using SafeFileHandle source = Source(line);
        try
        {
            TreeCopy.Copy(source, directory, staged, line.Path, cancellation);
            UserDirectories.Give(directory, staged, line, ids);
            Sync(directory, line.Path);
            FaultPoint.Pass("renameat2");
            if (Rename(directory, staged, directory, name) is var errno and not 0)
            {
                TreeRemoval.Remove(directory, staged, line.Path);
                return errno == Errno.EEXIST ? false : throw new LinuxException("renameat2", line.Path, errno);
            }
        }
        catch
        {
            TryRemove(directory, staged, line.Path);
            throw;
        }

        SyncNames(directory, line.Path);
        return true;
    }

    /// <summary>
    /// The same for a directory that is there and stays what it is: its owner, and that something is mounted there, are
    /// the administrator's. What is copied is moved up when all of it is there and durable; whoever comes after a cut
    /// goes on with that.
    /// </summary>
    private static void CopyInto(SafeFileHandle there, TmpfilesLine line, CancellationToken cancellation)
    {
        using SafeFileHandle place = DirectoryNames.Reopen(there, line.Path);
        string[] names = [.. DirectoryNames.Of(place, line.Path).Select(Encoding.UTF8.GetString)];
        if (!IsUnfinished(names))
        {
            return;
        }

        if (!names.Contains(Whole, StringComparer.Ordinal))
        {
            using SafeFileHandle source = Source(line);
            if (!IsDirectory(source, line.Argument!))
            {
                return;
            }

            RemoveLeftovers(place, line.Path, _ => true);
            string staged = Path.GetFileName(DurableFile.Beside(Path.Join(line.Path, "seed")));
            try
            {
                TreeCopy.Copy(source, place, staged, line.Path, cancellation);
                Sync(place, line.Path);
                FaultPoint.Pass("renameat2");
                int errno = Rename(place, staged, place, Whole);
                if (errno == Errno.EEXIST)
                {
                    // Another container of the same volume was first.
                    TreeRemoval.Remove(place, staged, line.Path);
                }
                else if (errno != 0)
                {
                    throw new LinuxException("renameat2", line.Path, errno);
                }
            }
            catch
            {
                TryRemove(place, staged, line.Path);
                throw;
            }

            SyncNames(place, line.Path);
        }

        MoveUp(place, line.Path);
    }

    private static void MoveUp(SafeFileHandle place, string shown)
    {
        using SafeFileHandle whole = RestrictedOpen.InRoot(place, Whole, OpenFlags.Directory | OpenFlags.NoFollow);
        if (whole.IsInvalid)
        {
            // Gone meanwhile; or it is a link, or a file, and so the payload's and no copy of ours.
            if (Marshal.GetLastPInvokeError() is Errno.ENOENT or Errno.ELOOP or Errno.ENOTDIR)
            {
                return;
            }

            throw LinuxException.Last("openat", Path.Join(shown, Whole));
        }

        foreach (byte[] name in DirectoryNames.Of(whole, shown))
        {
            FaultPoint.Pass("renameat2");
            if (
                DurableFile.RenameNew(whole, name, place, name) is var errno and not (0 or Errno.EEXIST or Errno.ENOENT)
            )
            {
                throw new LinuxException("renameat2", shown, errno);
            }
        }

        SyncNames(place, shown);
        TreeRemoval.Remove(place, Whole, shown);
    }

    /// <summary>Whether all that is in a directory, if anything, is what copying into it has left, or a copy is whole
    /// and to be moved up.</summary>
    private static bool IsUnfinished(IEnumerable<string> names)
    {
        bool othersToo = false;
        foreach (string name in names)
        {
            if (name == Whole)
            {
                return true;
            }

            othersToo |= !DurableFile.IsLeftover(name);
        }

        return !othersToo;
    }

    /// <summary>What a line copies: in a deployment's tree no link leads out of it, and none in the last part is
    /// followed.</summary>
    private static SafeFileHandle Source(TmpfilesLine line)
    {
        string path = line.Argument!;
        int tree = Tree(path);
        using SafeFileHandle root = Libc.open(path[..tree], OpenFlags.Path | OpenFlags.CloseOnExec, 0);
        SafeFileHandle? source = root.IsInvalid
            ? null
            : RestrictedOpen.InRoot(
                root,
                path[tree..] is { Length: > 0 } below ? below : "/",
                OpenFlags.Path | OpenFlags.NoFollow
            );
        return source is { IsInvalid: false }
            ? source
            : throw new SysctrException(
                ErrorKind.Host,
                $"making {line.Path}: {path}, which is copied there: {LinuxException.Last("open", path).Message}",
                "'sysctr fsck --repair' mends a deployment's files"
            );
    }

    /// <summary>Where in a path the tree of a deployment ends, <c>…/deployments/NAME/NUMBER/rootfs</c>; the length of
    /// its directory where it is in none.</summary>
    private static int Tree(string path)
    {
        string[] parts = path.Split('/');
        for (int i = 0; i + 3 < parts.Length; i++)
        {
            if (parts[i] == "deployments" && parts[i + 3] == "rootfs" && parts[i + 2].All(char.IsAsciiDigit))
            {
                return parts.Take(i + 4).Sum(p => p.Length + 1) - 1;
            }
        }

        return path.LastIndexOf('/');
    }

    private static void RemoveLeftovers(SafeFileHandle directory, string shown, Func<string, bool> isOurs)
    {
        foreach (string name in DirectoryNames.Of(directory, shown).Select(Encoding.UTF8.GetString))
        {
            if (isOurs(name) && DurableFile.IsAbandoned(name))
            {
                TreeRemoval.Remove(directory, name, shown);
            }
        }
    }

    /// <summary>What failed counts, not that its rest stays: the next attempt removes that.</summary>
    private static void TryRemove(SafeFileHandle directory, string name, string shown)
    {
        try
        {
            TreeRemoval.Remove(directory, name, shown);
        }
        catch (IOException) { }
    }

    private static unsafe bool IsDirectory(SafeFileHandle file, string shown) =>
        Libc.statx(file, "", Libc.AT_EMPTY_PATH, Libc.STATX_BASIC_STATS, out statx_t stat) == 0
            ? (stat.stx_mode & Libc.S_IFMT) == Libc.S_IFDIR
            : throw LinuxException.Last("statx", shown);

    private static int Rename(SafeFileHandle from, string name, SafeFileHandle to, string newName) =>
        DurableFile.RenameNew(from, Encoding.UTF8.GetBytes(name), to, Encoding.UTF8.GetBytes(newName));

    private static void Sync(SafeFileHandle directory, string shown)
    {
        FaultPoint.Pass("syncfs");
        if (Libc.syncfs(directory) != 0)
        {
            throw LinuxException.Last("syncfs", shown);
        }
    }

    private static void SyncNames(SafeFileHandle directory, string shown)
    {
        FaultPoint.Pass("fsync");
        if (Libc.fsync(directory) != 0)
        {
            throw LinuxException.Last("fsync", shown);
        }
    }
}
