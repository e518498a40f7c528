// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Bundle;
using SystemContainers.Checkout;
using SystemContainers.Errors;
using SystemContainers.Exports;
using SystemContainers.Images;
using SystemContainers.Linux;
using SystemContainers.Linux.Files;
using SystemContainers.Oci;
using SystemContainers.Prepared;
using SystemContainers.Pull.Options;
using SystemContainers.Render;
using SystemContainers.Render.HostFiles;
using SystemContainers.Render.Request;
using SystemContainers.Requests;
using SystemContainers.Rights;
using SystemContainers.Rights.Assessment;
using SystemContainers.Runtime;
using SystemContainers.Settings;
using SystemContainers.State;
using SystemContainers.Systemd;
using SystemContainers.SystemdText;
using SystemContainers.Target;
using SystemContainers.Tree;
using SystemContainers.Units;

namespace SystemContainers.Transactions;

/// <summary>Everything about a container that can fail without touching the host: merge, render, adapt, verify, check out.</summary>
sealed class ContainerPreparer(Host host)
{
    private readonly SysctrConfiguration _configuration = SysctrConfiguration.Load(host.Paths);

    /// <summary>What an image in the store has below /exports, or the root file system that is used in its place.</summary>
    /// <exception cref="SysctrException">Template, Unsafe: it can't be used.</exception>
    public ImageExports ReadExports(StoredImage image, string? rootfs) =>
        ImageExports.Read(
            rootfs is null ? MergedTree.Build(host.Store, image.Record.DiffIds) : DirectoryTree.Open(host.Here(rootfs)), image.Config.Run);

    /// <summary>Fails where <see cref="PrepareAsync"/> would for want of a runtime or a systemd; no image need be fetched to know it.</summary>
    /// <param name="runtimes">For each container what the user named; null for the configured one.</param>
    /// <param name="cancellation">Ends the wait for systemd.</param>
    /// <exception cref="SysctrException">Host: a runtime is not there, or systemd does not answer.</exception>
    public async Task RequireAsync(IEnumerable<string?> runtimes, CancellationToken cancellation)
    {
        foreach (string? runtime in runtimes)
        {
            _ = OciRuntime.Find(runtime ?? _configuration.Runtime, host.Root);
        }

        await host.Systemd.GetVersionAsync(cancellation);
    }

