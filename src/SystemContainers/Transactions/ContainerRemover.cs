// SPDX-License-Identifier: Apache-2.0

using Microsoft.Win32.SafeHandles;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Network;
using SystemContainers.Runtime;
using SystemContainers.State;
using SystemContainers.Systemd;
using SystemContainers.Target;
using SystemContainers.Templates;

namespace SystemContainers.Transactions;

/// <summary>
/// Takes away what a record says was put on the host, and nothing else. Every step may find its work done already, so
/// the whole can be run again after it was cut at any point: it finishes an uninstall and rolls back an install alike.
/// </summary>
sealed class ContainerRemover(Host host)
{
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
            if (host.Root == "/")
            {
                // The deployment is gone, and with it what it mounted; all that is not the system's own directory may
                // have been the payload's.
                using SafeFileHandle? parent = GuardedPath.Open(
                    Path.GetDirectoryName(directory)!,
                    d => IsFollowed(d) ? null : "the payload may have made it"
                );
            }

            TreeRemoval.Remove(host.Here(directory));
            return true;
        }
        catch (IOException e) when (e is not LinuxException)
        {
            host.Note($"{directory} is not purged: {e.Message}; look at it, and remove it yourself");
            return false;
        }
        catch (LinuxException e) when (e.Errno is Errno.EXDEV or Errno.EBUSY)
        {
            host.Note($"{directory} is not purged: something is mounted there; unmount it and remove the directory");
            return false;
        }
    }

    /// <summary>Whether links in a directory are the administrator's: in the system's own, and in those above a user's
    /// data.</summary>
    private bool IsFollowed(SafeFileHandle directory)
    {
        string path = new FileInfo($"/proc/self/fd/{directory.DangerousGetHandle()}").LinkTarget!;
        return MountGuard.IsSystemDirectory(path)
            || (host.User is { } user && HostPath.IsBelow(user.DataHome + "/x", path));
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
