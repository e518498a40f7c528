// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Images;
using SystemContainers.Network;
using SystemContainers.Networks;
using SystemContainers.Prepared;
using SystemContainers.Pull.Options;
using SystemContainers.Quadlet;
using SystemContainers.State;
using SystemContainers.Target;
using SystemContainers.Transactions;
using SystemContainers.Verbs.Apply;

namespace SystemContainers.Inspect.Plan;

/// <summary>What applying files would change; nothing is changed, and what is fetched for it stays in the store without
/// a name.</summary>
sealed class ApplyPlanner(Host host, IPullProgress progress, Action<string> note)
{
    /// <summary>What would be done, by files and records alone: no image is looked at, nothing is fetched.</summary>
    /// <exception cref="SysctrException">A file can't be applied, or a network not be had.</exception>
    public OfflinePlan Offline(ApplyRequest request)
    {
        QuadletSet set = new ApplyFiles(host).Read(request.Places, note);
        ApplyWork work = ApplyWork.Of(host, set, request);
        return new OfflinePlan(
            [.. work.Items.Select(i => i.Report(i.Action == ApplyAction.None ? i.Before : null))],
            Networks(set, request, work, [])
        );
    }

    /// <summary>Plans it as the one transaction that it is.</summary>
    /// <exception cref="SysctrException">A file can't be applied, or its image not be had; what else would be refused
    /// stands in the plan.</exception>
    public async Task<HostPlan> PlanAsync(ApplyRequest request, CancellationToken cancellation)
    {
        QuadletSet set = new ApplyFiles(host).Read(request.Places, note);
        ApplyWork work = ApplyWork.Of(host, set, request);
        using ContainerTransaction transaction = new(host, progress);
        await transaction.RequireAsync(work.Changing.Select(i => i.Declaration!.Request.Runtime), cancellation);
        PlanDownload download = new(Directory.Exists(host.StoreHere) ? host.OpenStore() : null);
        ContainerPlanner planner = new(host);
        ApplyPreparer preparer = new(host, note);
        List<ContainerPlan> plans = [];
        List<ContainerRecord> replaced = [];
        foreach (ApplyItem item in work.Items)
        {
            if (item.Action == ApplyAction.Uninstall)
            {
                plans.Add(
                    await planner.PlanAsync(
                        PlanAction.Uninstall,
                        item.Before,
                        after: null,
                        prepared: null,
                        cancellation
                    )
                );
                continue;
            }

            PreparedContainer? prepared = null;
            if (item.Action != ApplyAction.None)
            {
                StoredImage image = await transaction.FetchAsideAsync(item.Image!, cancellation);
                download.Add(image);
                prepared = await preparer.PrepareAsync(transaction, item, image, cancellation);
            }

            if (prepared is null)
            {
                plans.Add(PlanOperation.Nothing(item.Before!));
                continue;
            }

            transaction.Add(item.Before, prepared);
            ContainerPlan plan = await planner.PlanAsync(
                item.Before is null ? PlanAction.Install : PlanAction.Update,
                item.Before,
                prepared.Record,
                prepared,
                cancellation
            );
            plans.Add(
                item.Before is null
                    ? plan with
                    {
                        Started = preparer.Started(prepared.Record, item.Declaration!),
                    }
                    : plan
            );
            if (item.Before is { } before)
            {
                replaced.Add(before);
            }
        }

        foreach (WantedImage pull in work.Pulls)
        {
            download.Add(await transaction.FetchAsideAsync(pull, cancellation));
        }

        PlanOperation operation = new(host, progress, note);
        IReadOnlyList<PlannedNetwork> networks = [];
        PlanRefusal? networksRefused = null;
        try
        {
            networks = Networks(set, request, work, transaction.Prepared);
        }
        catch (SysctrException e)
        {
            networksRefused = operation.Refusal(e);
        }

        PlanRefusal? refused = await operation.RefusalAsync(transaction.Prepared, replaced, cancellation);
        transaction.KeepFetched();
        plans = [.. plans.Select(p => p.Action == PlanAction.None ? p : p with { Refused = refused })];
        HostPlan whole = PlanOperation.Total(plans, download) with
        {
            Networks = networks,
            NetworksRefused = networksRefused,
        };
        return await operation.OrderedAsync(
            whole,
            transaction.Prepared,
            together: plans.Count(p => p.Action != PlanAction.None) > 1,
            cancellation
        );
    }

    /// <summary>Those that files declare, and those that no file does any more; for what is prepared the one that its
    /// first start makes.</summary>
    /// <exception cref="SysctrException">One can't be had.</exception>
    private IReadOnlyList<PlannedNetwork> Networks(
        QuadletSet set,
        ApplyRequest request,
        ApplyWork work,
        IReadOnlyList<PreparedContainer> prepared
    )
    {
        HashSet<string> leaving = [.. work.Leaving.Select(i => i.Name)];
        Dictionary<string, int[]> pruned = work
            .Changing.Where(i => i.Before is not null)
            .Join(prepared, i => i.Name, p => p.Record.Name, (i, p) => (i.Before, After: p.Record))
            .ToDictionary(
                c => c.After.Name,
                c => new DeploymentPruner(host).CandidatesAfter(c.Before!, c.After),
                StringComparer.Ordinal
            );
        ApplyFiles files = new(host);
        IReadOnlyList<NetworkChange> changes = new DeclaredNetworks(host, note).Plan(
            set.Networks,
            request.Prune ? file => files.Covers(file, request.Places) : null,
            record =>
                leaving.Contains(record.Name) || pruned.GetValueOrDefault(record.Name, []).Contains(record.Deployment),
            prepared.Select(p => p.Record),
            work.Changing.SelectMany(i => NetworkRequest.Names(i.Declaration!.Request.Settings, host.User is not null))
        );
        return [.. changes.Select(PlannedNetwork.Of)];
    }
}
