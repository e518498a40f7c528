// SPDX-License-Identifier: Apache-2.0

using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Native;
using SystemContainers.Oci;
using SystemContainers.Pull;
using SystemContainers.Store.Records;

namespace SystemContainers.Store;

/// <summary>
/// The content-addressed store (README.md beside this file draws it). Layers are added from several threads and
/// processes at once; they stay staged, and are seen by this instance only, until <see cref="Commit"/> makes them
/// durable and visible.
/// </summary>
sealed partial class ContentStore : ILayerSink, IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly string _root;
    private readonly SafeFileHandle _objects;
    private readonly Lazy<Staging> _staging;

    private ContentStore(
        string root,
        SafeFileHandle objects,
        TimeSpan? lockTimeout = null,
        Lazy<FreeSpaceRule>? keepFree = null
    )
    {
        Space = new StoreSpace(root, keepFree ?? new Lazy<FreeSpaceRule>(FreeSpaceRule.Default));
        _root = root;
        _objects = objects;
        _writeBehind = new WriteBehind(objects);
        Times = new FileTimes(Path.Join(root, "staging"));
        _staging = new Lazy<Staging>(() => Staging.Create(Path.Join(_root, "staging")));
        Images = new ImageRefs(Path.Join(root, "images"), PrepareRef);
        Locks = lockTimeout is { } timeout
            ? new StoreLocks(Path.Join(root, "locks")) { Timeout = timeout }
            : new StoreLocks(Path.Join(root, "locks"));
    }

    /// <summary>The names of images.</summary>
    public ImageRefs Images { get; }

    /// <summary>Locks between processes.</summary>
    public StoreLocks Locks { get; }

    /// <summary>What its file system makes of the times of files.</summary>
    public FileTimes Times { get; }

    /// <summary>The form that the objects of a new layer get; null for inodes.</summary>
    private Func<Digest, ObjectForm>? NewObjects { get; init; }

    /// <summary>A store whose layers count as this one's too; it is only read, and outlives this one. Null for
    /// none.</summary>
    public ContentStore? Below { get; init; }

    /// <summary>Opens the store, makes it where there is none, and removes what killed processes have left
    /// staged.</summary>
    /// <param name="root">An absolute path; its parent need not exist.</param>
    /// <param name="lockTimeout">How long to wait for others; null for the default.</param>
    /// <param name="keepFree">What stays free of its file system; null for the default.</param>
    /// <param name="below">A store whose layers count as this one's too; null for none.</param>
    /// <param name="newObjects">Asked for the form that the objects of a new layer get; null for inodes.</param>
    /// <exception cref="SysctrException">Host: a newer sysctr made it; Corrupt: its meta.json can't be
    /// read.</exception>
    public static ContentStore Open(
        string root,
        TimeSpan? lockTimeout = null,
        Lazy<FreeSpaceRule>? keepFree = null,
        ContentStore? below = null,
        Func<Digest, ObjectForm>? newObjects = null
    )
    {
        try
        {
            return OpenFiles(root, lockTimeout, keepFree, below, newObjects);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StoreErrors.Of($"opening the store {root}", e);
        }
    }

    private static ContentStore OpenFiles(
        string root,
        TimeSpan? lockTimeout,
        Lazy<FreeSpaceRule>? keepFree,
        ContentStore? below,
        Func<Digest, ObjectForm>? newObjects
    )
    {
        foreach (
            string directory in (string[])
                [
                    "",
                    "objects",
                    "layers",
                    "blobs/sha256",
                    "blobs/sha512",
                    "images",
                    "deployments",
                    "transactions",
                    "locks",
                    "staging",
                ]
        )
        {
            if (!Directory.Exists(Path.Join(root, directory)))
            {
                FaultPoint.Pass("mkdir");
                Directory.CreateDirectory(Path.Join(root, directory), OwnerOnly);
            }
        }

        // Whoever made it: setuid files of images are below, and no business of other users. On a disk that can't be
        // written it can be read all the same.
        if (File.GetUnixFileMode(root) != OwnerOnly)
        {
            File.SetUnixFileMode(root, OwnerOnly);
        }

        StoreFormat.CheckOrCreate(root);
        Staging.RemoveAbandoned(Path.Join(root, "staging"));
        string objects = Path.Join(root, "objects");
        SafeFileHandle handle = Libc.open(objects, OpenFlags.Directory | OpenFlags.CloseOnExec, 0);
        return handle.IsInvalid
            ? throw LinuxException.Last("open", objects)
            : new ContentStore(root, handle, lockTimeout, keepFree) { Below = below, NewObjects = newObjects };
    }

    /// <inheritdoc/>
    public bool HasLayer(Digest diffId)
    {
        lock (_staged)
        {
            return _staged.Contains(diffId) || File.Exists(IndexPath(diffId)) || Below?.HasLayer(diffId) == true;
        }
    }

    /// <summary>The index of a layer that <see cref="HasLayer"/> knows.</summary>
    /// <exception cref="SysctrException">Corrupt: it is missing or altered.</exception>
    public LayerIndex ReadLayer(Digest diffId)
    {
        bool staged;
        lock (_staged)
        {
            staged = _staged.Contains(diffId);
        }

        string file = staged ? _staging.Value.LayerPath(diffId) : IndexPath(diffId);
        try
        {
            return LayerIndex.FromBytes(RegularFile.ReadAll(file), diffId);
        }
        catch (FileNotFoundException e)
        {
            return Below?.ReadLayer(diffId) ?? throw Missing($"layer {diffId}", e);
        }
    }

    /// <summary>Keeps a manifest or configuration, durably.</summary>
    public void PutBlob(Digest digest, ReadOnlySpan<byte> content)
    {
        string file = BlobPath(digest);
        if (File.Exists(file))
        {
            return;
        }

        try
        {
            DurableFile.Write(file, content, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StoreErrors.Of($"keeping blob {digest}", e);
        }
    }

    /// <summary>A manifest or configuration, verified.</summary>
    /// <exception cref="SysctrException">Corrupt: it is missing or altered.</exception>
    public byte[] ReadBlob(Digest digest)
    {
        byte[] content;
        try
        {
            content = RegularFile.ReadAll(BlobPath(digest));
        }
        catch (FileNotFoundException e)
        {
            throw Missing($"blob {digest}", e);
        }

        return
            Digest.FromHash(
                digest.HashName,
                System.Security.Cryptography.CryptographicOperations.HashData(digest.HashName, content)
            ) == digest
            ? content
            : throw new SysctrException(
                ErrorKind.Corrupt,
                $"reading blob {digest}: it was altered",
                "'sysctr fsck --repair' fetches it again"
            );
    }

    /// <summary>The content of an object, staged ones of this instance included.</summary>
    /// <exception cref="SysctrException">Corrupt: it is missing, or no file.</exception>
    public SafeFileHandle OpenObject(ObjectKey key)
    {
        SafeFileHandle file = OpenObject(key, 0);
        if (RegularFile.IsRegular(file, $"object {key}"))
        {
            return file;
        }

        file.Dispose();
        throw new SysctrException(
            ErrorKind.Corrupt,
            $"reading object {key}: it is no file",
            "'sysctr fsck --repair' fetches it again"
        );
    }

    /// <summary>The content of a file, whole; for one that is known to be small.</summary>
    /// <param name="entry">A regular file.</param>
    /// <param name="doing">What it is read for, for messages.</param>
    /// <exception cref="SysctrException">Corrupt: the object is missing or cut.</exception>
    public byte[] ReadObject(LayerEntry entry, string doing)
    {
        byte[] content = new byte[entry.Size];
        if (content.Length > 0)
        {
            using SafeFileHandle file = OpenObject(entry.Object);
            if (FileBytes.Fill(file, content, 0) < content.Length)
            {
                throw new SysctrException(
                    ErrorKind.Corrupt,
                    $"{doing}: object {entry.Object} is cut",
                    "'sysctr fsck --repair' fetches it again"
                );
            }
        }

        return content;
    }

    private unsafe SafeFileHandle OpenObject(ObjectKey key, int flags)
    {
        Span<byte> path = stackalloc byte[ObjectKey.PathSize];
        key.WritePath(path);
        fixed (byte* pointer = path)
        {
            SafeFileHandle handle = Libc.openat(
                _objects,
                pointer,
                // A FIFO in the place of an object, which somebody's root may have, must not hold the reader up.
                OpenFlags.ReadOnly
                    | OpenFlags.NonBlock
                    | OpenFlags.CloseOnExec
                    | flags,
                0
            );
            if (!handle.IsInvalid)
            {
                return handle;
            }

            if (Marshal.GetLastPInvokeError() != Errno.ENOENT)
            {
                throw LinuxException.Last("openat", $"object {key}");
            }
        }

        return _staging.IsValueCreated && _staging.Value.TryOpen(key) is { } staged ? staged
            : _originals.TryGetValue(key, out ObjectKey original) ? OpenObject(original, flags)
            : Below?.OpenObject(key) ?? throw Missing($"object {key}");
    }

    /// <summary>Makes a hard link of an object that is committed.</summary>
    /// <returns>0, or the errno that says why not (EMLINK: the object has all the names that the file system
    /// allows).</returns>
    public unsafe int LinkObject(ObjectKey key, SafeFileHandle directory, byte* name)
    {
        Span<byte> path = stackalloc byte[ObjectKey.PathSize];
        key.WritePath(path);
        fixed (byte* pointer = path)
        {
            return Libc.linkat(_objects, pointer, directory, name, 0) == 0 ? 0 : Marshal.GetLastPInvokeError();
        }
    }

    /// <summary>Whether layers were added that <see cref="Commit"/> has not made visible yet.</summary>
    public bool HasStagedLayers
    {
        get
        {
            lock (_staged)
            {
                return _staged.Count > 0;
            }
        }
    }

    /// <summary>Whether the store has a manifest or configuration.</summary>
    public bool HasBlob(Digest digest) => File.Exists(BlobPath(digest));

    /// <summary>
    /// Removes a directory of the store atomically: no reader sees a part of it, crash or not. What a kill
    /// leaves of it is in <c>staging/</c>, or beside where that is on another file system, and gone with the next call.
    /// </summary>
    /// <param name="directory">Absolute; need not be there.</param>
    /// <exception cref="LinuxException">It could not be moved away; or something is mounted in it (EXDEV,
    /// EBUSY).</exception>
    public void Discard(string directory)
    {
        if (Directory.Exists(directory))
        {
            Staging.Discard(Path.Join(_root, "staging"), directory);
        }
    }

    /// <summary>Removes files of the store that killed processes were writing.</summary>
    public void RemoveAbandoned()
    {
        foreach (
            string directory in (string[])
                ["", "images", "blobs/sha256", "blobs/sha512", "transactions", "networks", "failed"]
        )
        {
            DurableFile.RemoveAbandoned(Path.Join(_root, directory));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_staging.IsValueCreated)
        {
            _reservation?.Dispose();
            _staging.Value.Dispose();
        }

        _objects.Dispose();
    }

    /// <summary>Before a ref: what it names has to be durable, and there.</summary>
    private void PrepareRef(ImageRecord record)
    {
        Commit();
        foreach (Digest diffId in record.DiffIds)
        {
            if (!HasLayer(diffId))
            {
                throw Missing($"layer {diffId}");
            }
        }
    }

    private static SysctrException Missing(string what, Exception? e = null) =>
        new(
            ErrorKind.Corrupt,
            $"reading {what}: the store does not have it",
            "'sysctr fsck --repair' fetches it again",
            e
        );

    /// <summary>Where the index of a layer is, or would be.</summary>
    internal string IndexPath(Digest diffId) => Path.Join(_root, "layers", LayerFileName(diffId));

    /// <summary>Where a blob is, or would be.</summary>
    internal string BlobPath(Digest digest) => Path.Join(_root, "blobs", digest.Algorithm, digest.Hex);

    /// <summary>Where an object is, or would be.</summary>
    internal string ObjectPath(ObjectKey key)
    {
        string hex = key.ToString();
        return Path.Join(_root, "objects", hex[..2], hex[2..]);
    }

    /// <summary>Digests of two algorithms share the directory; their lengths keep them apart.</summary>
    internal static string LayerFileName(Digest diffId) => diffId.Hex;
}
