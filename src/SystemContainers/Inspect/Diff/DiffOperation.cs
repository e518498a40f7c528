// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Images;
using SystemContainers.Pull.Options;
using SystemContainers.Requests;
using SystemContainers.State;
using SystemContainers.Target;
using SystemContainers.Transactions;
using SystemContainers.Verbs;

namespace SystemContainers.Inspect.Diff;

/// <summary>Compares deployments of a container with each other, or with what an image would make of it. Changes
/// nothing.</summary>
sealed class DiffOperation(Host host, IPullProgress progress, Action<string> note)
{
    /// <summary>Compares two deployments that are there.</summary>
    /// <param name="name">The container.</param>
    /// <param name="from">The one; null for the one that a rollback would go to.</param>
    /// <param name="to">The other; null for the one in use.</param>
    /// <exception cref="SysctrException">NotFound: the container has no such deployment.</exception>
    public DeploymentDiff Compare(string name, int? from, int? to)
    {
        ContainerRecord current = host.Catalog.Get(name);
        ContainerRecord before = from is { } number
            ? Find(name, number)
            : new RollbackOperation(host, note).Target(current, number: null, Doing(name));
        return DeploymentDiff.Of(
            DeploymentView.Of(host, before),
            DeploymentView.Of(host, to is { } other ? Find(name, other) : current)
        );
    }

    /// <summary>Compares the deployment in use with what an update to an image would make of it.</summary>
    /// <param name="name">The container.</param>
    /// <param name="cancellation">Ends the pull, which leaves no trace.</param>
    /// <returns>Null where the update would change nothing.</returns>
    public async Task<DeploymentDiff?> CompareAsync(string name, UpdateRequest request, CancellationToken cancellation)
    {
        ContainerRecord before = host.Catalog.Get(name);
        UpdatePreparer updater = new(host, note);
        using ContainerTransaction transaction = new(host, progress);
        StoredImage image = await transaction.FetchAsideAsync(updater.Wanted(before, request), cancellation);
        return await updater.PrepareAsync(transaction, before, image, request, cancellation) is { } after
            ? DeploymentDiff.Of(DeploymentView.Of(host, before), DeploymentView.Of(after))
            : null;
    }

    private static string Doing(string name) => $"comparing deployments of '{name}'";

    private ContainerRecord Find(string name, int number) =>
        host.Catalog.Find(name, number)
        ?? throw new SysctrException(
            ErrorKind.NotFound,
            $"{Doing(name)}: it has no deployment {number}",
            "'sysctr list --all' shows the deployments"
        );
}
