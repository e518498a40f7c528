// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Target;

namespace SystemContainers.Transactions;

/// <summary>What every operation on a host does first: recover what a crash has left.</summary>
static class HostRecovery
{
    /// <summary>
    /// Locks containers, and recovers any interrupted transaction that involves them before it returns: the process
    /// that was waited for may have died in the middle of its work.
    /// </summary>
    internal static async Task<ContainerLocks> LockAndRecoverAsync(
        this Host host,
        IReadOnlyList<string> names,
        CancellationToken cancellation
    ) => (await LockAndRecoverAsync(host, names, n => host.Locks.LockContainers(n, cancellation)))!;

    /// <summary>The same for who does not wait for another process.</summary>
    /// <returns>Null where another holds one of them, or one of what has to be recovered with them.</returns>
    internal static Task<ContainerLocks?> TryLockAndRecoverAsync(this Host host, IReadOnlyList<string> names) =>
        LockAndRecoverAsync(host, names, host.Locks.TryLockContainers);

    private static async Task<ContainerLocks?> LockAndRecoverAsync(
        Host host,
        IReadOnlyList<string> names,
        Func<IReadOnlyList<string>, ContainerLocks?> take
    )
    {
        while (take(names) is { } locks)
        {
            try
            {
                IReadOnlyList<string> more = await new Recovery(host).EndAsync(names, start: true);
                if (more.Count == 0)
                {
                    return locks;
                }

                names = [.. names.Union(more, StringComparer.Ordinal)];
            }
            catch
            {
                locks.Dispose();
                throw;
            }

            locks.Dispose();
        }

        return null;
    }

    /// <summary>Rolls back the transactions that a crash has left, or rolls them forward where they were
    /// committed.</summary>
    internal static Task RecoverAsync(this Host host, CancellationToken cancellation) =>
        new Recovery(host).RunAsync(start: true, cancellation);

    /// <summary>As <see cref="RecoverAsync"/> for calls that only read, and so open nothing where nothing was
    /// interrupted.</summary>
    internal static Task RecoverPendingAsync(this Host host, CancellationToken cancellation) =>
        host.Transactions.Any ? host.RecoverAsync(cancellation) : Task.CompletedTask;
}
