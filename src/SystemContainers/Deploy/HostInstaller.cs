using SystemContainers.Linux;
using SystemContainers.Register;
using SystemContainers.Render;

namespace SystemContainers.Deploy;

/// <summary>
/// Puts prepared containers on the host: the part of an install that changes something. Its caller has made the intent
/// durable, and takes everything back when this throws.
/// </summary>
sealed class HostInstaller(Host host)
{
    /// <summary>Moves the deployment into place and writes the container's files, each durably.</summary>
    public void Place(PreparedContainer container)
    {
        DeploymentDirectory directory = container.Directory;
        DurableFile.Move(directory.Staged, directory.Here);
        DurableFile.WriteLink(directory.CurrentLink, directory.Number.ToString());
        HostFilePlacer hostFiles = new(host);
        foreach (HostFile file in container.Rendered.HostFiles)
        {
            hostFiles.Place(file, container.Tree);
        }

        new StateClaims(host).Claim(container.Record.Name, container.Record.StateDirectories);
        foreach (HostText file in container.UnitFiles)
        {
            UnitFiles.Write(Path.Join(host.Root, file.Path), file.Text);
        }

        if (container.Tmpfiles is { } tmpfiles)
        {
            UnitFiles.Write(Path.Join(host.Root, tmpfiles.Path), tmpfiles.Text);
        }
    }

    /// <summary>Tells systemd: reload, make what tmpfiles name, enable.</summary>
    public async Task RegisterAsync(IReadOnlyList<PreparedContainer> containers)
    {
        if (host.Systemd.IsBooted)
        {
            host.Systemd.Reload(CancellationToken.None);
            foreach (HostText tmpfiles in containers.Select(c => c.Tmpfiles).OfType<HostText>())
            {
                await SystemdTmpfiles.CreateAsync(tmpfiles.Path, CancellationToken.None);
            }
        }

        string[] units = [.. containers.SelectMany(c => c.Record.Enabled)];
        if (units.Length > 0)
        {
            host.Systemd.Enable(units, CancellationToken.None);
        }
    }
}
