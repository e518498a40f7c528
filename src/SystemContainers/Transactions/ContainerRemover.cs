// SPDX-License-Identifier: Apache-2.0

using System.Runtime.ExceptionServices;
using Microsoft.Win32.SafeHandles;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
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
    private readonly StateDirectories _directories = new(host);
    private readonly List<LinuxException> _unpurged = [];

    /// <summary>Why state directories could not be purged that nothing but their file system keeps; the containers are
    /// gone all the same.</summary>
    public IReadOnlyList<LinuxException> Unpurged => _unpurged;

    /// <summary>As <see cref="RemoveAsync"/>, each though another can't go; then the first failure is thrown, and all
    /// may be called again.</summary>
    public async Task RemoveEachAsync(IEnumerable<ContainerRecord> records, bool purge)
    {
        Exception? first = null;
        foreach (ContainerRecord record in records)
        {
            try
            {
                await RemoveAsync(record, purge, CancellationToken.None);
            }
            catch (Exception e) when (HostFailure.Understand(e) is not null)
            {
                first ??= e;
            }
        }

        if (first is not null)
        {
            ExceptionDispatchInfo.Throw(first);
        }
    }

    /// <returns>The directories that were purged.</returns>
    public async Task<IReadOnlyList<string>> RemoveAsync(
        ContainerRecord record,
        bool purge,
        CancellationToken cancellation
    )
    {
        if (host.Systemd.IsBooted)
        {
            // Sockets and timers first, or they would start the service again.
            foreach (string unit in record.RunnableUnits)
            {
                await host.Systemd.StopAsync(unit, cancellation);
            }

            if (host.User is null)
            {
                // Its unit does that; not where its last command was killed.
                new ContainerNetwork(new NetworkStore(NetworkStore.OnHost), host.Locks.LockNetworks, host.Note).Down(
                    record.Name
                );
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

        new HostFileSwitch(host).Apply(record, after: null);
        if (host.Systemd.IsBooted)
        {
            await host.Systemd.ReloadAsync(cancellation);
            foreach (string unit in record.RunnableUnits)
            {
                await host.Systemd.ResetFailedAsync(unit, cancellation);
            }
        }

        host.Discard(host.Deployment(record.Name, record.Deployment).ContainerHere);
        if (purge)
        {
            // Those of other deployments too: an update or rollback may have left them behind.
            StateClaims claims = new(host);
            IEnumerable<string> own = record.StateDirectories.Union(claims.Of(record.Name), StringComparer.Ordinal);
            string[] there = [.. own.Where(d => Path.Exists(host.Here(d)))];
            string[] gone = [.. own.Where(d => Purge(claims, record.Name, d))];
            claims.Release(record.Name, gone);
            return [.. gone.Intersect(there, StringComparer.Ordinal)];
        }

        return [];
    }

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
            // A disk that fails, or chattr(1): the claim stays, and so a purge of that name removes it later.
            _unpurged.Add(e);
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
