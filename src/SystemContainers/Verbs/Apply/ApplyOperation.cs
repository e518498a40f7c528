// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.History;
using SystemContainers.Images;
using SystemContainers.Networks;
using SystemContainers.Prepared;
using SystemContainers.Pull.Options;
using SystemContainers.Quadlet;
using SystemContainers.Requests;
using SystemContainers.Rights;
using SystemContainers.State;
using SystemContainers.Target;
using SystemContainers.Transactions;
using SystemContainers.Transactions.Health;

namespace SystemContainers.Verbs.Apply;

/// <summary>
/// Makes of a host what files declare: containers come, change and go in one transaction. What is as it is declared is
/// not touched, and nothing that no file has declared ever is.
/// </summary>
sealed class ApplyOperation(Host host, IPullProgress progress, Action<string> note)
{
    private readonly RuntimeWarning _runtimes = new(host.Target);
    private readonly DeclaredNetworks _networks = new(host, note);

    /// <summary>Applies files.</summary>
    /// <returns>What became of each container.</returns>
    /// <exception cref="SysctrException">Why not; the host is as before, but for layers that were pulled.</exception>
    public async Task<IReadOnlyList<ApplyReport>> RunAsync(ApplyRequest request, CancellationToken cancellation)
    {
        await host.RecoverAsync(cancellation);
        QuadletSet set = new ApplyFiles(host).Read(request.Places, note);
        ApplyWork work = ApplyWork.Of(host, set, request);
        if (work.IsNothing)
        {
            bool isMade = _networks.Lacking(set.Networks).Count > 0;
            if (isMade)
            {
                MakeNetworks(set, []);
            }

            if (PruneNetworks(set, request) || isMade)
            {
                return [.. work.Items.Select(i => i.Report(i.Before))];
            }

            note(
                set.Containers.Count + set.Images.Count + set.Networks.Count == 0
                    ? "no file declares anything; nothing was changed"
                    : $"all is as declared ({string.Join(", ", work.Items.Select(i => i.Name).Concat(set.Networks.Select(n => "network " + n.Name)))}); nothing was changed"
            );
            return [.. work.Items.Select(i => i.Report(i.Before))];
        }

        return await host.History.RunAsync(
            "apply",
            work.Names,
            origin => ApplyAsync(set, work, request, origin, cancellation)
        );
    }

    private async Task<IReadOnlyList<ApplyReport>> ApplyAsync(
        QuadletSet set,
        ApplyWork work,
        ApplyRequest request,
        HistoryOrigin origin,
        CancellationToken cancellation
    )
    {
        string[] names = work.Names;
        using ContainerTransaction transaction = new(host, progress, StartOf(set, request))
        {
            Networks = new AppliedNetworks(host, _networks, set.Networks, names),
        };
        IReadOnlyList<StoredImage> images = await transaction.FetchAsync(
            async () =>
            {
                work = ApplyWork.Of(host, set, request);
                if (work.Names.Except(names, StringComparer.Ordinal).FirstOrDefault() is { } late)
                {
                    // It is not among those that are locked.
                    throw new SysctrException(
                        ErrorKind.Locked,
                        $"applying files: another call has changed '{late}' meanwhile",
                        "call it again"
                    );
                }

                await transaction.RequireAsync(work.Changing.Select(i => i.Declaration!.Request.Runtime), cancellation);
                return work.Images;
            },
            () => host.LockAndRecoverAsync(names, cancellation),
            cancellation
        );
        Dictionary<string, ContainerRecord> after = new(StringComparer.Ordinal);
        List<(ContainerRecord Before, ContainerRecord After)> updates = [];
        ApplyPreparer preparer = new(host, note);
        foreach ((ApplyItem item, StoredImage image) in work.Changing.Zip(images))
        {
            if (await preparer.PrepareAsync(transaction, item, image, cancellation) is { } prepared)
            {
                Add(transaction, item, prepared, preparer);
                after[item.Name] = prepared.Record;
                if (item.Before is { } before)
                {
                    updates.Add((before, prepared.Record));
                }
            }
        }

        foreach (ApplyItem gone in work.Leaving)
        {
            transaction.Remove(gone.Before!);
        }

        new UpdateMarks(host, note).RefuseGains(updates, new UpdateRequest(), origin);
        if (after.Count + work.Leaving.Count > 0)
        {
            // Before anything is checked out; they are made once an intent says what they were.
            _networks.Check(set.Networks);
            await CommitAsync(transaction, origin, cancellation);
            Tidy([.. updates.Select(u => u.Before.Name)]);
        }
        else
        {
            MakeNetworks(set, names);
        }

        PruneNetworks(set, request);
        string[] stuck = [.. transaction.Unremoved.Select(u => u.Change.Name)];
        ApplyReport[] reports =
        [
            .. work
                .Items.Where(i => !stuck.Contains(i.Name, StringComparer.Ordinal))
                .Select(i => Settle(i, after.GetValueOrDefault(i.Name), origin)),
        ];

        // All else is done, and told.
        if (stuck.Length > 0)
        {
            throw UninstallOperation.Failure(
                host,
                "uninstalling",
                transaction.Unremoved,
                [.. names.Except(stuck, StringComparer.Ordinal)]
            );
        }

        if (transaction.Kept.Count > 0)
        {
            SysctrException left = UninstallOperation.Left(transaction.Kept, work.Leaving.Select(i => i.Name));
            host.History.Recorded(left, names);
            throw left;
        }

        return reports;
    }

