// SPDX-License-Identifier: Apache-2.0

using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Native;

namespace SystemContainers.Store;

/// <summary>flock(2) on files of <c>locks/</c>: the kernel gives them back whatever happens to the process that holds
/// them.</summary>
/// <param name="directory"><c>locks/</c> of the store.</param>
sealed class StoreLocks(string directory)
{
    private static readonly TimeSpan s_poll = TimeSpan.FromMilliseconds(50);

    /// <summary>How long to wait for another sysctr before giving up.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Locks a container against every other sysctr.</summary>
    /// <param name="name">The container.</param>
    /// <param name="note">Told once when there is somebody to wait for.</param>
    /// <exception cref="SysctrException">Locked: <see cref="Timeout"/> went by.</exception>
    public IDisposable LockContainer(string name, Action<string> note, CancellationToken cancellation) =>
        LockNamed(name, $"'{name}'", note, cancellation);

    /// <summary>As <see cref="LockContainer"/> for what is no container's.</summary>
    /// <param name="name">The file's, without its ending; no container's begins so.</param>
    /// <param name="what">What it is, in words.</param>
    /// <exception cref="SysctrException">As there.</exception>
    public IDisposable LockNamed(string name, string what, Action<string> note, CancellationToken cancellation) =>
        Wait(() => TryLockContainer(name), what, note, cancellation);

    /// <summary>Keeps the store as it is but for additions: any number of processes at once, and no prune beside
    /// them.</summary>
    /// <exception cref="SysctrException">Locked: a prune took longer than <see cref="Timeout"/>.</exception>
    public IDisposable Lease(Action<string> note, CancellationToken cancellation) =>
        Wait(() => TryLock(StoreFile, Libc.LOCK_SH), "the store", note, cancellation);

    /// <summary>The store for this process alone, to remove from it.</summary>
    /// <exception cref="SysctrException">Locked: leases were held for <see cref="Timeout"/>.</exception>
    public IDisposable LockStore(Action<string> note, CancellationToken cancellation) =>
        Wait(() => TryLock(StoreFile), "the store", note, cancellation);

    /// <summary>As <see cref="LockStore"/> without waiting.</summary>
    /// <returns>Null where another sysctr uses the store.</returns>
    public IDisposable? TryLockStore() => TryLock(StoreFile);

    /// <summary>Lets one process at a time speak for this host in a roll-out.</summary>
    /// <exception cref="SysctrException">Locked: <see cref="Timeout"/> went by.</exception>
    public IDisposable LockRollout(Action<string> note, CancellationToken cancellation) =>
        Wait(() => TryLock(RolloutFile), "this host's part of a roll-out", note, cancellation);

    /// <summary>Lets one process at a time put indexes of layers in their places: whether one is to be replaced depends
    /// on what is there. Held for moments.</summary>
    /// <exception cref="SysctrException">Locked: <see cref="Timeout"/> went by.</exception>
    public IDisposable LockIndexes() =>
        Wait(() => TryLock(IndexesFile), "the layers", _ => { }, CancellationToken.None);

    // No container's name begins so.
    private string StoreFile => Path.Join(directory, "+store.lock");

    private string IndexesFile => Path.Join(directory, "+indexes.lock");

    private string RolloutFile => Path.Join(directory, "+rollout.lock");

    private IDisposable Wait(Func<IDisposable?> take, string what, Action<string> note, CancellationToken cancellation)
    {
        long start = Environment.TickCount64;
        bool told = false;
        while (true)
        {
            if (take() is { } held)
            {
                return held;
            }

            if (!told)
            {
                note($"waiting for another sysctr that works on {what}");
                told = true;
            }

            if (Environment.TickCount64 - start > Timeout.TotalMilliseconds)
            {
                throw new SysctrException(
                    ErrorKind.Locked,
                    $"locking {what}: another sysctr held it for {Timeout.TotalSeconds:0} s",
                    "try again when it has ended"
                );
            }

            cancellation.WaitHandle.WaitOne(s_poll);
            cancellation.ThrowIfCancellationRequested();
        }
    }

    /// <summary>The same without waiting.</summary>
    /// <returns>Null where another sysctr holds it.</returns>
    public IDisposable? TryLockContainer(string name) => TryLock(Path.Join(directory, name + ".lock"));

    /// <summary>Whether a process holds a lock on a file. Looks only: makes no file.</summary>
    internal static bool IsHeld(string path)
    {
        using SafeFileHandle handle = Libc.open(
            path,
            OpenFlags.ReadOnly | OpenFlags.CloseOnExec | OpenFlags.NoFollow,
            0
        );
        return !handle.IsInvalid && Libc.flock(handle, Libc.LOCK_SH | Libc.LOCK_NB) != 0;
    }

    /// <summary>On a disk that can't be written a check still has to lock; where there is no lock file, nobody has it
    /// or can get it.</summary>
    private static SafeFileHandle OpenReadOnly(string path)
    {
        SafeFileHandle handle = Libc.open(
            File.Exists(path) ? path : "/dev/null",
            OpenFlags.ReadOnly | OpenFlags.CloseOnExec,
            0
        );
        return handle.IsInvalid ? throw LinuxException.Last("open", path) : handle;
    }

    /// <param name="kind">LOCK_EX or LOCK_SH.</param>
    /// <param name="create">Whether it is made if it is not there.</param>
    /// <returns>Null where another open file holds the lock, or where there is no file.</returns>
    internal static SafeFileHandle? TryLock(string path, int kind = Libc.LOCK_EX, bool create = true)
    {
        SafeFileHandle handle = Libc.open(
            path,
            OpenFlags.ReadWrite | (create ? OpenFlags.Create : 0) | OpenFlags.CloseOnExec | OpenFlags.NoFollow,
            0x180
        );
        if (handle.IsInvalid)
        {
            LinuxException failure = LinuxException.Last("open", path);
            handle.Dispose();
            if (!create && failure.Errno == Errno.ENOENT)
            {
                return null;
            }

            handle = failure.Errno == Errno.EROFS ? OpenReadOnly(path) : throw failure;
        }

        if (Libc.flock(handle, kind | Libc.LOCK_NB) == 0)
        {
            return handle;
        }

        int errno = Marshal.GetLastPInvokeError();
        handle.Dispose();
        return errno == Errno.EAGAIN ? null : throw new LinuxException("flock", path, errno);
    }
}