    /// <summary>Renders a container in memory.</summary>
    /// <param name="request">What the user asked for, or an update carries over.</param>
    /// <param name="name">The container.</param>
    /// <param name="number">The deployment's.</param>
    /// <param name="image">All of it is in the store.</param>
    /// <param name="before">The deployment that this one replaces; null for a new container.</param>
    /// <param name="cancellation">Ends the wait for systemd, which is asked what it is able to do.</param>
    /// <exception cref="SysctrException">The image can't be installed as asked; nothing was changed.</exception>
    public async Task<PreparedContainer> PrepareAsync(
        InstallRequest request, string name, int number, StoredImage image, ContainerRecord? before, CancellationToken cancellation)
    {
        StateClaims claims = new(host);
        string? rootfs = request.Rootfs is { } typed ? RemoteRootfs.Find(host, typed) : null;
        MergedTree? tree = rootfs is null ? MergedTree.Build(host.Store, image.Record.DiffIds) : null;
        IImageFiles files = tree is null ? DirectoryTree.Open(host.Here(rootfs!)) : tree;
        request.Settings.Check();
        ImageConfig configuration = image.Config with { Run = ImageSettings.Apply(image.Config.Run, request.Settings) };
        ImageExports exports = ImageExports.Read(files, configuration.Run);
        IReadOnlyDictionary<string, string> set = request.LeaveOutUnknown ? Known(request.Set, exports) : request.Set;
        OciRuntime runtime = OciRuntime.Find(request.Runtime ?? _configuration.Runtime, host.Root);
        DeploymentDirectory directory = host.Deployment(name, number);
        string tool = ToolPaths.ToolOn(host.Paths);
        HostFacts facts = HostFacts.Read(host.User, host.Root) with
        {
            IsDirectory = host.IsDirectory,
            IsRootsAlone = path => host.User is not null || HostOwners.KeepsNames(host.Here(path)),
            Controllers = host.Systemd.IsBooted ? HostFacts.ReadControllers(host.User) : null,
        };
        RenderRequest asked = new()
        {
            Name = name,
            DestinationDirectory = directory.OnHost,
            ImageName = image.Record.Reference,
            ImageId = image.Record.ConfigDigest,
            Image = configuration,
            Settings = request.Settings,
            Files = files,
            Exports = exports,
            RuntimePath = runtime.Path,
            ToolPath = tool,
            Uuid = before?.Values.GetValueOrDefault("UUID") ?? Guid.NewGuid().ToString(),
            Host = facts,
            Set = set,
            MayWriteRoot = request.Once,
            GeneratedBefore = claims.Of(name),
            TmpfilesBefore = before?.Tmpfiles is { } old ? File.ReadAllText(host.Deployment(name, before.Deployment).KeptFile(old.Path)) : "",
        };
        if (host.User is { } user)
        {
            asked = asked with { RunDirectory = user.RuntimeDirectory, StateDirectory = user.DataHome, ConfDirectory = user.ConfigHome };
        }

        UnitPlan plan = UnitPlan.For(
            runtime, name, directory.OnHost, asked.PidFile, tool, exports, await host.Systemd.GetVersionAsync(cancellation), host.User);
        RenderedContainer rendered = plan.Adapt(
            ContainerRenderer.Render(asked with { Commands = plan.Commands, ServiceLines = plan.ServiceLines, LimitLines = plan.LimitLines }),
            files, facts, directory.ListenOnHost, rootfs is null ? Path.Join(directory.OnHost, "rootfs") : null, host.Mounts(name, directory.OnHost));
        if (rootfs is not null && rendered.ConfigJson is { } config)
        {
            RemoteRootfs.CheckMounts(host, rootfs, rendered.Mounts);
            rendered = rendered with { ConfigJson = RemoteRootfs.WithRoot(config, rootfs) };
        }

        ToolPaths.CheckNamed(host.Paths, name, rendered);
        List<HostText> units = [.. rendered.Units.Select(u => new HostText(Path.Join(host.Paths.UnitDirectory, u.FileName), u.Text))];
        HostText? tmpfiles = rendered.Tmpfiles is { } lines ? new HostText(Path.Join(host.Paths.TmpfilesDirectory, name + ".conf"), lines) : null;
        IReadOnlyList<HostFile> hostFiles = request.WithoutHostFiles ? [] : rendered.HostFiles;
        InstalledFile[] installed = [.. hostFiles.Where(f => f.Kind != ImageFileKind.Directory).Select(f => HostFileSet.Record(f, files))];
        PreparedContainer prepared = new()
        {
            Directory = directory,
            Files = files,
            Tree = tree,
            Rendered = rendered,
            UnitFiles = units,
            Tmpfiles = tmpfiles,
            HostFiles = hostFiles,
            Record = new ContainerRecord
            {
                Name = name,
                Deployment = number,
                InstalledAt = DateTimeOffset.UtcNow,
                Image = image.Record.Reference,
                ManifestDigest = image.Record.ManifestDigest,
                ImageId = image.Record.ConfigDigest,
                DiffIds = image.Record.DiffIds,
                ConfigDigest = rendered.ConfigJson is { } json ? Digest.Sha256(json) : null,
                Runtime = runtime.Path,
                Set = set,
                Options = request.Settings.IsEmpty ? null : request.Settings.Values,
                Values = rendered.Values,
                Units = [.. units.Select(HostFileSet.Record)],
                Enabled = [.. rendered.Units.Where(IsEnableable).Select(u => u.FileName)],
                Tmpfiles = tmpfiles is null ? null : HostFileSet.Record(tmpfiles),
                TmpfilesOnce = rendered.TmpfilesOnce,
                HostFiles = installed,
                HostDirectories = new HostFileSet(host).Directories(
                    units.Concat(tmpfiles is null ? [] : [tmpfiles]).Select(u => u.Path).Concat(installed.Select(f => f.Path)),
                    hostFiles.Where(f => f.Kind == ImageFileKind.Directory),
                    before?.HostDirectories ?? []),
                WithoutHostFiles = request.WithoutHostFiles,
                RemoteRootfs = rootfs,
                AutoUpdate = request.AutoUpdate,
                StateDirectories = claims.Claimable(name, rendered.GeneratedDirectories),
                Health = rendered.Health,
                Labels = configuration.Run?.Labels ?? new Dictionary<string, string>(),
            },
        };
        RightsSubject subject = new ContainerRights(host).Subject(prepared, before, request.Once);
        IReadOnlyList<Right> rights = ContainerRights.Of(subject);

        // In a configuration that sysctr writes nothing is the image's wish: what is not usual there, the user has asked for by an option.
        IEnumerable<string> wished = exports.Config is null && !request.Settings.IsEmpty
            ? ConfigRights.Of(subject).Where(r => r.LevelOf() != RightLevel.Usual).Select(r => r.Class) : [];
        return prepared with { Record = new RightsGate(host).WithGrants(before, prepared.Record with { Rights = rights }, [.. request.Grants.Union(wished, StringComparer.Ordinal)]) };
    }

