// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Images;
using SystemContainers.Prepared;
using SystemContainers.Pull.Options;
using SystemContainers.Quadlet;
using SystemContainers.State;
using SystemContainers.Target;
using SystemContainers.Transactions;
using SystemContainers.Verbs.Apply;

namespace SystemContainers.Inspect.Plan;

/// <summary>What applying files would change; nothing is changed, and what is fetched for it stays in the store without a name.</summary>
sealed class ApplyPlanner(Host host, IPullProgress progress, Action<string> note)
{
    /// <summary>What would be done, by files and records alone: no image is looked at, nothing is fetched.</summary>
    /// <exception cref="SysctrException">A file can't be applied.</exception>
    public IReadOnlyList<ApplyReport> Offline(ApplyRequest request) =>
        [.. ApplyWork.Of(host, new ApplyFiles(host).Read(request.Places, note), request).Items.Select(i => i.Report(i.Action == ApplyAction.None ? i.Before : null))];

    /// <summary>Plans it as the one transaction that it is.</summary>
    /// <exception cref="SysctrException">A file can't be applied, or its image not be had; what else would be refused stands in the plan.</exception>
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
                plans.Add(await planner.PlanAsync(PlanAction.Uninstall, item.Before, after: null, prepared: null, cancellation));
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
            ContainerPlan plan = await planner.PlanAsync(item.Before is null ? PlanAction.Install : PlanAction.Update, item.Before, prepared.Record, prepared, cancellation);
            plans.Add(item.Before is null ? plan with { Started = preparer.Started(prepared.Record, item.Declaration!) } : plan);
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
        PlanRefusal? refused = await operation.RefusalAsync(transaction.Prepared, replaced, cancellation);
        transaction.KeepFetched();
        plans = [.. plans.Select(p => p.Action == PlanAction.None ? p : p with { Refused = refused })];
        return await operation.OrderedAsync(PlanOperation.Total(plans, download), transaction.Prepared, together: plans.Count(p => p.Action != PlanAction.None) > 1, cancellation);
    }
}
