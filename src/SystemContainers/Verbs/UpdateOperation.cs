// SPDX-License-Identifier: Apache-2.0

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

namespace SystemContainers.Verbs;

/// <summary>
/// Brings containers to what their image is now: a new deployment beside the old one, and a switch that is taken back when the
/// new one does not start, does not stay up or fails its health check. The old deployment stays for <see cref="RollbackOperation"/>.
/// </summary>
sealed class UpdateOperation(Host host, IPullProgress progress, Action<string> note)
{
    /// <summary>What each switch goes through, such as the slot of a roll-out that the host has taken; null for nothing.</summary>
    public Func<Func<Task>, CancellationToken, Task>? Through { get; init; }

    private readonly RuntimeWarning _runtimes = new(host);

    /// <summary>Updates containers, each in a transaction of its own unless the request says together.</summary>
    /// <returns>How many have changed.</returns>
    /// <exception cref="SysctrException">One could not be updated and is as it was; the others were tried too, unless together.</exception>
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
            : throw new SysctrException(failures[0].Kind, string.Join('\n', failures.Select(f => f.Message)), failures[0].Hint, failures[0]);
    }

    /// <summary>Whether <see cref="RunAsync"/> would change any of them, as far as that can be known now. What it needs for it is fetched.</summary>
    /// <exception cref="SysctrException">Why one of them can't be updated, where no other would change.</exception>
    public async Task<bool> WouldChangeAsync(IReadOnlyList<string> names, UpdateRequest request, CancellationToken cancellation)
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

                UpdatePreparer updater = new(host, progress, note);
                (IReadOnlyList<StoredImage> images, IDisposable locks) = await FetchAsync([name], request, cancellation);
                using (locks)
                {
                    before = host.Catalog.Get(name);
                    if (await updater.PrepareAsync(before, images[0], request, cancellation) is { } after)
                    {
                        RefuseGains([(before, after)], request, HistoryOrigin.Now());
                        return true;
                    }
                }
            }
            catch (SysctrException e)
            {
                failure ??= e;
            }
            finally
            {
                // Nobody knows how long the wait for a slot is.
                host.EndLease();
            }
        }

        return failure is null ? false : throw failure;
    }

    private Task<int> RecordedAsync(string[] names, UpdateRequest request, CancellationToken cancellation) =>
        host.History.RunAsync("update", names, origin => UpdateAsync(names, request, origin, cancellation));

    private async Task<int> UpdateAsync(string[] names, UpdateRequest request, HistoryOrigin origin, CancellationToken cancellation)
    {
        ContainerPreparer preparer = new(host);
        UpdatePreparer updater = new(host, progress, note);
        (IReadOnlyList<StoredImage> images, IDisposable locks) = await FetchAsync(names, request, cancellation);
        using IDisposable held = locks;
        List<(ContainerRecord Before, PreparedContainer After)> updates = [];
        List<ContainerRecord> policies = [];
        foreach ((string name, StoredImage image) in names.Zip(images))
        {
            ContainerRecord before = host.Catalog.Get(name);
            if (await updater.PrepareAsync(before, image, request, cancellation) is { } after)
            {
                updates.Add((before, after));
            }
            else if (WithSettings(before, request) is { } changed)
            {
                policies.Add(changed with { Held = null });
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

        RefuseGains(updates, request, origin);
        if (updates.Count > 0)
        {
            RightsGate gate = new(host);
            string[] gained = [.. updates.SelectMany(u => RightsText.GainedLines(u.Before.Name, gate.Gained(u.Before, u.After.Record)))];
            await SwitchAsync(preparer, updates, request.Start, origin, cancellation);
            Array.ForEach(gained, note);
            Prune([.. updates.Select(u => u.Before.Name)]);
        }

        foreach (ContainerRecord record in policies)
        {
            KeepPolicy(host.Catalog.Get(record.Name), record, origin);
        }

        return updates.Count + policies.Count;
    }

    /// <summary>
    /// Holds updates whose image gained a right that nobody granted: nothing changes but the record of the deployment in use, which
    /// says what waits. The same image is held, and told to the history, once.
    /// </summary>
    /// <exception cref="SysctrException">Policy: one is held, so none of these is done.</exception>
    private void RefuseGains(IReadOnlyList<(ContainerRecord Before, PreparedContainer After)> updates, UpdateRequest request, HistoryOrigin origin)
    {
        RightsGate gate = new(host);
        (ContainerRecord Before, ContainerRecord After, RightsVerdict Verdict)[] held =
            [.. updates.Select(u => (u.Before, u.After.Record, gate.JudgeUpdate(u.Before, u.After.Record))).Where(u => !u.Item3.IsFree)];
        if (held.Length == 0)
        {
            return;
        }

        SysctrException[] refusals = [.. held.Select(h => RightsGate.Refusal($"updating '{h.Before.Name}'", h.After.Image, h.Verdict))];
        SysctrException refusal = refusals.Length == 1 ? refusals[0]
            : new SysctrException(ErrorKind.Policy, string.Join('\n', refusals.Select(r => r.Message)), refusals[0].Hint);
        // With the same image it is what the caller asks for that is refused; no update waits.
        foreach ((ContainerRecord before, ContainerRecord after, RightsVerdict verdict) in held.Where(h => h.Before.ManifestDigest != h.After.ManifestDigest))
        {
            HeldUpdate now = RightsGate.HeldBy(before, after, verdict);
            bool isNews = before.Held is not { } known || known.Digest != now.Digest || known.Image != now.Image || !known.Rights.SequenceEqual(now.Rights);
            if (isNews)
            {
                host.History.Held(before, after, now, origin, refusal);
            }

            // An image that somebody only tried to go on with is not what the container waits for.
            if (isNews && request.Rebase is null)
            {
                RecordChange.Make(host, before, before with { Held = now });
            }
        }

        host.History.Recorded(refusal, held.Where(h => h.Before.ManifestDigest != h.After.ManifestDigest).Select(h => h.Before.Name));
        throw refusal;
    }

    /// <summary>The record of a container that keeps its deployment, where the request changes what stands in it alone; else null.</summary>
    private static ContainerRecord? WithSettings(ContainerRecord before, UpdateRequest request)
    {
        string[] grants = [.. before.Grants.Union(request.Grants.Where(g => g != RightsRule.All), StringComparer.Ordinal)];
        AutoUpdatePolicy policy = request.AutoUpdate ?? before.AutoUpdate;
        return policy == before.AutoUpdate && grants.Length == before.Grants.Count ? null : before with { AutoUpdate = policy, Grants = grants };
    }

    private Task<(IReadOnlyList<StoredImage> Images, IDisposable Locks)> FetchAsync(
        string[] names, UpdateRequest request, CancellationToken cancellation) =>
        new ImageFetch(host, progress).FetchForAsync(
            async () =>
            {
                ContainerRecord[] before = [.. names.Select(host.Catalog.Get)];
                await new ContainerPreparer(host).RequireAsync(before.Select(b => request.Runtime ?? b.Runtime), cancellation);
                return [.. before.Select(b => UpdatePreparer.Wanted(b, request))];
            },
            () => host.LockAndRecoverAsync(names, cancellation),
            cancellation);

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

    /// <summary>A policy is no reason for a new deployment: nothing else changes, and nothing restarts.</summary>
    private void KeepPolicy(ContainerRecord before, ContainerRecord record, HistoryOrigin origin)
    {
        RecordChange.Make(host, before, record);
        host.History.Add(HistoryLog.Success("update", record.Name, origin) with
        {
            From = HistoryDeployment.Of(record),
            To = HistoryDeployment.Of(record),
        });
        note($"{record.Name}: automatic updates: {record.AutoUpdate.ToString().ToLowerInvariant()}" +
             (record.Grants.Count > 0 ? $", granted: {string.Join(", ", record.Grants)}" : "") + "; nothing else was changed");
    }

    /// <summary>An image that was not well is not tried again every night: it stays the same image.</summary>
    private void MarkFailed(List<ContainerChange> changes, SysctrException why)
    {
        // Of several only those whose units the failure names are known to be its cause.
        foreach (ContainerChange change in changes.Where(c => c.Before!.ManifestDigest != c.After!.ManifestDigest)
                     .Where(c => changes.Count == 1 || c.After!.UnitNames.Any(u => why.Message.Contains(u, StringComparison.Ordinal))))
        {
            ContainerRecord before = change.Before!;
            try
            {
                RecordChange.Make(host, before, before with
                {
                    Failed = new FailedUpdate(change.After!.Image, change.After.ManifestDigest, DateTimeOffset.UtcNow, OneLine.Of(why.Message)),
                });
                if (before.AutoUpdate == AutoUpdatePolicy.Registry)
                {
                    note($"{before.Name}: automatic updates pass over this image now; 'sysctr update {before.Name}' tries it again");
                }
            }
            catch (Exception e) when (e is SysctrException or IOException or UnauthorizedAccessException)
            {
                note($"{before.Name}: warning: keeping in mind that the update failed: {e.Message}");
            }
        }
    }

    private async Task SwitchAsync(
        ContainerPreparer preparer,
        List<(ContainerRecord Before, PreparedContainer After)> updates,
        StartPolicy policy,
        HistoryOrigin origin,
        CancellationToken cancellation)
    {
        PreparedContainer[] prepared = [.. updates.Select(u => u.After)];
        _runtimes.Begin(prepared.Select(p => p.Record), cancellation);
        await preparer.VerifyAsync(prepared, [.. updates.Select(u => u.Before)], cancellation);
        try
        {
            foreach (PreparedContainer container in prepared)
            {
                cancellation.ThrowIfCancellationRequested();
                preparer.Stage(container, progress);
            }

            host.EndLease();
            ContainerSwitch containers = new(host, policy);
            List<ContainerChange> changes = [];
            foreach ((ContainerRecord before, PreparedContainer after) in updates)
            {
                changes.Add(await containers.PlanAsync(before, after.Record, cancellation));
            }

            ContainerSwitch.SayTroubles(changes, note);
            TransactionRecord transaction = new(TransactionKind.Update, changes) { Origin = origin };
            IReadOnlyList<string> healthy = [];
            async Task SwitchAsync() => healthy = await containers.RunAsync(transaction, cancellation);
            try
            {
                await (Through?.Invoke(SwitchAsync, cancellation) ?? SwitchAsync());
            }
            catch (SysctrException e) when (e.Kind == ErrorKind.Unit)
            {
                MarkFailed(changes, e);
                throw;
            }

            foreach (ContainerChange change in changes)
            {
                note($"{change.Name}: updated from deployment {change.Before!.Deployment} to {change.After!.Deployment}" +
                     (change.Running.Count > 0 ? ", running" : "") + (healthy.Contains(change.Name, StringComparer.Ordinal) ? " and healthy" : ""));
            }
        }
        finally
        {
            foreach (PreparedContainer container in prepared)
            {
                preparer.DiscardStaged(container);
            }
        }

        foreach (PreparedContainer container in prepared)
        {
            foreach (string warning in container.Rendered.Warnings)
            {
                note($"{container.Record.Name}: warning: {warning}");
            }
        }

        await _runtimes.SayAsync(note);
    }
}
