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
    )
    {
        while (true)
        {
            ContainerLocks locks = host.Locks.LockContainers(names, cancellation);
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
