// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Render.HostFiles;
using SystemContainers.Requests;
using SystemContainers.State;
using SystemContainers.Systemd;
using SystemContainers.Target;
using SystemContainers.Templates;

namespace SystemContainers.Transactions;

/// <summary>
/// Brings deployments into use: the part of an install, update or rollback that changes the host. All containers of a
/// transaction change, or none: what fails is taken back, and what is cut is taken back or finished by <see cref="Recovery"/>.
/// </summary>
/// <param name="host">The host.</param>
/// <param name="policy">When new deployments count as well.</param>
sealed class ContainerSwitch(Host host, StartPolicy? policy = null)
{
    private readonly HostFileSwitch _files = new(host);
    private readonly HealthWatch _health = new(host, policy ?? StartPolicy.Default);

    /// <summary>When the first new deployment was started; null before.</summary>
    private DateTimeOffset? _started;

    private SwitchedUnits Units => new(host.Systemd);

    /// <summary>What happens to a container when <paramref name="after"/> replaces <paramref name="before"/>, as the host is now.</summary>
    public async Task<ContainerChange> PlanAsync(ContainerRecord before, ContainerRecord after, CancellationToken cancellation)
    {
        List<(string Unit, UnitWellness Wellness)> units = [];
        foreach (string unit in host.Systemd.IsBooted ? before.RunnableUnits : [])
        {
            units.Add((unit, await UnitWellness.OfAsync(host.Systemd, unit, cancellation)));
        }

        ContainerChange change = new(before, after)
        {
            Running = [.. units.Where(u => u.Wellness.IsWanted).Select(u => u.Unit)],
            Troubles = [.. units.Select(u => u.Wellness.Trouble).OfType<string>()],
            Edited = _files.EditedOwnFiles(before),
        };
        return change with
        {
            Dependents = [.. (await host.Systemd.GetRunningDependentsAsync([.. SwitchedUnits.Stopped(change)], cancellation)).Except(before.RunnableUnits, StringComparer.Ordinal)],
        };
    }

    /// <summary>Carries a transaction out; what ran before runs again when this returns.</summary>
    /// <param name="transaction">An install, update or rollback; its deployments are staged, or in their place already.</param>
    /// <param name="cancellation">Honoured until the commit; then everything is taken back.</param>
    /// <returns>The containers whose own health check was made.</returns>
    /// <exception cref="SysctrException">Why it failed; the host is as before.</exception>
    public async Task<IReadOnlyList<string>> RunAsync(TransactionRecord transaction, CancellationToken cancellation)
    {
        transaction = transaction with { Changes = [.. transaction.Changes.Select(WithNewState)] };
        string intent = host.Transactions.Begin(transaction);
        string committed;
        IReadOnlyList<string> healthy;
        try
        {
            healthy = await ForwardAsync(transaction.Changes, cancellation);
            foreach (ContainerRecord after in transaction.Changes.Select(c => c.After!))
            {
                MakeCurrent(after);
            }

            // Last of all that can fail: what is told to have failed is as before.
            committed = IntentRecords.Commit(intent);
        }
        catch (Exception e)
        {
            IReadOnlyDictionary<string, string> journals = e is SysctrException && _started is { } since
                ? await new FailedStarts(host).KeepAsync(transaction.Changes, since)
                : FailedStarts.None;
            await TakeBackAsync(transaction, e);
            host.History.TakenBack(transaction, IntentRecords.Id(intent), e, journals);
            IntentRecords.End(intent);
            if (e is SysctrException failure && journals.Count > 0)
            {
                throw new SysctrException(
                    failure.Kind, failure.Message, $"what the failed start wrote is in {string.Join(", ", journals.Values)}", failure);
            }

            throw;
        }

        End(transaction, committed);
        return healthy;
    }

    /// <summary>Says of containers that were not well before a change that they were not: what holds after it is not its doing.</summary>
    public static void SayTroubles(IEnumerable<ContainerChange> changes, Action<string> note)
    {
        foreach (ContainerChange change in changes.Where(c => c.Troubles.Count > 0))
        {
            note($"{change.Name}: was not well before: {string.Join("; ", change.Troubles)}");
        }
    }

    /// <summary>What is left to do once a transaction is committed. May be done again.</summary>
    public void Finish(TransactionRecord transaction)
    {
        foreach (ContainerChange change in transaction.Changes.Where(c => c.After is not null))
        {
            DeploymentDirectory directory = host.Deployment(change.Name, change.After!.Deployment);
            if (change.Before is { } before)
            {
                DurableFile.WriteLink(directory.PreviousLink, before.Deployment.ToString());
            }

            MakeCurrent(change.After);
        }
    }

