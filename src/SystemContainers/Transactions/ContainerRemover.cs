// SPDX-License-Identifier: Apache-2.0

using Microsoft.Win32.SafeHandles;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Linux.Processes;
using SystemContainers.Linux.Users;
using SystemContainers.Mounts;
using SystemContainers.Network;
using SystemContainers.State;
using SystemContainers.Systemd;
using SystemContainers.Target;

namespace SystemContainers.Transactions;

/// <summary>
/// Takes away what a record says was put on the host, and nothing else. Every step may find its work done already, so
/// the whole can be run again after it was cut at any point: it finishes an uninstall and rolls back an install alike.
/// </summary>
sealed class ContainerRemover(Host host)
{
    /// <summary>With as many left the intent is written anew for each that is gone.</summary>
    private const int ContainersOfAStep = 16;

    private readonly StateDirectories _directories = new(host);
    private readonly List<Exception> _unremoved = [];

    /// <summary>Why state directories were not purged, and files of images stayed, that nothing but their file system
    /// keeps; the containers are gone all the same.</summary>
    public IReadOnlyList<Exception> Unremoved => _unremoved;

    /// <summary>Makes sure that nobody looks at a container that goes, where its tree has its contents in the store's
    /// objects alone: the next prune would take them.</summary>
    /// <param name="transaction">Whose containers.</param>
    /// <param name="doing">What is being done to those that go, for messages.</param>
    /// <param name="cancellation">Ends the wait for who mounts something.</param>
    /// <returns>Held until the intent is there: from then on it says that they go, and nobody begins to look. Null
    /// where none goes, or nobody can.</returns>
    /// <exception cref="SysctrException">Conflict: somebody looks at one.</exception>
    public IDisposable? HoldUnseen(TransactionRecord transaction, string doing, CancellationToken cancellation)
    {
        string[] leaving = [.. transaction.Changes.Where(c => c.After is null).Select(c => c.Name)];
        if (leaving.Length == 0)
        {
            return null;
        }

        // A mount that has found one of them and is not made yet is seen by nobody.
        MountCatalog mounts = new(host.Target, host.Locks);
        IDisposable? quiet = mounts.Quiet(cancellation);
        try
        {
            foreach (
                MountRecord mount in mounts
                    .Live()
                    .Select(m => m.Record)
                    .Where(m => m.Kind == MountKind.Container && leaving.Contains(m.Name, StringComparer.Ordinal))
            )
            {
                if (mount.Deployment is { } number && host.Catalog.Find(mount.Name, number)?.Composefs is not null)
                {
                    throw new SysctrException(
                        ErrorKind.Conflict,
                        $"{doing} {mount.Name}: its files are looked at in {mount.Directory}",
                        mount.Owner is null
                            ? $"'sysctr umount {mount.Directory}' first"
                            : "wait until the scan has ended"
                    );
                }
            }

            cancellation.ThrowIfCancellationRequested();
            return quiet;
        }
        catch
        {
            quiet?.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Removes the containers of a transaction that go, each though another can't. What is gone is told before the next
    /// one's turn, and struck out of the intent, of many not at once: who finds it there after a crash leaves alone
    /// what is in the places that it had, which are whoever's who has taken them.
    /// </summary>
    /// <param name="intent">The file of its intent.</param>
    /// <param name="transaction">What the intent says.</param>
    /// <param name="gone">Told of each that has gone, and of the directories that were purged with it.</param>
    /// <returns>Those that can't go, which alone are left in the intent, and why.</returns>
    public async Task<IReadOnlyList<(ContainerChange Change, Exception Why)>> RemoveEachAsync(
        string intent,
        TransactionRecord transaction,
        Action<ContainerChange, IReadOnlyList<string>> gone
    )
    {
        List<ContainerChange> left = [.. transaction.Changes.Where(c => c.After is null)];
        List<(ContainerChange Change, Exception Why)> failures = [];
        int named = transaction.Changes.Count;
        foreach (ContainerChange change in left.ToArray())
        {
            try
            {
                IReadOnlyList<string> purged = await RemoveAsync(
                    change.Before!,
                    transaction.Purge,
                    mayBeGone: true,
                    CancellationToken.None
                );
                left.Remove(change);
                gone(change, purged);
            }
            catch (Exception e) when (HostFailure.Understand(e) is not null)
            {
                failures.Add((change, e));
            }

            // Of many not each: the intent names all that are left.
            if (named - left.Count > left.Count / ContainersOfAStep)
            {
                Reduce();
            }
        }

        Reduce();
        return failures;

        void Reduce()
        {
            if (left.Count > 0 && left.Count < named)
            {
                host.Transactions.Reduce(intent, transaction with { Changes = [.. left] }, host.Note);
                named = left.Count;
            }
        }
    }

    /// <summary>From this namespace nobody gets into that of the user's networks; from outside the user does.</summary>
    private async Task RemoveUsersNetworkAsync(HostUser user, string name, CancellationToken cancellation)
    {
        IReadOnlyList<string> caller = TransientService.Caller(user);
        ProcessResult done = await ProcessRunner.RunAsync(
            caller[0],
            [.. caller.Skip(1), "--", Environment.ProcessPath!, "launch", "network-down", name],
            cancellation
        );
        if (done.ExitCode != 0)
        {
            host.Note($"taking the network of {name} away: {done.Error.Trim()}");
        }
    }

    /// <returns>The directories that were purged.</returns>
    /// <exception cref="SysctrException">It can't go; what of it could be removed is.</exception>
    public Task<IReadOnlyList<string>> RemoveAsync(
        ContainerRecord record,
        bool purge,
        CancellationToken cancellation
    ) => RemoveAsync(record, purge, mayBeGone: false, cancellation);

    /// <param name="mayBeGone">Whether it was installed: its directory, which goes last, then says that all of it has
    /// gone.</param>
    private async Task<IReadOnlyList<string>> RemoveAsync(
        ContainerRecord record,
        bool purge,
        bool mayBeGone,
        CancellationToken cancellation
    )
    {
        string container = host.Deployment(record.Name, record.Deployment).ContainerHere;
        if (host.Systemd.IsBooted)
        {
            // Sockets and timers first, or they would start the service again.
            foreach (string unit in record.RunnableUnits)
            {
                await host.Systemd.StopAsync(unit, cancellation);
            }

            // Its unit does that; not where its last command was killed.
            if (host.User is null)
            {
                new ContainerNetwork(host.Target.Networks, host.Locks.LockNetworks, host.Note).Down(record.Name);
            }
            else if (NetworkRecords.Find(record.Name) is not null)
            {
                await RemoveUsersNetworkAsync(host.User, record.Name, cancellation);
            }
        }

        if (record.Enabled.Count > 0)
        {
            await host.Systemd.DisableAsync(record.Enabled, cancellation);
            host.SyncUnits();
        }

        if (record.Tmpfiles is { } tmpfiles && host.Systemd.IsBooted && File.Exists(tmpfiles.Path))
        {
            await RemoveTemporaryFilesAsync(tmpfiles.Path, cancellation);
        }

        IReadOnlyList<(string Path, Exception Why)> left =
            mayBeGone && !Directory.Exists(container) ? [] : new HostFileSwitch(host).Apply(record, after: null);
        if (host.Systemd.IsBooted)
        {
            await host.Systemd.ReloadAsync(cancellation);
            foreach (string unit in record.RunnableUnits)
            {
                await host.Systemd.ResetFailedAsync(unit, cancellation);
            }
        }

        HashSet<string> own = record.OwnFiles.Select(f => f.Path).ToHashSet(StringComparer.Ordinal);
        foreach ((string path, Exception why) in left.OrderByDescending(l => own.Contains(l.Path)))
        {
            SysctrException kept = HostFileSwitch.Stuck("removing", path, why);
            if (own.Contains(path) || !IsProtected(why))
            {
                // A unit that systemd would start again at the next boot; or what a disk that works again lets go.
                throw kept;
            }

            _unremoved.Add(kept);
            host.Note($"{host.Here(path)} is left where it is: {why.Message}");
        }

        host.Discard(container);
        if (purge)
        {
            // Those of other deployments too: an update or rollback may have left them behind.
            StateClaims claims = new(host);
            IEnumerable<string> state = record.StateDirectories.Union(claims.Of(record.Name), StringComparer.Ordinal);
            string[] there = [.. state.Where(d => Path.Exists(host.Here(d)))];
            string[] gone = [.. state.Where(d => Purge(claims, record.Name, d))];
            claims.Release(record.Name, gone);
            return [.. gone.Intersect(there, StringComparer.Ordinal)];
        }

        return [];
    }

    /// <summary>Whether somebody has protected it (chattr(1), a mount that is read-only), so that no other try makes it
    /// go.</summary>
    private static bool IsProtected(Exception why) =>
        HostFailure.KindOf(why) == ErrorKind.Permission || HostFailure.IsReadOnly(why);

    /// <summary>
    /// Removes a state directory, unless something is mounted there: that may be anybody's, and must not keep a
    /// container from going. Nor where another container has to do with it, or the payload has put a link on the way to
    /// it.
    /// </summary>
    /// <returns>Whether it is gone.</returns>
    private bool Purge(StateClaims claims, string name, string directory)
    {
        if (!Path.Exists(host.Here(directory)))
        {
            return true;
        }

        if (host.Mounts(name, bundle: "").IsOwn(host.Inside(directory)))
        {
            host.Note($"{directory} is not purged: it leads into the store of sysctr");
            return false;
        }

        if (claims.OtherUser(name, directory) is { } other)
        {
            host.Note($"{directory} is not purged: '{other}' uses it too");
            return false;
        }

        try
        {
            using SafeFileHandle? parent = _directories.OpenParent(directory);
            if (parent is not null)
            {
                TreeRemoval.Remove(parent, Path.GetFileName(directory), host.Here(directory));
            }

            return true;
        }
        catch (LinuxException e) when (e.Errno is Errno.EXDEV or Errno.EBUSY)
        {
            host.Note($"{directory} is not purged: something is mounted there; unmount it and remove the directory");
            return false;
        }
        catch (LinuxException e)
        {
            // A disk that fails, or chattr(1): the claim stays, and so a purge of a later container of that name
            // removes it.
            _unremoved.Add(e);
            host.Note($"{directory} is not purged: {e.Message}");
            return false;
        }
        catch (IOException e)
        {
            host.Note($"{directory} is not purged: {e.Message}; look at it, and remove it yourself");
            return false;
        }
    }

    private async Task RemoveTemporaryFilesAsync(string file, CancellationToken cancellation)
    {
        try
        {
            await SystemdTmpfiles.RemoveAsync(file, host.User, cancellation);
        }
        catch (SysctrException e)
        {
            // Something below /run that is in use must not keep a container from going.
            host.Note($"warning: {e.Message}");
        }
    }
}
