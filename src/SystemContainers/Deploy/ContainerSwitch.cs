using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Register;

namespace SystemContainers.Deploy;

/// <summary>
/// Brings deployments into use: the part of an install, update or rollback that changes the host. All containers of a
/// transaction change, or none: what fails is taken back, and what is cut is taken back or finished by <see cref="Recovery"/>.
/// </summary>
sealed class ContainerSwitch(Host host)
{
    private readonly HostFileSwitch _files = new(host);

    /// <summary>What happens to a container when <paramref name="after"/> replaces <paramref name="before"/>, as the host is now.</summary>
    public ContainerChange Plan(ContainerRecord before, ContainerRecord after)
    {
        string[] running = host.Systemd.IsBooted
            ? [.. before.RunnableUnits.Where(u => host.Systemd.GetStatus(u).ActiveState is "active" or "activating" or "reloading")]
            : [];
        ContainerChange change = new(before, after) { Running = running, Edited = _files.EditedOwnFiles(before) };
        return change with
        {
            Dependents = [.. host.Systemd.RunningDependents([.. Stopped(change)]).Except(before.RunnableUnits, StringComparer.Ordinal)],
        };
    }

    /// <summary>Carries a transaction out; what ran before runs again when this returns.</summary>
    /// <param name="transaction">An install, update or rollback; its deployments are staged, or in their place already.</param>
    /// <param name="cancellation">Honoured until the commit; then everything is taken back.</param>
    /// <exception cref="SysctrException">Why it failed; the host is as before.</exception>
    public async Task RunAsync(TransactionRecord transaction, CancellationToken cancellation)
    {
        transaction = transaction with { Changes = [.. transaction.Changes.Select(WithNewState)] };
        string intent = host.Transactions.Begin(transaction);
        try
        {
            await ForwardAsync(transaction.Changes, cancellation);
        }
        catch (Exception e)
        {
            await TakeBackAsync(transaction, e);
            host.History.TakenBack(transaction, Transactions.Id(intent), e);
            Transactions.End(intent);
            throw;
        }

        intent = Transactions.Commit(intent);
        Finish(transaction);
        host.History.Done(transaction, Transactions.Id(intent));
        Transactions.End(intent);
    }

    /// <summary>What is left to do once a transaction is committed. May be done again.</summary>
    public void Finish(TransactionRecord transaction)
    {
        foreach (ContainerRecord record in transaction.Changes.Select(c => c.After).OfType<ContainerRecord>())
        {
            DeploymentDirectory directory = host.Deployment(record.Name, record.Deployment);
            DurableFile.WriteLink(directory.CurrentLink, directory.Number.ToString());
        }
    }

    /// <summary>Restores what was before an uncommitted transaction. May be done again after it was cut at any point.</summary>
    /// <param name="transaction">An install, update or rollback.</param>
    /// <param name="start">Whether what ran before is started again; at boot systemd does that itself.</param>
    public async Task TakeBackAsync(TransactionRecord transaction, bool start)
    {
        ContainerRemover remover = new(host);
        foreach (ContainerChange change in transaction.Changes.Reverse())
        {
            if (change.Before is null)
            {
                await remover.RemoveAsync(change.After!, purge: false, CancellationToken.None);
            }
            else
            {
                await RestoreAsync(change.Before, change.After!, change);
            }

            RemoveNewState(change);
        }

        foreach (ContainerChange change in transaction.Changes.Where(c => c.Before is not null))
        {
            if (start)
            {
                StartAll(change.Running.Reverse(), CancellationToken.None);
                host.Note($"{change.Name}: deployment {change.Before!.Deployment} is back{(change.Running.Count > 0 ? " and running" : "")}");
            }

            if (transaction.Operation == TransactionKind.Update)
            {
                host.Discard(host.Deployment(change.Name, change.After!.Deployment).Here);
            }
        }

        if (start)
        {
            StartDependents(transaction.Changes, CancellationToken.None);
        }
    }

    private async Task ForwardAsync(IReadOnlyList<ContainerChange> changes, CancellationToken cancellation)
    {
        foreach (ContainerChange change in changes.Reverse())
        {
            StopAll(Stopped(change), cancellation);
        }

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
        foreach (ContainerChange change in changes)
        {
            StartAll(Started(change), cancellation);
        }

        StartDependents(changes, cancellation);
    }

    /// <summary>What is part of the transaction itself has been started, or was meant to stay stopped.</summary>
    private void StartDependents(IReadOnlyList<ContainerChange> changes, CancellationToken cancellation)
    {
        IEnumerable<string> own = changes.SelectMany(c => (c.Before?.RunnableUnits ?? []).Concat(c.After?.RunnableUnits ?? []));
        foreach (string unit in changes.SelectMany(c => c.Dependents).Distinct(StringComparer.Ordinal).Except(own, StringComparer.Ordinal))
        {
            host.Systemd.Start(unit, cancellation);
        }
    }

