// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Target;

/// <summary>Containers that no other sysctr works on until this is disposed of. The store comes after them: its lease
/// is had from here.</summary>
sealed class ContainerLocks : IDisposable
{
    private readonly HostLocks _locks;
    private readonly IDisposable _held;

    internal ContainerLocks(HostLocks locks, IReadOnlyList<string> names, IDisposable held)
    {
        _locks = locks;
        _held = held;
        Names = names;
    }

    public IReadOnlyList<string> Names { get; }

    /// <summary>As <see cref="HostLocks.LeaseStore"/>.</summary>
    public StoreLease LeaseStore(CancellationToken cancellation) => _locks.LeaseStore(cancellation);

    /// <inheritdoc/>
    public void Dispose() => _held.Dispose();
}
