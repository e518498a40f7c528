// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Checkout;
using SystemContainers.Errors;
using SystemContainers.Exports;
using SystemContainers.History;
using SystemContainers.Images;
using SystemContainers.Linux;
using SystemContainers.Prepared;
using SystemContainers.Pull.Options;
using SystemContainers.Requests;
using SystemContainers.Rights;
using SystemContainers.Rights.Assessment;
using SystemContainers.State;
using SystemContainers.Target;
using SystemContainers.Transactions;
using SystemContainers.Transactions.Health;

namespace SystemContainers.Verbs;

/// <summary>
/// Brings containers to what their image is now: a new deployment beside the old one, and a switch that is rolled back
/// when the new one does not start, does not stay up or fails its health check. The old deployment stays for
/// <see cref="RollbackOperation"/>.
/// </summary>
sealed class UpdateOperation(Host host, IPullProgress progress, Action<string> note)
{
    /// <summary>What each switch goes through, such as the slot of a roll-out that the host has taken; null for
    /// nothing.</summary>
    public Func<Func<Task>, CancellationToken, Task>? Through { get; init; }

    private readonly RuntimeWarning _runtimes = new(host.Target);

    /// <summary>Updates containers, each in a transaction of its own unless the request says together.</summary>
    /// <returns>How many have changed.</returns>
    /// <exception cref="SysctrException">One could not be updated and is as it was; the others were tried too, unless
    /// together.</exception>
    public async Task<int> RunAsync(IReadOnlyList<string> names, UpdateRequest request, CancellationToken cancellation)
    {
        string[] distinct = [.. names.Distinct(StringComparer.Ordinal).Select(ContainerName.Check)];
        await host.RecoverAsync(cancellation);
        if (request.Together || distinct.Length == 1)
        {
            return await RecordedAsync(distinct, request, cancellation);
        }

        int changed = 0;
        List<SysctrException> failures = [];
        foreach (string name in distinct)
        {
            try
            {
                changed += await RecordedAsync([name], request, cancellation);
            }
            catch (Exception e) when (HostFailure.Understand(e) is { } failure)
            {
                failures.Add(failure);
            }
        }

        return failures.Count == 0
            ? changed
            : throw new SysctrException(
                failures[0].Kind,
                string.Join('\n', failures.Select(f => f.Message)),
                failures[0].Hint,
                failures[0]
            );
    }

    /// <summary>Whether <see cref="RunAsync"/> would change any of them, as far as that can be known now. What it needs
    /// for it is fetched.</summary>
    /// <exception cref="SysctrException">Why one of them can't be updated, where no other would change.</exception>
    public async Task<bool> WouldChangeAsync(
        IReadOnlyList<string> names,
        UpdateRequest request,
        CancellationToken cancellation
    )
    {
        await host.RecoverAsync(cancellation);
        SysctrException? failure = null;
        foreach (string name in names.Select(ContainerName.Check))
        {
            try
            {
                ContainerRecord before = host.Catalog.Get(name);
                if (WithSettings(before, request) is not null)
                {
                    return true;
                }

                // Ended with this container: nobody knows how long the wait for a slot is.
                using ContainerTransaction transaction = new(host, progress);
                IReadOnlyList<StoredImage> images = await FetchAsync(transaction, [name], request, cancellation);
                before = host.Catalog.Get(name);
                if (
                    await new UpdatePreparer(host, note).PrepareAsync(
                        transaction,
                        before,
                        images[0],
                        request,
                        cancellation
                    ) is
                    { } after
                )
                {
                    new UpdateMarks(host, note).RefuseGains([(before, after.Record)], request, HistoryOrigin.Now());
                    return true;
                }
            }
            catch (Exception e) when (HostFailure.Understand(e) is { } understood)
            {
                // What the host does to this one keeps no other from its turn.
                failure ??= understood;
            }
        }

        return failure is null ? false : throw failure;
    }

    private Task<int> RecordedAsync(string[] names, UpdateRequest request, CancellationToken cancellation) =>
        host.History.RunAsync("update", names, origin => UpdateAsync(names, request, origin, cancellation));

    private async Task<int> UpdateAsync(
        string[] names,
        UpdateRequest request,
        HistoryOrigin origin,
        CancellationToken cancellation
    )
    {
        UpdatePreparer updater = new(host, note);
        using ContainerTransaction transaction = new(host, progress, request.Start);
        IReadOnlyList<StoredImage> images = await FetchAsync(transaction, names, request, cancellation);
        List<(ContainerRecord Before, ContainerRecord After)> updates = [];
        List<(ContainerRecord Before, ContainerRecord After)> policies = [];
        foreach ((string name, StoredImage image) in names.Zip(images))
        {
            ContainerRecord before = host.Catalog.Get(name);
            if (await updater.PrepareAsync(transaction, before, image, request, cancellation) is { } after)
            {
                transaction.Add(before, after);
                updates.Add((before, after.Record));
            }
            else if (WithSettings(before, request) is { } changed)
            {
                policies.Add((before, changed with { Held = null }));
            }
            else
            {
                if (before.Held is not null)
                {
                    // The registry has gone back to what is installed.
                    RecordChange.Make(host, before, before with { Held = null });
                }

                note($"{name}: is up to date; nothing was changed");
            }
        }

        new UpdateMarks(host, note).RefuseGains(updates, request, origin);
        if (updates.Count > 0)
        {
            await SwitchAsync(transaction, updates.Select(u => u.Before), origin, cancellation);
            Prune([.. updates.Select(u => u.Before.Name)]);
        }

        foreach ((ContainerRecord before, ContainerRecord after) in policies)
        {
            KeepPolicy(before, after, origin);
        }

        return updates.Count + policies.Count;
    }

