// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using System.Text;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Native;
using SystemContainers.Oci;
using SystemContainers.Store.Records;

namespace SystemContainers.Store;

/// <summary>
/// What one process is adding: <c>staging/ID/</c> with objects and layer indexes that nobody else sees. Its lock file
/// is held as long as the process lives, so that others can tell a live one from what a dead one left.
/// </summary>
sealed unsafe class Staging : IDisposable
{
    private readonly string _path;

    private readonly SafeFileHandle _lock;
    private readonly ConcurrentDictionary<ObjectKey, StagedFile> _objects = new();
    private readonly ConcurrentDictionary<ObjectKey, ObjectForm> _contents = new();
    private long _files;

    private Staging(string path, SafeFileHandle held, SafeFileHandle objects)
    {
        _path = path;
        _lock = held;
        Objects = objects;
    }

    /// <summary>The directory of staged objects; only this process knows which is which.</summary>
    public SafeFileHandle Objects { get; }

    /// <summary>Makes one below <paramref name="root"/>, <c>staging/</c> of the store.</summary>
    public static Staging Create(string root)
    {
        (string path, SafeFileHandle held) = Reserve(root);
        FaultPoint.Pass("mkdir");
        for (int i = 0; i < StagedFile.Directories; i++)
        {
            Directory.CreateDirectory(Path.Join(path, "objects", StagedFile.DirectoryName(i)));
        }

        Directory.CreateDirectory(Path.Join(path, "layers"));
        SafeFileHandle objects = Libc.open(Path.Join(path, "objects"), OpenFlags.Directory | OpenFlags.CloseOnExec, 0);
        return objects.IsInvalid ? throw LinuxException.Last("open", path) : new Staging(path, held, objects);
    }

    /// <summary>
    /// Removes a directory atomically: no reader sees a part of it, crash or not. It moves to
    /// <paramref name="root"/> and is removed there; what a kill leaves of it goes with what was abandoned. One that is
    /// on a file system of its own, or a subvolume, gets a name for the moment beside its own.
    /// </summary>
    /// <param name="root"><c>staging/</c> of the store.</param>
    /// <param name="directory">Absolute.</param>
    /// <exception cref="LinuxException">It could not be moved; or it was, and something is mounted in it (EXDEV,
    /// EBUSY). What else can't be removed stays for the next call.</exception>
    public static void Discard(string root, string directory)
    {
        if (!FileIdentity.CanMove(root, Path.GetDirectoryName(directory)!))
        {
            string beside = DurableFile.Beside(directory);
            Move(directory, beside);
            RemoveMoved(beside);
            return;
        }

        (string Path, SafeFileHandle Held) reserved;
        try
        {
            reserved = Reserve(root);
        }
        catch (LinuxException e) when (e.Errno is Errno.ENOSPC or Errno.EDQUOT)
        {
            // Not even a lock file can be made, and what gives room back must not ask for any. A name costs none;
            // without a lock it is anybody's to remove.
            string bare = Path.Join(root, Guid.NewGuid().ToString("N"));
            Move(directory, bare);
            DurableFile.SyncDirectory(Path.GetDirectoryName(directory)!);
            RemoveMoved(bare);
            return;
        }

        (string path, SafeFileHandle held) = reserved;
        using (held)
        {
            // Where this fails the lock file stays, and with it others find what is left.
            Move(directory, path);
            DurableFile.SyncDirectory(Path.GetDirectoryName(directory)!);
            if (RemoveMoved(path))
            {
                File.Delete(path + ".lock");
            }
        }
    }

    /// <summary>What somebody has protected by chattr(1) can't be renamed either; here it is nobody's any
    /// more.</summary>
    private static void Move(string directory, string path)
    {
        try
        {
            DurableFile.Move(directory, path);
        }
        catch (LinuxException e) when (e.Errno == Errno.EPERM && Unprotect(directory))
        {
            DurableFile.Move(directory, path);
        }
    }

    private static bool Unprotect(string directory)
    {
        string parent = Path.GetDirectoryName(directory)!;
        using SafeFileHandle handle = Libc.open(parent, OpenFlags.Directory | OpenFlags.CloseOnExec, 0);
        fixed (byte* name = Encoding.UTF8.GetBytes(Path.GetFileName(directory) + '\0'))
        {
            return !handle.IsInvalid && InodeFlags.Unprotect(handle, name, withDirectory: false);
        }
    }

    /// <summary>It is gone for everybody already: that some of it can't be removed keeps nobody from going
    /// on.</summary>
    private static bool RemoveMoved(string path)
    {
        try
        {
            TreeRemoval.RemoveProtected(path);
            return true;
        }
        catch (LinuxException e) when (e.Errno is not (Errno.EXDEV or Errno.EBUSY))
        {
            return false;
        }
    }

