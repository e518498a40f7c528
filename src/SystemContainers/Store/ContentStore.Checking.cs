// SPDX-License-Identifier: Apache-2.0

using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Native;
using SystemContainers.Oci;
using SystemContainers.Store.Records;
using SystemContainers.Tar;

namespace SystemContainers.Store;

/// <summary>Looking at what is there. Nothing here changes anything.</summary>
sealed partial class ContentStore
{
    /// <summary>Opens a store that is there and leaves it as it is: makes no directory, and removes nothing that was
    /// left staged.</summary>
    /// <param name="root">An absolute path.</param>
    /// <exception cref="SysctrException">Host: a newer sysctr made it; Corrupt: its meta.json or objects/ is not there,
    /// or can't be read.</exception>
    public static ContentStore OpenUnchanged(string root)
    {
        try
        {
            StoreFormat.Check(root);
            string objects = Path.Join(root, "objects");
            SafeFileHandle handle = Libc.open(objects, OpenFlags.Directory | OpenFlags.CloseOnExec, 0);
            return !handle.IsInvalid ? new ContentStore(root, handle, lockTimeout: null)
                : Marshal.GetLastPInvokeError() == Errno.ENOENT ? throw Missing("objects/")
                : throw LinuxException.Last("open", objects);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StoreErrors.Of($"opening the store {root}", e);
        }
    }

    /// <summary>Whether an entry has an object: the content of a regular file that is not empty.</summary>
    public static bool HasObject(LayerEntry entry) => entry is { Type: TarEntryType.Regular, Size: > 0 };

    /// <summary>The entries of a committed layer, one at a time.</summary>
    /// <exception cref="SysctrException">Corrupt: it was altered; nothing was given yet.</exception>
    public IEnumerable<LayerEntry> StreamLayer(Digest diffId) => LayerIndex.Stream(IndexPath(diffId), diffId);

    /// <summary>Reads every object of a layer and compares it with its name.</summary>
    /// <returns>What is wrong, one line for each file; nothing where all is well.</returns>
    public IEnumerable<string> VerifyLayer(Digest diffId) =>
        from entry in ReadLayer(diffId).Entries
        where HasObject(entry)
        let examined = Examine(entry, content: true)
        where examined.State != ObjectState.Whole
        select $"{Encoding.UTF8.GetString(entry.Name)}: object {entry.Object} {examined.What}";

    /// <summary>Compares an object with what the entry says of it. Safe from several threads.</summary>
    /// <param name="entry">One that has an object.</param>
    /// <param name="content">Whether the content is read and hashed, or only its size looked at.</param>
    /// <returns>The state, and what is wrong in a few words: "is missing", "has mode 0777 instead of 0755".</returns>
    public (ObjectState State, string What) Examine(LayerEntry entry, bool content)
    {
        SafeFileHandle file;
        try
        {
            file = OpenObject(entry.Object, OpenFlags.NonBlock | OpenFlags.NoFollow);
        }
        catch (SysctrException)
        {
            return (ObjectState.Missing, "is missing");
        }
        catch (LinuxException e)
        {
            return (ObjectState.Altered, $"can't be opened ({e.Message})");
        }

        using (file)
        {
            try
            {
                return Examine(entry, file, content, metadata: entry.Form == ObjectForm.Inode);
            }
            catch (IOException e)
            {
                return (ObjectState.Altered, $"can't be read ({e.Message})");
            }
        }
    }

    /// <summary>The device and inode of an object.</summary>
    /// <returns>Null where there is no object of that name.</returns>
    public FileIdentity? IdentityOf(ObjectKey key) => StatOf(key) is { } stat ? FileIdentity.Of(stat) : null;

    /// <summary>How many names an object's inode has, those in checkouts among them; 0 where there is no such
    /// object.</summary>
    public uint NamesOf(ObjectKey key) => StatOf(key)?.stx_nlink ?? 0;

    private unsafe statx_t? StatOf(ObjectKey key)
    {
        Span<byte> path = stackalloc byte[ObjectKey.PathSize];
        key.WritePath(path);
        fixed (byte* pointer = path)
        {
            return
                Libc.statx(_objects, pointer, Libc.AT_SYMLINK_NOFOLLOW, Libc.STATX_BASIC_STATS, out statx_t stat) == 0
                ? stat
                : null;
        }
    }