    /// <summary>Tells systemd: reload, make what tmpfiles name, enable and disable.</summary>
    private async Task RegisterAsync(IReadOnlyList<ContainerChange> changes)
    {
        if (host.Systemd.IsBooted)
        {
            host.Systemd.Reload(CancellationToken.None);
            foreach (InstalledFile tmpfiles in changes.Select(c => c.After!.Tmpfiles).OfType<InstalledFile>())
            {
                await SystemdTmpfiles.CreateAsync(tmpfiles.Path, CancellationToken.None);
            }
        }

        string[] enabled = [.. changes.SelectMany(c => c.After!.Enabled)];
        string[] gone = [.. changes.SelectMany(c => c.Before?.Enabled ?? []).Except(enabled, StringComparer.Ordinal)];
        if (gone.Length > 0)
        {
            host.Systemd.Disable(gone, CancellationToken.None);
        }

        // What the administrator disabled since stays disabled.
        string[] fresh = [.. enabled.Except(changes.SelectMany(c => c.Before?.Enabled ?? []), StringComparer.Ordinal)];
        if (fresh.Length > 0)
        {
            host.Systemd.Enable(fresh, CancellationToken.None);
        }

        if (gone.Length + fresh.Length > 0)
        {
            host.SyncUnits();
        }
    }

    private async Task RestoreAsync(ContainerRecord before, ContainerRecord after, ContainerChange change)
    {
        if (host.Systemd.IsBooted)
        {
            StopAll(Stopped(change).Concat(after.RunnableUnits.Except(before.RunnableUnits, StringComparer.Ordinal)), CancellationToken.None);
        }

        string[] added = [.. after.Enabled.Except(before.Enabled, StringComparer.Ordinal)];
        if (added.Length > 0)
        {
            host.Systemd.Disable(added, CancellationToken.None);
        }

        _files.Apply(after, before, takingBack: true);
        _files.RestoreSaved(change.Edited);
        string[] removed = [.. before.Enabled.Except(after.Enabled, StringComparer.Ordinal)];
        if (removed.Length > 0)
        {
            host.Systemd.Enable(removed, CancellationToken.None);
        }

        if (added.Length + removed.Length > 0)
        {
            host.SyncUnits();
        }

        if (host.Systemd.IsBooted)
        {
            host.Systemd.Reload(CancellationToken.None);
            foreach (string unit in before.RunnableUnits)
            {
                host.Systemd.ResetFailed(unit, CancellationToken.None);
            }

            if (before.Tmpfiles is { } tmpfiles)
            {
                await SystemdTmpfiles.CreateAsync(tmpfiles.Path, CancellationToken.None);
            }
        }
    }

    private ContainerChange WithNewState(ContainerChange change) => change with
    {
        NewState = [.. change.After!.StateDirectories.Except(new StateClaims(host).Of(change.Name), StringComparer.Ordinal).Where(d => !Path.Exists(host.Here(d)))],
    };

    /// <summary>Whatever a payload has written there meanwhile is kept, and stays claimed.</summary>
    private void RemoveNewState(ContainerChange change)
    {
        foreach (string path in change.NewState.Select(host.Here).Where(Directory.Exists))
        {
            if (!Directory.EnumerateFileSystemEntries(path).Any())
            {
                DurableFile.DeleteDirectory(path);
            }
        }

        string[] gone = [.. change.NewState.Where(d => !Path.Exists(host.Here(d)))];
        if (gone.Length > 0)
        {
            new StateClaims(host).Release(gone);
        }
    }

    /// <summary>Leaves the intent where it fails: the next call tries again.</summary>
    private async Task TakeBackAsync(TransactionRecord transaction, Exception why)
    {
        try
        {
            await TakeBackAsync(transaction, start: true);
        }
        catch (SysctrException e)
        {
            throw new SysctrException(
                (why as SysctrException)?.Kind ?? ErrorKind.Failed,
                $"{why.Message}\ntaking it back: {e.Message}",
                "the next call of sysctr goes on taking it back",
                why);
        }
    }

    /// <summary>
    /// What has to stop before files change: services that ran, for they run from the old deployment; sockets, timers and paths only
    /// where they change or go, so that nobody who connects is turned away.
    /// </summary>
    private static IEnumerable<string> Stopped(ContainerChange change) => change.Running.Where(u => IsService(u) || IsChanged(change, u));

    /// <summary>What ran and is still there, sockets first; and what came new to a container that ran.</summary>
    private static IEnumerable<string> Started(ContainerChange change)
    {
        if (change.Running.Count == 0)
        {
            return [];
        }

        string[] units = [.. change.After!.RunnableUnits];
        return units.Where(u =>
            change.Running.Contains(u, StringComparer.Ordinal) ||
            (change.After.Enabled.Contains(u, StringComparer.Ordinal) && !change.Before!.UnitNames.Contains(u, StringComparer.Ordinal)));
    }

    private static bool IsChanged(ContainerChange change, string unit)
    {
        InstalledFile? old = change.Before!.Units.FirstOrDefault(f => Path.GetFileName(f.Path) == unit);
        return change.After?.Units.FirstOrDefault(f => Path.GetFileName(f.Path) == unit)?.Sha256 != old?.Sha256;
    }

    private static bool IsService(string unit) => unit.EndsWith(".service", StringComparison.Ordinal);

    private void StopAll(IEnumerable<string> units, CancellationToken cancellation)
    {
        foreach (string unit in units)
        {
            host.Systemd.Stop(unit, cancellation);
        }
    }

    /// <summary>Restart, not start: a connection may have started the service anew while its files changed.</summary>
    private void StartAll(IEnumerable<string> units, CancellationToken cancellation)
    {
        foreach (string unit in units)
        {
            if (IsService(unit))
            {
                host.Systemd.Restart(unit, cancellation);
            }
            else
            {
                host.Systemd.Start(unit, cancellation);
            }
        }
    }
}