    /// <summary>Restores what was before an uncommitted transaction. May be done again after it was cut at any point.</summary>
    /// <param name="transaction">An install, update or rollback.</param>
    /// <param name="start">Whether what ran before is started again; at boot systemd does that itself.</param>
    public async Task TakeBackAsync(TransactionRecord transaction, bool start)
    {
        ContainerRemover remover = new(host);
        ContainerChange[] switched = [.. transaction.Changes.Where(c => c.Before is not null)];
        if (switched.Length > 0 && host.Systemd.IsBooted)
        {
            await Units.StopNewAsync(switched);
        }

        foreach (ContainerChange change in transaction.Changes.Reverse())
        {
            if (change.Before is null)
            {
                await remover.RemoveAsync(change.After!, purge: false, CancellationToken.None);
            }
            else
            {
                MakeCurrent(change.Before);
                await RestoreAsync(change.Before, change.After!, change);
            }

            RemoveNewState(change);
        }

        if (start && switched.Length > 0)
        {
            await StartOldAsync(switched);
        }

        foreach (ContainerChange change in switched.Where(_ => transaction.Operation == TransactionKind.Update))
        {
            host.Discard(host.Deployment(change.Name, change.After!.Deployment).Here);
        }
    }

    /// <summary>One that does not start any more is no reason to try it all again: nothing else is left to be taken back.</summary>
    private async Task StartOldAsync(IReadOnlyList<ContainerChange> changes)
    {
        string running = " and running";
        try
        {
            await Units.StartOldAsync(changes);
        }
        catch (SysctrException e)
        {
            running = "";
            host.Note($"warning: what ran before does not start again: {e.Message}");
        }

        foreach (ContainerChange change in changes)
        {
            host.Note($"{change.Name}: deployment {change.Before!.Deployment} is back" +
                      (change.Troubles.Count > 0 ? ", as unwell as it was" : change.Running.Count > 0 ? running : ""));
        }
    }

    private async Task<IReadOnlyList<string>> ForwardAsync(IReadOnlyList<ContainerChange> changes, CancellationToken cancellation)
    {
        await Units.StopAsync(changes, cancellation);

        foreach (ContainerRecord after in changes.Select(c => c.After!))
        {
            DeploymentDirectory directory = host.Deployment(after.Name, after.Deployment);
            if (Directory.Exists(directory.Staged))
            {
                DurableFile.Move(directory.Staged, directory.Here);
            }

            new StateClaims(host).Claim(after.Name, after.StateDirectories);
        }

        foreach (ContainerChange change in changes)
        {
            cancellation.ThrowIfCancellationRequested();
            _files.Apply(change.Before, change.After);
        }

        await RegisterAsync(changes);
        return await StartAsync([.. changes.Where(c => c.Running.Count > 0)], cancellation);
    }

    /// <summary>Starts what ran, and waits until it is well.</summary>
    private async Task<IReadOnlyList<string>> StartAsync(IReadOnlyList<ContainerChange> changes, CancellationToken cancellation)
    {
        if (changes.Count == 0)
        {
            return [];
        }

        foreach (string unit in changes.Where(c => c.Troubles.Count > 0).SelectMany(SwitchedUnits.Started))
        {
            // How often the old one was started again is not held against the new one: neither by systemd (StartLimitBurst=) nor by us.
            await host.Systemd.ResetFailedAsync(unit, cancellation);
        }

        _started = DateTimeOffset.UtcNow;
        await Units.StartAsync(changes, cancellation);
        return await _health.AwaitAsync([.. changes.Select(c => (c.After!, SwitchedUnits.Started(c)))], mayEnd: false, cancellation);
    }

    /// <summary>Tells systemd: enable and disable, reload once for all of it, make what tmpfiles name.</summary>
    private async Task RegisterAsync(IReadOnlyList<ContainerChange> changes)
    {
        string[] enabled = [.. changes.SelectMany(c => c.After!.Enabled)];
        string[] gone = [.. changes.SelectMany(c => c.Before?.Enabled ?? []).Except(enabled, StringComparer.Ordinal)];
        if (gone.Length > 0)
        {
            await host.Systemd.DisableAsync(gone, CancellationToken.None);
        }

        // What the administrator disabled since stays disabled.
        string[] fresh = [.. enabled.Except(changes.SelectMany(c => c.Before?.Enabled ?? []), StringComparer.Ordinal)];
        if (fresh.Length > 0)
        {
            await host.Systemd.EnableAsync(fresh, CancellationToken.None);
        }

        if (gone.Length + fresh.Length > 0)
        {
            host.SyncUnits();
        }

        if (host.Systemd.IsBooted)
        {
            await host.Systemd.ReloadAsync(CancellationToken.None);
            foreach (ContainerRecord after in changes.Select(c => c.After!))
            {
                await MakeTmpfilesAsync(after);
            }
        }
    }

    /// <summary>What fails here, whatever it is, changes nothing any more: the new state holds, and whoever finds the intent finishes it.</summary>
    private void End(TransactionRecord transaction, string committed)
    {
        try
        {
            host.History.Done(transaction, IntentRecords.Id(committed));
            Finish(transaction);
            IntentRecords.End(committed);
        }
        catch (Exception e)
        {
            host.Note($"warning: {e.Message}; the next call of sysctr tidies up");
        }
    }