    /// <summary>The files of <c>layers/</c>, with the hexadecimal digits that are their names.</summary>
    public IEnumerable<string> LayerFiles() => Directory.EnumerateFiles(Path.Join(_root, "layers")).Where(IsNoLeftover);

    /// <summary>The files of <c>blobs/</c> with their digests; null for a name that is none.</summary>
    public IEnumerable<(string File, Digest? Digest)> BlobFiles() =>
        Directory
            .EnumerateFiles(Path.Join(_root, "blobs"), "*", SearchOption.AllDirectories)
            .Where(IsNoLeftover)
            .Select(f =>
                (
                    f,
                    Digest.TryParse(
                        $"{Path.GetFileName(Path.GetDirectoryName(f))}:{Path.GetFileName(f)}",
                        out Digest digest
                    )
                        ? digest
                        : (Digest?)null
                )
            );

    /// <summary>The files of <c>objects/</c> with their keys; null for a name that is none.</summary>
    public IEnumerable<(string File, ObjectKey? Key)> ObjectFiles() =>
        from directory in ObjectDirectories()
        from file in Directory.EnumerateFileSystemEntries(directory)
        select (
            file,
            ObjectKey.TryParse(Path.GetFileName(directory) + Path.GetFileName(file), out ObjectKey key)
                ? key
                : (ObjectKey?)null
        );

    private IEnumerable<string> ObjectDirectories() =>
        Directory
            .GetDirectories(Path.Join(_root, "objects"))
            .Where(d => Path.GetFileName(d) != DirectoryNames.OfFileSystem);

    /// <summary>The directories of <c>staging/</c> whose processes are gone, and those beside their place that were
    /// discarded there.</summary>
    public IEnumerable<string> AbandonedStaging() =>
        Staging
            .Abandoned(Path.Join(_root, "staging"))
            .Concat(
                Directory
                    .GetDirectories(Path.Join(_root, "deployments"))
                    .SelectMany(d => DirectoriesIn(d).Prepend(d))
                    // A link that was being written leads to a directory, and is none.
                    .Where(d => DurableFile.IsAbandoned(Path.GetFileName(d)) && new DirectoryInfo(d).LinkTarget is null)
            );

    /// <summary>None of a container that goes meanwhile: nobody is kept from it here.</summary>
    private static string[] DirectoriesIn(string directory)
    {
        try
        {
            return Directory.GetDirectories(directory);
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }

    /// <summary>What a write that was cut off has left of a small file (<see cref="DurableFile"/>) is no file of its
    /// directory.</summary>
    private static bool IsNoLeftover(string file) => !DurableFile.IsLeftover(Path.GetFileName(file));

    /// <summary>The same for a file that may be a copy of the object. An empty file, which has no object, is compared
    /// too.</summary>
    /// <param name="entry">What it should be.</param>
    /// <param name="content">Whether the content is read and hashed, or only its size looked at.</param>
    /// <param name="metadata">Whether owner, mode, times and attributes count.</param>
    /// <exception cref="IOException">It can't be read.</exception>
    public static (ObjectState State, string What) Examine(
        LayerEntry entry,
        SafeFileHandle file,
        bool content,
        bool metadata = true
    )
    {
        if (Libc.statx(file, "", Libc.AT_EMPTY_PATH, Libc.STATX_BASIC_STATS, out statx_t stat) != 0)
        {
            throw LinuxException.Last("statx", "");
        }

        if ((stat.stx_mode & Libc.S_IFMT) != Libc.S_IFREG)
        {
            return (ObjectState.Altered, "is no regular file");
        }

        if (stat.stx_size != (ulong)entry.Size)
        {
            return (ObjectState.Altered, $"was altered: it has {stat.stx_size} bytes instead of {entry.Size}");
        }

        if (content && HasObject(entry) && ObjectHasher.KeyOf(entry.Form, entry.Proven, file) != entry.Object)
        {
            return (ObjectState.Altered, "was altered");
        }

        return
            metadata
            && InodeReader.Difference(
                entry.Metadata,
                stat,
                FileXattrs.Read($"/proc/self/fd/{file.DangerousGetHandle()}"),
                FileXattrs.OfHost
            )
                is { } changed
            ? (ObjectState.Changed, "has " + changed)
            : (ObjectState.Whole, "");
    }
}
