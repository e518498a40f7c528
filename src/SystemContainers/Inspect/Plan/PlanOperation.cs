// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Exports;
using SystemContainers.Images;
using SystemContainers.Networks;
using SystemContainers.Prepared;
using SystemContainers.Pull.Options;
using SystemContainers.Requests;
using SystemContainers.Rights.Assessment;
using SystemContainers.State;
using SystemContainers.Target;
using SystemContainers.Transactions;
using SystemContainers.Verbs;

namespace SystemContainers.Inspect.Plan;

/// <summary>
/// What install, update, rollback and uninstall would change. Nothing is changed; what an image needs to be rendered is
/// fetched aside, and then kept in the store without a name for the verb itself.
/// </summary>
sealed class PlanOperation(Host host, IPullProgress progress, Action<string> note)
{
    /// <summary>Plans an install of several images as one transaction.</summary>
    /// <param name="requests">One for each image.</param>
    /// <param name="now">Whether they are started then.</param>
    /// <exception cref="SysctrException">An image can't be had or rendered; what else would be refused stands in the
    /// plan.</exception>
    public async Task<HostPlan> InstallAsync(
        IReadOnlyList<InstallRequest> requests,
        bool now,
        CancellationToken cancellation
    )
    {
        if (now)
        {
            InstallOperation.RequireBooted(host);
        }

        using ContainerTransaction transaction = new(host, progress);
        await transaction.RequireAsync(requests.Select(r => r.Runtime), cancellation);
        PlanDownload download = NewDownload();
        foreach (InstallRequest request in requests)
        {
            WantedImage wanted = new(host.Registries, request);
            string name = wanted.NameFor(request);
            if (host.Catalog.Find(name) is { } there)
            {
                throw new SysctrException(
                    ErrorKind.Conflict,
                    $"planning an install of '{name}': a container of that name is installed, from {there.Image}",
                    $"'sysctr plan update {name}', or choose another name with --name"
                );
            }

            StoredImage image = await transaction.FetchAsideAsync(wanted, cancellation);
            if (RunOnceOperation.IsAskedBy(image))
            {
                throw new SysctrException(
                    ErrorKind.Usage,
                    $"planning an install of {request.Image}: it is to be run once, says its label; nothing of it would stay"
                );
            }

            download.Add(image);
            transaction.Add(before: null, await transaction.PrepareAsync(request, name, image, cancellation));
        }

        ContainerPlanner planner = new(host);
        List<ContainerPlan> plans = [];
        foreach (PreparedContainer container in transaction.Prepared)
        {
            ContainerPlan plan = await planner.PlanAsync(
                PlanAction.Install,
                before: null,
                container.Record,
                container,
                cancellation
            );
            plans.Add(plan with { Started = now ? ContainerControl.StartedAfterInstall(container.Record) : [] });
        }

        PlanRefusal? refused = await RefusalAsync(transaction.Prepared, [], cancellation);
        transaction.KeepFetched();
        HostPlan whole = WithNetworks(
            Total([.. plans.Select(p => p with { Refused = refused })], download),
            transaction.Prepared
        );
        return await OrderedAsync(whole, transaction.Prepared, together: transaction.Prepared.Count > 1, cancellation);
    }

    /// <summary>
    /// Plans an update: each container for itself, where one that can't be updated says why, or all as one transaction,
    /// where each would then be refused.
    /// </summary>
    public async Task<HostPlan> UpdateAsync(
        IReadOnlyList<string> names,
        UpdateRequest request,
        CancellationToken cancellation
    )
    {
        using ContainerTransaction transaction = new(host, progress);
        UpdatePreparer updater = new(host, note);
        PlanDownload download = NewDownload();
        List<ContainerPlan> plans = [];
        List<(ContainerRecord Before, PreparedContainer After)> updates = [];
        foreach (
            ContainerRecord before in names
                .Distinct(StringComparer.Ordinal)
                .Select(ContainerName.Check)
                .Select(host.Catalog.Get)
        )
        {
            try
            {
                await transaction.RequireAsync([request.Runtime ?? before.Runtime], cancellation);
                StoredImage image = await transaction.FetchAsideAsync(updater.Wanted(before, request), cancellation);
                download.Add(image);
                PreparedContainer? after = await updater.PrepareAsync(
                    transaction,
                    before,
                    image,
                    request,
                    cancellation
                );
                plans.Add(
                    after is null
                        ? Nothing(before)
                        : await new ContainerPlanner(host).PlanAsync(
                            PlanAction.Update,
                            before,
                            after.Record,
                            after,
                            cancellation
                        )
                );
                if (after is not null)
                {
                    updates.Add((before, after));
                }
            }
            catch (SysctrException e)
            {
                plans.Add(Nothing(before) with { Refused = Refusal(e) });
            }
        }

        bool together = request.Together && plans.Count > 1;
        PlanRefusal? ofOne = together ? plans.Select(p => p.Refused).FirstOrDefault(r => r is not null) : null;
        foreach (var group in updates.GroupBy(u => together ? "" : u.Before.Name))
        {
            PlanRefusal? refused =
                ofOne
                ?? await RefusalAsync([.. group.Select(u => u.After)], [.. group.Select(u => u.Before)], cancellation);
            plans = [.. plans.Select(p => group.Any(u => u.Before.Name == p.Name) ? p with { Refused = refused } : p)];
        }

        transaction.KeepFetched();
        PreparedContainer[] prepared = [.. updates.Select(u => u.After)];
        return await OrderedAsync(WithNetworks(Total(plans, download), prepared), prepared, together, cancellation);
    }

