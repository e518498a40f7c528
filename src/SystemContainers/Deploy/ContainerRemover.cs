using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Register;

namespace SystemContainers.Deploy;

/// <summary>
/// Takes away what a record says was put on the host, and nothing else. Every step may find its work done already, so the
/// whole can be run again after it was cut at any point: it finishes an uninstall and takes back an install alike.
/// </summary>
sealed class ContainerRemover(Host host)
{
    public async Task RemoveAsync(ContainerRecord record, bool purge, CancellationToken cancellation)
    {
        if (host.Systemd.IsBooted)
        {
            // Sockets and timers first, or they would start the service again.
            foreach (string unit in record.RunnableUnits)
            {
                host.Systemd.Stop(unit, cancellation);
            }
        }

        if (record.Enabled.Count > 0)
        {
            host.Systemd.Disable(record.Enabled, cancellation);
            host.SyncUnits();
        }

        if (record.Tmpfiles is { } tmpfiles && host.Systemd.IsBooted && File.Exists(tmpfiles.Path))
        {
            await RemoveTemporaryFilesAsync(tmpfiles.Path, cancellation);
        }

        new HostFileSwitch(host).Apply(record, after: null);
        if (host.Systemd.IsBooted)
        {
            host.Systemd.Reload(cancellation);
            foreach (string unit in record.RunnableUnits)
            {
                host.Systemd.ResetFailed(unit, cancellation);
            }
        }

        host.Discard(host.Deployment(record.Name, record.Deployment).ContainerHere);
        if (purge)
        {
            // Those of other deployments too: an update or rollback may have left them behind.
            StateClaims claims = new(host);
            claims.Release([.. record.StateDirectories.Union(claims.Of(record.Name), StringComparer.Ordinal).Where(Purge)]);
        }
    }

    /// <summary>Removes a state directory, unless something is mounted there: that may be anybody's, and must not keep a container from going.</summary>
    /// <returns>Whether it is gone.</returns>
    private bool Purge(string directory)
    {
        try
        {
            TreeRemoval.Remove(host.Here(directory));
            return true;
        }
        catch (LinuxException e) when (e.Errno is Errno.EXDEV or Errno.EBUSY)
        {
            host.Note($"{directory} is not purged: something is mounted there; unmount it and remove the directory");
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