    /// <summary>A name with its lock.</summary>
    private static (string Path, SafeFileHandle Held) Reserve(string root)
    {
        // The lock comes first: without its directory it means nothing, while a directory without a lock is abandoned.
        // Between its making and its locking another process may have taken it for a dead one's: then there is another
        // name.
        while (true)
        {
            string path = Path.Join(root, Guid.NewGuid().ToString("N"));
            SafeFileHandle? held = StoreLocks.TryLock(path + ".lock");
            if (held is not null && File.Exists(path + ".lock"))
            {
                return (path, held);
            }

            held?.Dispose();
        }
    }

    /// <summary>Removes what processes that are gone have left.</summary>
    public static void RemoveAbandoned(string root)
    {
        foreach (string file in Directory.GetFiles(root, "*.lock"))
        {
            Try(() =>
            {
                using SafeFileHandle? held = StoreLocks.TryLock(file, create: false);
                if (held is not null)
                {
                    Remove(file[..^".lock".Length]);
                }
            });
        }

        foreach (string bare in Directories(root).Where(d => !File.Exists(d + ".lock")))
        {
            Try(() => Remove(bare));
        }
    }

    /// <summary>The directories that processes which are gone have left.</summary>
    public static IEnumerable<string> Abandoned(string root) =>
        Directory.Exists(root) ? Directories(root).Where(d => !StoreLocks.IsHeld(d + ".lock")) : [];

    private static IEnumerable<string> Directories(string root) =>
        Directory.GetDirectories(root).Where(d => Path.GetFileName(d) != DirectoryNames.OfFileSystem);

    private static void Remove(string path)
    {
        TreeRemoval.RemoveProtected(path);
        FaultPoint.Pass("unlink");
        File.Delete(path + ".lock");
    }

    /// <summary>Garbage that can't go, for something is mounted in it or the disk fails, must keep nobody from opening
    /// the store: the next call tries again, and fsck tells of it.</summary>
    private static void Try(Action remove)
    {
        try
        {
            remove();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { }
    }

    public string DirectoryPath => _path;

    /// <summary>A name in the directory that nothing has.</summary>
    public string NewPath(string name) => Path.Join(_path, $"{name}-{Interlocked.Increment(ref _files)}");

    public string LayerPath(Digest diffId) => Path.Join(_path, "layers", ContentStore.LayerFileName(diffId));

    /// <summary>A new file for an object, which may fail half-way: it counts for nothing before
    /// <see cref="Add"/>.</summary>
    public SafeFileHandle CreateFile(out StagedFile staged)
    {
        FaultPoint.Pass("openat");
        staged = new StagedFile(Interlocked.Increment(ref _files));
        Span<byte> path = stackalloc byte[StagedFile.PathSize];
        staged.WritePath(path);
        fixed (byte* pointer = path)
        {
            SafeFileHandle handle = Libc.openat(
                Objects,
                pointer,
                OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.CloseOnExec,
                0x180
            );
            return handle.IsInvalid ? throw LinuxException.Last("openat", "a staged object") : handle;
        }
    }

    /// <summary>Whether the object is staged, and then whole.</summary>
    public bool Has(ObjectKey key) => _objects.ContainsKey(key);

    /// <summary>Registers a completely written file under its key; removes it where the key is staged.</summary>
    /// <param name="key">Its name.</param>
    /// <param name="form">What the name says of it.</param>
    public void Add(ObjectKey key, StagedFile file, ObjectForm form)
    {
        if (form == ObjectForm.Content)
        {
            _contents[key] = form;
        }

        if (_objects.TryAdd(key, file))
        {
            return;
        }

        Span<byte> path = stackalloc byte[StagedFile.PathSize];
        file.WritePath(path);
        fixed (byte* pointer = path)
        {
            if (Libc.unlinkat(Objects, pointer, 0) != 0)
            {
                throw LinuxException.Last("unlinkat", $"staged object {key}");
            }
        }
    }

    /// <summary>Whether a staged object is content alone.</summary>
    public bool IsContent(ObjectKey key) => _contents.ContainsKey(key);

    /// <summary>A staged object for reading; null where it is not there.</summary>
    public SafeFileHandle? TryOpen(ObjectKey key)
    {
        if (!_objects.TryGetValue(key, out StagedFile file))
        {
            return null;
        }

        Span<byte> path = stackalloc byte[StagedFile.PathSize];
        file.WritePath(path);
        fixed (byte* pointer = path)
        {
            SafeFileHandle handle = Libc.openat(Objects, pointer, OpenFlags.ReadOnly | OpenFlags.CloseOnExec, 0);
            return handle.IsInvalid ? null : handle;
        }
    }

    /// <summary>Completely written objects. An entry goes after its file is renamed into objects/.</summary>
    public ICollection<KeyValuePair<ObjectKey, StagedFile>> Whole => _objects;

    /// <summary>What can't be removed now is no reason for a call to fail whose work is done: without its lock the next
    /// one finds it.</summary>
    public void Dispose()
    {
        Objects.Dispose();
        Try(() => Remove(_path));
        _lock.Dispose();
    }
}
