// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Exports;
using SystemContainers.Prepared;
using SystemContainers.Pull;
using SystemContainers.Requests;
using SystemContainers.State;
using SystemContainers.Target;
using SystemContainers.Transactions;
using SystemContainers.Transactions.Health;

namespace SystemContainers.Verbs;

/// <summary>Brings a container back to a deployment that is still there. Called again without a number it leads forward
/// again.</summary>
sealed class RollbackOperation(Host host, Action<string> note)
{
    /// <summary>Switches a container; what ran runs again.</summary>
    /// <param name="name">The container.</param>
    /// <param name="number">A deployment; null for the one that was in use before; where that is gone, the latest
    /// other.</param>
    /// <param name="policy">When what was started counts as well.</param>
    /// <param name="cancellation">Honoured until the commit.</param>
    /// <exception cref="SysctrException">NotFound: there is no such deployment; Unit: it is not well, and the former
    /// one is back.</exception>
    public async Task RunAsync(string name, int? number, StartPolicy policy, CancellationToken cancellation)
    {
        ContainerName.Check(name);
        await host.RecoverAsync(cancellation);
        (ContainerChange change, StartOutcome outcome) = await host.History.RunAsync(
            "rollback",
            [name],
            origin => SwitchAsync(name, number, policy, origin, cancellation)
        );
        note(
            $"{name}: rolled back from deployment {change.Before!.Deployment} to {change.After!.Deployment}, {change.After.Image}"
                + (change.Running.Count > 0 ? $", {outcome.Words(name)}" : "")
        );
    }

    /// <returns>What was done, and how it is.</returns>
    private async Task<(ContainerChange Change, StartOutcome Outcome)> SwitchAsync(
        string name,
        int? number,
        StartPolicy policy,
        HistoryOrigin origin,
        CancellationToken cancellation
    )
    {
        using ContainerTransaction transaction = new(host, NoProgress.Instance, policy);
        await transaction.LockAsync([name], cancellation);
        ContainerRecord before = host.Catalog.Get(name);
        ContainerRecord after = Target(before, number, Doing(name));
        new HostFileSet(host).CheckFree([.. after.AllFiles], before);
        string[] grants = [.. before.Grants.Union(after.Grants, StringComparer.Ordinal)];
        if (after.AutoUpdate != before.AutoUpdate || after.Held is not null || grants.Length != after.Grants.Count)
        {
            // Policy and grants are the container's, whichever deployment it runs from; in one that is not in use they
            // mean nothing yet.
            ContainerRecord kept = after with
            {
                AutoUpdate = before.AutoUpdate,
                Grants = grants,
                Held = null,
            };
            RecordChange.Make(host, after, kept);
            after = kept;
        }

        transaction.Add(before, after);
        IReadOnlyList<ContainerChange> changes = await transaction.PlanAsync(cancellation);
        ContainerSwitch.SayTroubles(changes, note);
        StartOutcome outcome = await transaction.CommitAsync(TransactionKind.Rollback, origin, cancellation);
        return (changes[0], outcome);
    }

    /// <summary>For errors.</summary>
    internal static string Doing(string name) => $"rolling '{name}' back";

    /// <summary>The deployment that a rollback goes to.</summary>
    /// <param name="current">The one in use.</param>
    /// <param name="number">One that was asked for; null for the one before.</param>
    /// <param name="doing">What it is wanted for, for errors.</param>
    /// <exception cref="SysctrException">NotFound: there is no such deployment.</exception>
    internal ContainerRecord Target(ContainerRecord current, int? number, string doing)
    {
        int[] others = [.. host.Catalog.Numbers(current.Name).Where(n => n != current.Deployment)];
        int? wanted = number ?? host.Catalog.Previous(current.Name) ?? (others.Length > 0 ? others[^1] : null);
        if (wanted is { } n && others.Contains(n) && host.Catalog.Find(current.Name, n) is { } record)
        {
            return record;
        }

        throw new SysctrException(
            ErrorKind.NotFound,
            wanted == current.Deployment ? $"{doing}: deployment {wanted} is the one in use"
                : wanted is null ? $"{doing}: it has no other deployment"
                : $"{doing}: it has no deployment {wanted}",
            "'sysctr list --all' shows the deployments"
        );
    }
}
