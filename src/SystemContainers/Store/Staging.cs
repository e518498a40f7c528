using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Linux;
using SystemContainers.Linux.Native;
using SystemContainers.Oci;

namespace SystemContainers.Store;

/// <summary>
/// What one process is adding: <c>staging/ID/</c> with objects and layer indexes that nobody else sees. Its lock file is
/// held as long as the process lives, so that others can tell a live one from what a dead one left.
/// </summary>
sealed unsafe class Staging : IDisposable
{
    private readonly string _path;

    private readonly SafeFileHandle _lock;
    private long _files;

    private Staging(string path, SafeFileHandle held, SafeFileHandle objects)
    {
        _path = path;
        _lock = held;
        Objects = objects;
    }

    /// <summary>The directory of staged objects, named by their whole key in hexadecimal.</summary>
    public SafeFileHandle Objects { get; }

    /// <summary>Makes one below <paramref name="root"/>, <c>staging/</c> of the store.</summary>
    public static Staging Create(string root)
    {
        // The lock comes first: without its directory it means nothing, while a directory without a lock is abandoned. Between its
        // making and its locking another process may have taken it for a dead one's: then there is another name.
        string path;
        SafeFileHandle? held;
        do
        {
            path = Path.Join(root, Guid.NewGuid().ToString("N"));
            held = StoreLocks.TryLock(path + ".lock");
        }
        while (held is null || !File.Exists(path + ".lock"));

        Directory.CreateDirectory(Path.Join(path, "objects"));
        Directory.CreateDirectory(Path.Join(path, "layers"));
        SafeFileHandle objects = Libc.open(Path.Join(path, "objects"), OpenFlags.Directory | OpenFlags.CloseOnExec, 0);
        return objects.IsInvalid ? throw LinuxException.Last("open", path) : new Staging(path, held, objects);
    }

    /// <summary>Removes what processes that are gone have left.</summary>
    public static void RemoveAbandoned(string root)
    {
        foreach (string file in Directory.GetFiles(root, "*.lock"))
        {
            using SafeFileHandle? held = StoreLocks.TryLock(file);
            if (held is not null)
            {
                TreeRemoval.Remove(file[..^".lock".Length]);
                File.Delete(file);
            }
        }
    }

    /// <summary>The directories that processes which are gone have left.</summary>
    public static IEnumerable<string> Abandoned(string root) =>
        Directory.Exists(root) ? Directory.EnumerateDirectories(root).Where(d => !StoreLocks.IsHeld(d + ".lock")) : [];

    /// <summary>The directory.</summary>
    public string DirectoryPath => _path;

    public string LayerPath(Digest diffId) => Path.Join(_path, "layers", ContentStore.LayerFileName(diffId));

    /// <summary>A new file for an object, which may fail half-way: no other layer counts on it before it has its name.</summary>
    public SafeFileHandle CreateFile(out string name)
    {
        name = $"new-{Interlocked.Increment(ref _files)}";
        return Open(Encoding.ASCII.GetBytes(name + "\0"), OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive);
    }

    /// <summary>Whether the object is staged, and then whole: an object gets its name last.</summary>
    public bool Has(ObjectKey key)
    {
        Span<byte> name = stackalloc byte[65];
        WriteName(key, name);
        fixed (byte* pointer = name)
        {
            return Libc.faccessat(Objects, pointer, 0, 0) == 0;
        }
    }

    /// <summary>Gives a file of <see cref="CreateFile"/> its key for a name, or drops it where the object is staged already.</summary>
    public void Name(string newName, ObjectKey key)
    {
        Span<byte> name = stackalloc byte[65];
        WriteName(key, name);
        fixed (byte* from = Encoding.ASCII.GetBytes(newName + "\0"))
        fixed (byte* to = name)
        {
            if (Libc.renameat2(Objects, from, Objects, to, Libc.RENAME_NOREPLACE) == 0)
            {
                return;
            }

            if (Marshal.GetLastPInvokeError() != Errno.EEXIST || Libc.unlinkat(Objects, from, 0) != 0)
            {
                throw LinuxException.Last("renameat2", $"staged object {key}");
            }
        }
    }

    /// <summary>A staged object for reading; null where it is not there.</summary>
    public SafeFileHandle? TryOpen(ObjectKey key)
    {
        Span<byte> name = stackalloc byte[65];
        WriteName(key, name);
        fixed (byte* pointer = name)
        {
            SafeFileHandle handle = Libc.openat(Objects, pointer, OpenFlags.ReadOnly | OpenFlags.CloseOnExec, 0);
            return handle.IsInvalid ? null : handle;
        }
    }

    public static void WriteName(ObjectKey key, Span<byte> name)
    {
        key.WriteHex(name);
        name[64] = 0;
    }

    public void Dispose()
    {
        Objects.Dispose();
        TreeRemoval.Remove(_path);
        File.Delete(_path + ".lock");
        _lock.Dispose();
    }

    private SafeFileHandle Open(byte[] name, int flags)
    {
        fixed (byte* pointer = name)
        {
            SafeFileHandle handle = Libc.openat(Objects, pointer, flags | OpenFlags.CloseOnExec, 0x180);
            return handle.IsInvalid ? throw LinuxException.Last("openat", "a staged object") : handle;
        }
    }
}