    /// <summary>Has systemd read the units of all containers before any of them is on the host.</summary>
    /// <param name="containers">Prepared.</param>
    /// <param name="before">The deployments that they replace: what those have is free for them.</param>
    /// <param name="cancellation">Ends systemd-analyze.</param>
    /// <exception cref="SysctrException">Template: a unit is not valid; Conflict: a name or file belongs to somebody else; Host: a place can't be written.</exception>
    public async Task VerifyAsync(
        IReadOnlyList<PreparedContainer> containers, IReadOnlyList<ContainerRecord> before, CancellationToken cancellation)
    {
        UnitFiles.CheckFree(host.Paths, [.. containers.SelectMany(c => c.Record.UnitNames).Except(before.SelectMany(b => b.UnitNames), StringComparer.Ordinal)]);
        HostFileSet files = new(host);
        foreach (PreparedContainer container in containers)
        {
            UserHostFiles.Check(host.User, container.Record);
            files.CheckPlaces(container);
            files.CheckFree([.. container.Record.AllFiles], before.FirstOrDefault(b => b.Name == container.Record.Name));
        }

        files.CheckRoom(containers);
        CheckEachOther(containers);
        InstallSections.Check(host.Paths, containers);
        foreach (ContainerRecord installed in containers.Select(c => c.Record).Where(c => before.All(b => b.Name != c.Name)))
        {
            new RightsGate(host).CheckInstall(installed);
        }

        foreach (UnitComplaint passed in await UnitVerifier.VerifyAsync(
            [.. containers.SelectMany(c => c.Rendered.Units).Select(u => (u.FileName, u.Text))], host.User, cancellation))
        {
            host.Note($"warning: systemd says of {passed.Whole}");
        }
    }

