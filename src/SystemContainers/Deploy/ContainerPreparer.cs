using System.Text;
using SystemContainers.Checkout;
using SystemContainers.Errors;
using SystemContainers.Linux;
using SystemContainers.Oci;
using SystemContainers.Register;
using SystemContainers.Render;
using SystemContainers.Run;

namespace SystemContainers.Deploy;

/// <summary>Everything about a container that can fail without touching the host: merge, render, adapt, verify, check out.</summary>
sealed class ContainerPreparer(Host host)
{
    private readonly SysctrConfiguration _configuration = SysctrConfiguration.Load(host.Root);

    /// <summary>Renders a container in memory.</summary>
    /// <exception cref="SysctrException">The image can't be installed as asked; nothing was changed.</exception>
    public PreparedContainer Prepare(InstallRequest request, string name, int number, StoredImage image)
    {
        MergedTree tree = MergedTree.Build(host.Store, image.Record.DiffIds);
        ImageExports exports = ImageExports.Read(tree);
        OciRuntime runtime = OciRuntime.Find(request.Runtime ?? _configuration.Runtime, host.Root);
        DeploymentDirectory directory = host.Deployment(name, number);
        HostFacts facts = HostFacts.Read() with { IsDirectory = KindOnHost };
        RenderRequest asked = new()
        {
            Name = name,
            DestinationDirectory = directory.OnHost,
            ImageName = image.Record.Reference,
            ImageId = image.Record.ConfigDigest,
            Image = image.Config,
            Files = tree,
            Exports = exports,
            RuntimePath = runtime.Path,
            ToolPath = ToolPaths.Tool,
            Uuid = Guid.NewGuid().ToString(),
            Host = facts,
            Set = request.Set,
        };
        UnitPlan plan = UnitPlan.For(
            runtime, name, directory.OnHost, asked.PidFile, ToolPaths.Tool, exports, host.Systemd.Version);
        RenderedContainer rendered = plan.Adapt(
            ContainerRenderer.Render(asked with { Commands = plan.Commands, ServiceLines = plan.ServiceLines }),
            tree, facts, ToolPaths.ListenHelper);

        List<HostText> units = [.. rendered.Units.Select(u => new HostText(Path.Join(HostPaths.Units, u.FileName), u.Text))];
        HostText? tmpfiles = rendered.Tmpfiles is { } lines ? new HostText(Path.Join(HostPaths.Tmpfiles, name + ".conf"), lines) : null;
        return new PreparedContainer
        {
            Directory = directory,
            Tree = tree,
            Rendered = rendered,
            UnitFiles = units,
            Tmpfiles = tmpfiles,
            Record = new ContainerRecord
            {
                Name = name,
                Deployment = number,
                InstalledAt = DateTimeOffset.UtcNow,
                Image = image.Record.Reference,
                ManifestDigest = image.Record.ManifestDigest,
                ImageId = image.Record.ConfigDigest,
                Runtime = runtime.Path,
                Set = request.Set,
                Values = rendered.Values,
                Units = [.. units.Select(Installed)],
                Enabled = [.. rendered.Units.Where(IsEnableable).Select(u => u.FileName)],
                HostFiles =
                [
                    .. rendered.HostFiles.Where(f => f.Kind != ImageFileKind.Directory)
                        .Select(f => new InstalledFile(f.Target, Digest.Sha256(HostFilePlacer.Content(f, tree)))),
                ],
                Tmpfiles = tmpfiles is null ? null : Installed(tmpfiles),
                StateDirectories = new StateClaims(host).Claimable(name, rendered.GeneratedDirectories),
                Labels = image.Config.Run?.Labels ?? new Dictionary<string, string>(),
            },
        };
    }

    /// <summary>Has systemd read the units of all containers before any of them is on the host.</summary>
    /// <exception cref="SysctrException">Template: a unit is not valid; Conflict: one of that name belongs to somebody else.</exception>
    public async Task VerifyAsync(IReadOnlyList<PreparedContainer> containers, CancellationToken cancellation)
    {
        UnitFiles.CheckFree(host.Paths, [.. containers.SelectMany(c => c.Rendered.Units).Select(u => u.FileName).Where(f => !f.EndsWith(".conf", StringComparison.Ordinal))]);
        foreach (HostText tmpfiles in containers.Select(c => c.Tmpfiles).OfType<HostText>())
        {
            string path = Path.Join(host.Root, tmpfiles.Path);
            if (File.Exists(path))
            {
                throw new SysctrException(
                    ErrorKind.Conflict, $"writing {path}: it is there and belongs to somebody else", "remove it, or choose another --name");
            }
        }

        HostFilePlacer hostFiles = new(host);
        foreach (PreparedContainer container in containers)
        {
            hostFiles.CheckFree(container.Rendered.HostFiles);
        }

        await UnitVerifier.VerifyAsync([.. containers.SelectMany(c => c.Rendered.Units).Select(u => (u.FileName, u.Text))], cancellation);
    }

    /// <summary>Checks the container out beside its place, whole and durable but for its name.</summary>
    public void Stage(PreparedContainer container)
    {
        DeploymentDirectory directory = container.Directory;
        Directory.CreateDirectory(directory.ContainerHere);
        TreeRemoval.Remove(directory.Staged);
        Directory.CreateDirectory(directory.Staged);
        if (container.Rendered.ConfigJson is { } config)
        {
            TreeCheckout.Write(
                container.Tree,
                Path.Join(directory.Staged, "rootfs"),
                [.. container.Rendered.Mounts.Select(m => new MountPoint(m.Path, m.IsDirectory, m.Mode))]);
            DurableFile.Write(Path.Join(directory.Staged, "config.json"), config, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        DeployJson.Write(Path.Join(directory.Staged, "info.json"), container.Record, DeployJson.Default.ContainerRecord);
        DurableFile.SyncFileSystem(directory.Staged);
    }

    /// <summary>Removes what <see cref="Stage"/> made, where it has not moved to its place.</summary>
    public void DiscardStaged(PreparedContainer container)
    {
        TreeRemoval.Remove(container.Directory.Staged);
        if (!host.Catalog.IsInstalled(container.Record.Name))
        {
            TreeRemoval.Remove(container.Directory.ContainerHere);
        }
    }

    private static InstalledFile Installed(HostText file) => new(file.Path, Digest.Sha256(Encoding.UTF8.GetBytes(file.Text)));

    private static bool IsEnableable(RenderedUnit unit) => UnitText.Parse(unit.Text).Has("Install");

    private bool? KindOnHost(string path)
    {
        string here = Path.Join(host.Root, path);
        return Directory.Exists(here) ? true : File.Exists(here) ? false : null;
    }
}
