using System.Text;
using SystemContainers.Linux;
using SystemContainers.Oci;

namespace SystemContainers.Deploy;

/// <summary>
/// Takes away what a record says was put on the host, and nothing else. Every step may find its work done already, so the
/// whole can be run again after it was cut at any point: it finishes an uninstall and takes back an install alike.
/// </summary>
sealed class ContainerRemover(Host host)
{
    public void Remove(ContainerRecord record, bool purge, CancellationToken cancellation)
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
        }

        foreach (InstalledFile file in record.Units.Concat(record.HostFiles))
        {
            RemoveFile(file);
        }

        if (record.Tmpfiles is { } tmpfiles)
        {
            RemoveFile(tmpfiles);
        }

        if (host.Systemd.IsBooted)
        {
            host.Systemd.Reload(cancellation);
            foreach (string unit in record.RunnableUnits)
            {
                host.Systemd.ResetFailed(unit, cancellation);
            }
        }

        TreeRemoval.Remove(host.Deployment(record.Name, record.Deployment).ContainerHere);
        if (purge)
        {
            foreach (string directory in record.StateDirectories)
            {
                TreeRemoval.Remove(Path.Join(host.Root, directory));
            }

            new StateClaims(host).Release(record.StateDirectories);
        }
    }

    /// <summary>Removes a file that is still as we wrote it; one that somebody edited is kept beside its place.</summary>
    private void RemoveFile(InstalledFile file)
    {
        string path = Path.Join(host.Root, file.Path);
        string directory = Path.GetDirectoryName(path)!;
        string? link = new FileInfo(path).LinkTarget;
        if (link is not null || File.Exists(path))
        {
            byte[] content = link is null ? File.ReadAllBytes(path) : Encoding.UTF8.GetBytes(link);
            if (Digest.Sha256(content) == file.Sha256)
            {
                DurableFile.Delete(path);
            }
            else
            {
                string kept = path + ".sysctr-save";
                DurableFile.Move(path, kept);
                host.Note($"{path} was edited since it was installed; kept as {kept}");
            }
        }

        // A drop-in directory goes with our drop-in, unless the administrator has one of his own there.
        if (directory.EndsWith(".d", StringComparison.Ordinal) && directory.Contains(".service", StringComparison.Ordinal) &&
            Directory.Exists(directory) && !Directory.EnumerateFileSystemEntries(directory).Any())
        {
            Directory.Delete(directory);
        }
    }
}
