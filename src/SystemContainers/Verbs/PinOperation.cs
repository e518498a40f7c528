// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.History;
using SystemContainers.State;
using SystemContainers.Target;
using SystemContainers.Transactions;

namespace SystemContainers.Verbs;

/// <summary>Keeps deployments from being pruned, or lets them go again.</summary>
sealed class PinOperation(Host host, Action<string> note)
{
    /// <summary>Pins or unpins a deployment; one that is as asked already is no error.</summary>
    /// <param name="name">The container.</param>
    /// <param name="number">The deployment; null for the one in use.</param>
    /// <param name="pinned">Which of the two.</param>
    /// <param name="cancellation">Honoured until the change.</param>
    /// <exception cref="SysctrException">NotFound: there is no such container or deployment.</exception>
    public async Task RunAsync(string name, int? number, bool pinned, CancellationToken cancellation)
    {
        await host.RecoverAsync(cancellation);
        ContainerRecord current = host.Catalog.Get(name);

        // Whole: a deployment that a cut update has made, and that is about to be rolled back, must not be written.
        using ContainerLocks locks = await host.LockAndRecoverAsync([name], cancellation);
        current = host.Catalog.Get(name);
        ContainerRecord record =
            (number is { } n ? host.Catalog.Find(name, n) : current)
            ?? throw new SysctrException(
                ErrorKind.NotFound,
                $"{(pinned ? "pinning" : "unpinning")} '{name}': it has no deployment {number}",
                "'sysctr list --all' shows the deployments"
            );
        string state = pinned ? "pinned" : "not pinned";
        if (record.Pinned == pinned)
        {
            note($"{name}: deployment {record.Deployment} is {state} already");
            return;
        }

        RecordChange.Make(host, record, record with { Pinned = pinned });
        host.History.Add(
            HistoryLog.Success(pinned ? "pin" : "unpin", name, HistoryOrigin.Now()) with
            {
                To = HistoryDeployment.Of(record),
            }
        );
        note($"{name}: deployment {record.Deployment} is {state} now");
    }
}