    /// <summary>Checks the container out beside its place, whole and durable but for its name.</summary>
    /// <param name="container">Prepared.</param>
    /// <param name="progress">Told how far it is; null for nobody.</param>
    public void Stage(PreparedContainer container, IPullProgress? progress = null)
    {
        DeploymentDirectory directory = container.Directory;
        FaultPoint.Pass("mkdir");
        Directory.CreateDirectory(directory.ContainerHere);
        TreeRemoval.Remove(directory.Staged);
        FaultPoint.Pass("mkdir");
        Directory.CreateDirectory(directory.Staged);
        if (container.Rendered.ConfigJson is { } config)
        {
            StageRootfs(container, Path.Join(directory.Staged, "rootfs"), progress);
            DurableFile.Write(Path.Join(directory.Staged, DeploymentDirectory.ConfigName), config, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            ListenCopy.Make(directory, config, directory.Staged);
        }

        HostFileSet.Keep(container);
        directory.WriteStagedRecord(container.Record);
        DurableFile.SyncFileSystem(directory.Staged);
    }

    /// <summary>The old tool took any variable; what the image does not mention had no effect.</summary>
    private Dictionary<string, string> Known(IReadOnlyDictionary<string, string> set, ImageExports exports)
    {
        foreach (string variable in set.Keys.Where(v => !TemplateValues.IsForced(v) && !TemplateValues.IsKnown(exports, v)))
        {
            host.Note($"warning: setting {variable}: the image knows no such variable; left out");
        }

        return new(set.Where(s => TemplateValues.IsForced(s.Key) || TemplateValues.IsKnown(exports, s.Key)), StringComparer.Ordinal);
    }

    private void StageRootfs(PreparedContainer container, string rootfs, IPullProgress? progress)
    {
        if (container.Tree is { } tree)
        {
            RuntimeConfigFile config = RuntimeConfigFile.Read(DeploymentDirectory.ConfigName, Encoding.UTF8.GetString(container.Rendered.ConfigJson!));
            TreeCheckout.Write(
                tree, rootfs, [.. container.Rendered.Mounts.Select(m => new MountPoint(m.Path, m.IsDirectory, m.Mode))], shares: !BundleConfig.MayRemount(config),
                progress is null ? null : (done, total) => progress.CheckingOut(container.Record.Name, done, total));
            foreach (string note in tree.LeftOut)
            {
                host.Note($"{container.Record.Name}: {note}");
            }
        }
        else
        {
            FaultPoint.Pass("symlink");
            File.CreateSymbolicLink(rootfs, container.Record.RemoteRootfs!);
        }
    }

    /// <summary>
    /// Removes what <see cref="Stage"/> made, where it has not moved to its place. Whether that succeeds is no part of the outcome: the next
    /// call removes what is left.
    /// </summary>
    public void DiscardStaged(PreparedContainer container)
    {
        try
        {
            TreeRemoval.Remove(container.Directory.Staged);
            if (!host.Catalog.IsInstalled(container.Record.Name))
            {
                host.Discard(container.Directory.ContainerHere);
            }
        }
        catch (Exception e) when (e is SysctrException or IOException or UnauthorizedAccessException)
        {
            host.Note($"warning: {e.Message}; the next call of sysctr tidies up");
        }
    }

    /// <summary>Two containers of one call can't both have a file: the first of them would find it, the second overwrite it.</summary>
    private static void CheckEachOther(IReadOnlyList<PreparedContainer> containers)
    {
        Dictionary<string, string> owners = new(StringComparer.Ordinal);
        foreach (ContainerRecord record in containers.Select(c => c.Record))
        {
            foreach (string path in record.AllFiles.Select(f => f.Path))
            {
                if (owners.GetValueOrDefault(path) == record.Name)
                {
                    throw new SysctrException(
                        ErrorKind.Conflict, $"installing {path}: {record.Name} has it twice, as a file of the image and as what sysctr makes",
                        "leave the image's files for the host out with --system-package=absent");
                }

                if (!owners.TryAdd(path, record.Name))
                {
                    throw new SysctrException(
                        ErrorKind.Conflict, $"installing {path}: both {owners[path]} and {record.Name} of this call have it",
                        "install one of them with --system-package=absent");
                }
            }
        }
    }

    /// <summary>A unit with [Install]; a drop-in may have one, but is no unit.</summary>
    private static bool IsEnableable(RenderedUnit unit) =>
        !unit.FileName.EndsWith(".conf", StringComparison.Ordinal) && UnitText.Parse(unit.Text).Has("Install");
}
