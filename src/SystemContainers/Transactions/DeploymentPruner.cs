// SPDX-License-Identifier: Apache-2.0

using SystemContainers.History;
using SystemContainers.Linux.Files;
using SystemContainers.Mounts;
using SystemContainers.State;
using SystemContainers.Target;

namespace SystemContainers.Transactions;

/// <summary>Removes deployments that are neither in use, nor pinned, nor among the last ones. The caller holds the
/// container's lock.</summary>
sealed class DeploymentPruner(Host host)
{
    private readonly Lazy<int> _usual = new(() => SysctrConfiguration.Load(host.Paths).Keep);

    /// <summary>The host's setting.</summary>
    /// <exception cref="Errors.SysctrException">It can't be read.</exception>
    public int Usual => _usual.Value;

    /// <summary>Those that <see cref="Remove"/> would remove where nothing uses them: none while a transaction of the
    /// container is not ended, for what it comes to, or goes back to, stands in its intent, and the links still say
    /// what was.</summary>
    /// <param name="name">The container; it is installed.</param>
    /// <param name="asked">How many stay, as the call says; null where it does not.</param>
    public int[] Candidates(string name, int? asked) =>
        host.Transactions.MayInvolve(name) ? [] : Beyond(name, KeptOf(name, asked));

    /// <summary>
    /// How many deployments of a container stay: as the call says, else as the file that declares it, else as the
    /// host's setting. What the file says stands in the newest record: after a rollback the one in use has what it said
    /// before.
    /// </summary>
    private int KeptOf(string name, int? asked) =>
        asked
        ?? (host.Catalog.Numbers(name) is { Count: > 0 } numbers ? host.Catalog.Find(name, numbers.Max()) : null)
            ?.Declared
            ?.Keep
        ?? Usual;

    private int[] Beyond(string name, int keep)
    {
        int current = host.Catalog.Get(name).Deployment;
        int? previous = host.Catalog.Previous(name);
        return
        [
            .. host
                .Catalog.Numbers(name)
                .OrderByDescending(n => n == current)
                .ThenByDescending(n => n == previous)
                .ThenByDescending(n => n)
                .Skip(keep)
                .Where(n => host.Catalog.Find(name, n) is { Pinned: false }),
        ];
    }

    /// <summary>Those that an update would remove when it is over.</summary>
    /// <param name="before">The deployment in use, which it keeps for a rollback.</param>
    /// <param name="after">The one to come.</param>
    public int[] CandidatesAfter(ContainerRecord before, ContainerRecord after) =>
        [
            .. host
                .Catalog.Numbers(before.Name)
                .Where(n => n != after.Deployment)
                .OrderByDescending(n => n == before.Deployment)
                .ThenByDescending(n => n)
                .Skip((after.Declared?.Keep ?? Usual) - 1)
                .Where(n => host.Catalog.Find(before.Name, n) is { Pinned: false }),
        ];

    /// <summary>Removes them, each atomically.</summary>
    /// <param name="name">The container; it is installed.</param>
    /// <param name="keep">
    /// How many stay, beside the pinned ones: the one in use, the one that was in use before it, and then the latest.
    /// </param>
    /// <returns>The numbers of those that are gone.</returns>
    public IReadOnlyList<int> Remove(string name, int? keep)
    {
        if (host.Transactions.MayInvolve(name))
        {
            host.Note(
                host.Transactions.Involve(name)
                    ? $"{name}: kept its deployments: a transaction is not ended; the next call of sysctr ends it"
                    : $"{name}: kept its deployments: an intent can't be read, and may be of it; 'sysctr fsck' says which"
            );
            return [];
        }

        int[] candidates = Beyond(name, KeptOf(name, keep));
        if (candidates.Length == 0)
        {
            return [];
        }

        // A mount finds its deployment, and is one only when it is made: between the two nothing says so.
        MountCatalog mounts = new(host.Target, host.Locks);
        if (!mounts.TryQuiet(out IDisposable? quiet))
        {
            host.Note(
                $"{name}: kept its deployments: another sysctr is mounting something; the next prune removes them"
            );
            return [];
        }

        using IDisposable? held = quiet;
        int? previous = host.Catalog.Previous(name);
        List<int> gone = [];
        foreach (int number in candidates)
        {
            DeploymentDirectory directory = host.Deployment(name, number);
            if (MountTable.HasBelow(directory.Here))
            {
                host.Note($"{name}: kept deployment {number}: something is mounted below {directory.OnHost}");
                continue;
            }

            if (mounts.Holding(name, number) is { } mount)
            {
                host.Note(
                    $"{name}: kept deployment {number}: it is {(mount.Owner is null ? $"mounted on {mount.Directory}" : "being looked at")}"
                );
                continue;
            }

            if (RootUsers.Of(directory) is { } process)
            {
                host.Note(
                    $"{name}: kept deployment {number}: process {process} runs from it; the next prune after its end removes it"
                );
                continue;
            }

            HistoryDeployment? pruned = HistoryDeployment.Of(host.Catalog.Find(name, number));
            host.Discard(directory.Here);
            host.History.Add(HistoryLog.Success("prune", name, HistoryOrigin.Now()) with { From = pruned });
            host.Note($"{name}: removed deployment {number}");
            gone.Add(number);
        }

        if (previous is { } link && gone.Contains(link))
        {
            DurableFile.Delete(host.Deployment(name, link).PreviousLink);
        }

        return gone;
    }
}
