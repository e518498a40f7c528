// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Store;

namespace SystemContainers.Target;

/// <summary>
/// All locks of a host that a call takes, in their order: whoever holds one waits only for those that stand after it in
/// <see cref="Rank"/>, so that no two calls wait for each other. To wait for another is a fault of the program, and
/// thrown as one; to try without waiting harms nobody.
/// </summary>
/// <param name="files">Opens the store, and gives its locks.</param>
/// <param name="note">Told what is waited for.</param>
/// <param name="networks">Takes the lock that starts of containers take; null where nothing starts, or has no networks
/// by name: then it is one of the store's.</param>
sealed class HostLocks(Func<StoreLocks> files, Action<string> note, Func<IDisposable>? networks = null)
{
    // No container's name begins so.
    private const string Mounts = "+mounts";
    private const string Networks = "+networks";
    private const string StateDirectories = "+state-directories";
    private const string History = "+history";

    private readonly Lock _lock = new();
    private readonly List<Rank> _held = [];

    /// <summary>The order.</summary>
    private enum Rank
    {
        /// <summary>This host's part of a roll-out.</summary>
        Rollout,

        /// <summary>The containers of a transaction, all at once and by name.</summary>
        Containers,

        /// <summary>What is mounted; whoever has it takes no container.</summary>
        Mounts,

        /// <summary>The store: leased by any number at once, or had alone.</summary>
        Store,

        /// <summary>Networks by name, and those of the containers that run. A start takes it and nothing else, so
        /// whoever has it waits for no start.</summary>
        Networks,

        /// <summary>Whose state directories are whose; held for a moment.</summary>
        StateDirectories,

        /// <summary>The history; held for a moment.</summary>
        History,
    }

    /// <summary>Lets this process alone speak for the host in a roll-out.</summary>
    /// <exception cref="SysctrException">Locked: another sysctr held it for too long; so of all that wait.</exception>
    public IDisposable LockRollout(CancellationToken cancellation) =>
        Wait(Rank.Rollout, () => files().LockRollout(note, cancellation));

    /// <summary>Locks containers against every other sysctr; waits, and says so.</summary>
    public ContainerLocks LockContainers(IReadOnlyList<string> names, CancellationToken cancellation) =>
        new(
            this,
            names,
            Wait(Rank.Containers, () => LockSet.Take(names, name => files().LockContainer(name, note, cancellation))!)
        );

    /// <summary>As <see cref="LockContainers"/> without waiting.</summary>
    /// <returns>Null where another sysctr holds one of them.</returns>
    public ContainerLocks? TryLockContainers(IReadOnlyList<string> names) =>
        LockSet.Take(names, name => files().TryLockContainer(name)) is { } held
            ? new ContainerLocks(this, names, Hold(Rank.Containers, held))
            : null;

    /// <summary>Held while a mount is made or taken away, and while somebody makes sure that nobody looks at what is
    /// about to go. Never while units stop or start: one of them may mount something.</summary>
    public IDisposable LockMounts(CancellationToken cancellation) =>
        Wait(Rank.Mounts, () => files().LockNamed(Mounts, "the mounts", note, cancellation));

    /// <summary>As <see cref="LockMounts"/> without waiting; null where another sysctr holds it.</summary>
    public IDisposable? TryLockMounts() =>
        files().TryLockContainer(Mounts) is { } held ? Hold(Rank.Mounts, held) : null;

    /// <summary>From here on, until it is disposed of, no prune removes anything from the store. Never over the
    /// network: <see cref="StoreLease.WithoutAsync"/>.</summary>
    public StoreLease LeaseStore(CancellationToken cancellation) =>
        new(token => Wait(Rank.Store, () => files().Lease(note, token)), cancellation);

    /// <summary>The store for this process alone, to remove from it.</summary>
    public IDisposable LockStore(CancellationToken cancellation) =>
        Wait(Rank.Store, () => files().LockStore(note, cancellation));

    /// <summary>As <see cref="LockStore"/> without waiting; null where another sysctr uses the store.</summary>
    public IDisposable? TryLockStore() => files().TryLockStore() is { } held ? Hold(Rank.Store, held) : null;

    /// <summary>Held while networks are made or taken away.</summary>
    public IDisposable LockNetworks() =>
        Wait(
            Rank.Networks,
            networks ?? (() => files().LockNamed(Networks, "the networks", note, CancellationToken.None))
        );

    /// <summary>Held while claims of state directories change.</summary>
    public IDisposable LockStateDirectories() =>
        Wait(
            Rank.StateDirectories,
            () => files().LockNamed(StateDirectories, "the state directories", note, CancellationToken.None)
        );

    /// <summary>Held while the history is written.</summary>
    public IDisposable LockHistory() =>
        Wait(Rank.History, () => files().LockNamed(History, "the history", note: _ => { }, CancellationToken.None));

    private Held Wait(Rank rank, Func<IDisposable> take)
    {
        lock (_lock)
        {
            if (_held.FindIndex(h => h >= rank) is >= 0 and var at)
            {
                throw new InvalidOperationException(
                    $"The lock of {rank} was asked for while that of {_held[at]} was held, which comes after it."
                );
            }
        }

        return Hold(rank, take());
    }

    private Held Hold(Rank rank, IDisposable held)
    {
        lock (_lock)
        {
            _held.Add(rank);
        }

        return new Held(() =>
        {
            held.Dispose();
            lock (_lock)
            {
                _held.Remove(rank);
            }
        });
    }

    private sealed class Held(Action release) : IDisposable
    {
        private Action? _release = release;

        public void Dispose() => Interlocked.Exchange(ref _release, null)?.Invoke();
    }
}