    /// <summary>The record of a container that keeps its deployment, where the request changes what stands in it alone;
    /// else null.</summary>
    private static ContainerRecord? WithSettings(ContainerRecord before, UpdateRequest request)
    {
        string[] grants =
        [
            .. before.Grants.Union(request.Grants.Where(g => g != RightsRule.All), StringComparer.Ordinal),
        ];
        AutoUpdatePolicy policy = request.AutoUpdate ?? before.AutoUpdate;
        CheckoutForm? checkout = UpdatePreparer.CheckoutOf(before, request);
        return policy == before.AutoUpdate && grants.Length == before.Grants.Count && checkout == before.Checkout
            ? null
            : before with
            {
                AutoUpdate = policy,
                Grants = grants,
                Checkout = checkout,
            };
    }

    private Task<IReadOnlyList<StoredImage>> FetchAsync(
        ContainerTransaction transaction,
        string[] names,
        UpdateRequest request,
        CancellationToken cancellation
    ) =>
        transaction.FetchAsync(
            async () =>
            {
                ContainerRecord[] before = [.. names.Select(host.Catalog.Get)];
                await transaction.RequireAsync(before.Select(b => request.Runtime ?? b.Runtime), cancellation);
                return [.. before.Select(b => new UpdatePreparer(host, note).Wanted(b, request))];
            },
            () => host.LockAndRecoverAsync(names, cancellation),
            cancellation
        );

    /// <summary>The update is done, whatever becomes of what is not needed any more.</summary>
    private void Prune(string[] names)
    {
        try
        {
            new PruneOperation(host, note).AfterUpdate(names);
        }
        catch (Exception e)
        {
            note($"warning: removing old deployments: {e.Message}");
        }
    }

    /// <summary>What the request has changed of a record, in words.</summary>
    internal static IEnumerable<string> Changes(ContainerRecord before, ContainerRecord after)
    {
        if (after.AutoUpdate != before.AutoUpdate)
        {
            yield return $"automatic updates: {after.AutoUpdate.ToString().ToLowerInvariant()}";
        }

        if (after.Grants.Except(before.Grants, StringComparer.Ordinal).ToArray() is { Length: > 0 } grants)
        {
            yield return $"granted: {string.Join(", ", grants)}";
        }

        if (after.Checkout != before.Checkout)
        {
            yield return $"checkout: {after.Checkout?.ToString().ToLowerInvariant() ?? "auto"}";
        }
    }

    /// <summary>A policy is no reason for a new deployment: nothing else changes, and nothing restarts.</summary>
    private void KeepPolicy(ContainerRecord before, ContainerRecord record, HistoryOrigin origin)
    {
        RecordChange.Make(host, before, record);
        host.History.Add(
            HistoryLog.Success("update", record.Name, origin) with
            {
                From = HistoryDeployment.Of(record),
                To = HistoryDeployment.Of(record),
            }
        );
        note($"{record.Name}: {string.Join(", ", Changes(before, record))}; nothing else was changed");
    }

    private async Task SwitchAsync(
        ContainerTransaction transaction,
        IEnumerable<ContainerRecord> before,
        HistoryOrigin origin,
        CancellationToken cancellation
    )
    {
        RightsGate gate = new(host);
        string[] gained =
        [
            .. before
                .Zip(transaction.Prepared)
                .SelectMany(u => RightsText.GainedLines(u.First.Name, gate.Gained(u.First, u.Second.Record))),
        ];
        _runtimes.Begin(transaction.Prepared.Select(p => p.Record), cancellation);
        await transaction.VerifyAndStageAsync(cancellation);
        IReadOnlyList<ContainerChange> changes = await transaction.PlanAsync(cancellation);
        ContainerSwitch.SayTroubles(changes, note);
        StartOutcome outcome = StartOutcome.Nothing;
        async Task CommitAsync() =>
            outcome = await transaction.CommitAsync(TransactionKind.Update, origin, cancellation);
        try
        {
            await (Through?.Invoke(CommitAsync, cancellation) ?? CommitAsync());
        }
        catch (SysctrException e) when (e.Kind == ErrorKind.Unit)
        {
            new UpdateMarks(host, note).Failed(changes, e);
            throw;
        }

        foreach (ContainerChange change in changes)
        {
            note(
                $"{change.Name}: updated from deployment {change.Before!.Deployment} to {change.After!.Deployment}"
                    + (change.Running.Count > 0 ? $", {outcome.Words(change.Name)}" : "")
            );
        }

        foreach (PreparedContainer container in transaction.Prepared)
        {
            foreach (string warning in container.Rendered.Warnings)
            {
                note($"{container.Record.Name}: warning: {warning}");
            }
        }

        await _runtimes.SayAsync(note);
        Array.ForEach(gained, note);
    }
}