    /// <param name="name">The container.</param>
    /// <param name="number">A deployment; null for the latest one that is not in use.</param>
    /// <param name="cancellation">Ends questions to the package manager.</param>
    public async Task<HostPlan> RollbackAsync(string name, int? number, CancellationToken cancellation)
    {
        ContainerRecord before = host.Catalog.Get(name);
        ContainerRecord after = new RollbackOperation(host, note).Target(before, number, RollbackOperation.Doing(name));
        ContainerPlan plan = await new ContainerPlanner(host).PlanAsync(
            PlanAction.Rollback,
            before,
            after,
            prepared: null,
            cancellation
        );
        try
        {
            new HostFileSet(host).CheckFree([.. after.AllFiles], before);
        }
        catch (SysctrException e)
        {
            plan = plan with { Refused = Refusal(e) };
        }

        return Total([plan], NewDownload());
    }

    public async Task<HostPlan> UninstallAsync(IReadOnlyList<string> names, bool purge, CancellationToken cancellation)
    {
        ContainerPlanner planner = new(host);
        List<ContainerPlan> plans = [];
        foreach (ContainerRecord record in names.Distinct(StringComparer.Ordinal).Select(host.Catalog.Get))
        {
            plans.Add(
                await planner.PlanAsync(PlanAction.Uninstall, record, after: null, prepared: null, cancellation) with
                {
                    Purge = purge,
                }
            );
        }

        return Total(plans, NewDownload());
    }

    /// <summary>The order of what is one transaction; where each is its own, that is a container after the
    /// other.</summary>
    internal async Task<HostPlan> OrderedAsync(
        HostPlan plan,
        IReadOnlyList<PreparedContainer> prepared,
        bool together,
        CancellationToken cancellation
    )
    {
        if (!together || !host.Systemd.IsBooted)
        {
            return plan with { Together = together };
        }

        PlannedOrder order = new(host.Systemd);
        foreach (PreparedContainer container in prepared)
        {
            order.Add(container);
        }

        string[] dependents = [.. plan.Containers.SelectMany(c => c.Dependents)];
        return plan with
        {
            Together = true,
            StopOrder = await order.StoppingAsync(
                plan.Containers.SelectMany(c => c.Stopped).Concat(dependents),
                cancellation
            ),
            StartOrder = await order.StartingAsync(
                plan.Containers.SelectMany(c => c.Started).Concat(dependents),
                cancellation
            ),
        };
    }

    internal async Task<PlanRefusal?> RefusalAsync(
        IReadOnlyList<PreparedContainer> prepared,
        IReadOnlyList<ContainerRecord> before,
        CancellationToken cancellation
    )
    {
        try
        {
            await new ContainerVerification(host).VerifyAsync(prepared, before, static _ => { }, cancellation);
            RightsGate gate = new(host);
            return (
                from after in prepared.Select(p => p.Record)
                join old in before on after.Name equals old.Name
                let verdict = gate.JudgeUpdate(old, after)
                where !verdict.IsFree
                select Refusal(RightsGate.Refusal($"updating '{after.Name}'", after.Image, verdict))
            ).FirstOrDefault();
        }
        catch (SysctrException e)
        {
            return Refusal(e);
        }
    }

    /// <summary>What no verb makes but a start: the network of containers that name none, where it is not
    /// there.</summary>
    private HostPlan WithNetworks(HostPlan plan, IReadOnlyList<PreparedContainer> prepared)
    {
        try
        {
            return plan with
            {
                Networks =
                [
                    .. new DeclaredNetworks(host, note)
                        .Plan([], covers: null, static _ => false, prepared.Select(p => p.Record))
                        .Select(PlannedNetwork.Of),
                ],
            };
        }
        catch (SysctrException e)
        {
            return plan with { NetworksRefused = Refusal(e) };
        }
    }

    internal static ContainerPlan Nothing(ContainerRecord record) =>
        new()
        {
            Name = record.Name,
            Action = PlanAction.None,
            From = HistoryDeployment.Of(record),
            To = HistoryDeployment.Of(record),
        };

    internal PlanRefusal Refusal(SysctrException e) =>
        new(e.Message, TypedWords.For(host.Paths.TypedOptions, e.Hint), (int)e.Kind);

    internal static HostPlan Total(IReadOnlyList<ContainerPlan> plans, PlanDownload download) =>
        new(plans, download.Bytes, download.Missing, download.Stored, download.DiskBytes);

    private PlanDownload NewDownload() => new(Directory.Exists(host.StoreHere) ? host.OpenStore() : null);
}