    private void MakeCurrent(ContainerRecord record)
    {
        DeploymentDirectory directory = host.Deployment(record.Name, record.Deployment);
        if (new FileInfo(directory.CurrentLink).LinkTarget != directory.Number.ToString())
        {
            DurableFile.WriteLink(directory.CurrentLink, directory.Number.ToString());
        }
    }

    private async Task RestoreAsync(ContainerRecord before, ContainerRecord after, ContainerChange change)
    {
        string[] added = [.. after.Enabled.Except(before.Enabled, StringComparer.Ordinal)];
        if (added.Length > 0)
        {
            await host.Systemd.DisableAsync(added, CancellationToken.None);
        }

        _files.Apply(after, before, takingBack: true);
        _files.RestoreSaved(change.Edited);
        string[] removed = [.. before.Enabled.Except(after.Enabled, StringComparer.Ordinal)];
        if (removed.Length > 0)
        {
            await host.Systemd.EnableAsync(removed, CancellationToken.None);
        }

        if (added.Length + removed.Length > 0)
        {
            host.SyncUnits();
        }

        if (host.Systemd.IsBooted)
        {
            await host.Systemd.ReloadAsync(CancellationToken.None);
            foreach (string unit in before.RunnableUnits)
            {
                await host.Systemd.ResetFailedAsync(unit, CancellationToken.None);
            }

            try
            {
                await MakeTmpfilesAsync(before);
            }
            catch (SysctrException e)
            {
                // It was all there. What a payload has put in its place since must not keep the old state from coming back.
                host.Note($"warning: {e.Message}");
            }
        }
    }

    private async Task MakeTmpfilesAsync(ContainerRecord record)
    {
        if (record.Tmpfiles is { } tmpfiles)
        {
            await SystemdTmpfiles.CreateAsync(tmpfiles.Path, host.User, CancellationToken.None);
        }

        UserDirectories.MakeOnce(record.TmpfilesOnce, host.Here, host.User?.Ids);
    }

    private ContainerChange WithNewState(ContainerChange change) => change with
    {
        NewState =
        [
            // A claim from before is not this change's to give up, whether its directory is there or not.
            .. change.After!.StateDirectories.Concat(TmpfilesDirectories(change.After)).Except(new StateClaims(host).Of(change.Name), StringComparer.Ordinal)
                .Where(d => !Path.Exists(host.Here(d)))
                // What is in a directory goes before it.
                .OrderDescending(StringComparer.Ordinal),
        ],
    };

    /// <summary>The directories that the lines of a deployment make, and those above them.</summary>
    private IEnumerable<string> TmpfilesDirectories(ContainerRecord record)
    {
        DeploymentDirectory directory = host.Deployment(record.Name, record.Deployment);
        string? kept = record.Tmpfiles is not { } tmpfiles ? null
            : Directory.Exists(directory.Staged) ? directory.StagedFile(tmpfiles.Path) : directory.KeptFile(tmpfiles.Path);
        foreach (string line in kept is null || !File.Exists(kept) ? [] : TmpfilesLines.Directories(File.ReadAllText(kept)))
        {
            for (string made = line; made != "/"; made = HostPath.Parent(made))
            {
                yield return made;
            }
        }
    }

    /// <summary>Whatever a payload has written there meanwhile is kept, and stays claimed.</summary>
    private void RemoveNewState(ContainerChange change)
    {
        foreach (string path in change.NewState.Select(host.Here).Where(Directory.Exists))
        {
            if (!Directory.EnumerateFileSystemEntries(path).Any())
            {
                DeleteUnlessMounted(path);
            }
        }

        string[] gone = [.. change.NewState.Intersect(change.After!.StateDirectories, StringComparer.Ordinal).Where(d => !Path.Exists(host.Here(d)))];
        if (gone.Length > 0)
        {
            new StateClaims(host).Release(change.Name, gone);
        }
    }

    private static void DeleteUnlessMounted(string directory)
    {
        try
        {
            DurableFile.DeleteDirectory(directory);
        }
        catch (IOException e) when (e.HResult == Errno.EBUSY)
        {
            // The failed deployment mounted something there, and such a mount outlives it.
        }
    }

    /// <summary>Leaves the intent where it fails: the next call tries again.</summary>
    private async Task TakeBackAsync(TransactionRecord transaction, Exception why)
    {
        try
        {
            await TakeBackAsync(transaction, start: true);
        }
        catch (Exception e) when (e is SysctrException or IOException or UnauthorizedAccessException)
        {
            throw new SysctrException(
                HostFailure.Understand(why)?.Kind ?? ErrorKind.Failed,
                $"{why.Message}\ntaking it back: {e.Message}",
                "the next call of sysctr goes on taking it back",
                why);
        }
    }
}