    private void MakeNetworks(QuadletSet set, string[] containers)
    {
        if (set.Networks.Count == 0)
        {
            return;
        }

        try
        {
            _networks.Make(set.Networks);
        }
        catch
        {
            _networks.Undo(containers);
            throw;
        }
    }

    private Func<string, bool> Covers(ApplyRequest request) =>
        file => new ApplyFiles(host).Covers(file, request.Places);

    /// <summary>After what was on them: the change is done, whatever becomes of what is not needed any more.</summary>
    /// <returns>Whether one was removed.</returns>
    private bool PruneNetworks(QuadletSet set, ApplyRequest request)
    {
        if (!request.Prune)
        {
            return false;
        }

        try
        {
            return _networks.Unused(set.Networks, Covers(request)).Count > 0
                && _networks.Prune(set.Networks, Covers(request));
        }
        catch (Exception e) when (e is SysctrException or IOException or UnauthorizedAccessException)
        {
            note($"warning: removing networks that no file declares: {e.Message}");
            return false;
        }
    }

    private static void Add(
        ContainerTransaction transaction,
        ApplyItem item,
        PreparedContainer prepared,
        ApplyPreparer preparer
    )
    {
        transaction.Add(item.Before, prepared);
        if (item.Before is null)
        {
            transaction.Start(item.Name, preparer.Started(prepared.Record, item.Declaration!));
        }
    }

    private async Task CommitAsync(
        ContainerTransaction transaction,
        HistoryOrigin origin,
        CancellationToken cancellation
    )
    {
        _runtimes.Begin(transaction.Prepared.Select(p => p.Record), cancellation);
        await transaction.VerifyAndStageAsync(cancellation);
        IReadOnlyList<ContainerChange> changes = await transaction.PlanAsync(cancellation);
        ContainerSwitch.SayTroubles(changes, note);
        RemainingFiles remaining = new(host);
        Dictionary<string, IReadOnlyList<string>> places = changes
            .Where(c => c.After is null)
            .ToDictionary(c => c.Name, c => remaining.Of(c.Before!), StringComparer.Ordinal);
        StartOutcome outcome = await transaction.CommitAsync(TransactionKind.Apply, origin, cancellation);
        foreach (ContainerChange change in changes.Where(c => transaction.Unremoved.All(u => u.Change.Name != c.Name)))
        {
            string running =
                change.After is not null && AffectedUnits.Started(change).Count > 0
                    ? $", {outcome.Words(change.Name)}"
                    : "";
            note(
                change.Before is null ? $"{change.Name}: installed{running}"
                : change.After is null ? $"{change.Name}: uninstalled; no file declares it any more"
                : $"{change.Name}: updated from deployment {change.Before.Deployment} to {change.After.Deployment}{running}"
            );
            foreach (
                string kept in places.TryGetValue(change.Name, out IReadOnlyList<string>? left)
                    ? remaining.StillThere(left)
                    : []
            )
            {
                note($"{change.Name}: kept {kept}");
            }
        }

        foreach (PreparedContainer container in transaction.Prepared)
        {
            foreach (
                string line in container
                    .Rendered.Warnings.Select(w => $"{container.Record.Name}: warning: {w}")
                    .Concat(RightsText.Lines(container.Record.Name, container.Record.Rights ?? []))
            )
            {
                note(line);
            }
        }

        await _runtimes.SayAsync(note);
    }

    /// <summary>What stands in the record alone is no reason for a new deployment.</summary>
    private ApplyReport Settle(ApplyItem item, ContainerRecord? after, HistoryOrigin origin)
    {
        if (item.Action != ApplyAction.Update || after is not null)
        {
            return item.Report(after ?? (item.Action == ApplyAction.None ? item.Before : null));
        }

        ContainerRecord before = item.Before!;
        InstallRequest request = item.Declaration!.Request;
        if (ApplyWork.HasSameRecord(before, request))
        {
            note($"{item.Name}: is up to date; nothing was changed");
            return (item with { Action = ApplyAction.None }).Report(before);
        }

        ContainerRecord changed = before with
        {
            AutoUpdate = request.AutoUpdate,
            Declared = request.Declared,
            Grants = [.. before.Grants.Union(request.Grants.Where(g => g != RightsRule.All), StringComparer.Ordinal)],
        };
        RecordChange.Make(host, before, changed);
        host.History.Add(
            HistoryLog.Success("apply", item.Name, origin) with
            {
                From = HistoryDeployment.Of(changed),
                To = HistoryDeployment.Of(changed),
            }
        );
        note($"{item.Name}: its record was changed, and nothing restarts");
        return item.Report(changed);
    }

    /// <summary>The change is done, whatever becomes of what is not needed any more.</summary>
    private void Tidy(string[] updated)
    {
        try
        {
            new PruneOperation(host, note).AfterUpdate(updated);
        }
        catch (Exception e)
        {
            note($"warning: removing old deployments: {e.Message}");
        }
    }

    /// <summary>All are started as one, so that the longest time counts that one of them wants.</summary>
    private static StartPolicy StartOf(QuadletSet set, ApplyRequest request) =>
        request.Start with
        {
            Settle = request.Start.Settle ?? set.Containers.Select(c => c.Settle).Max(),
        };
}
