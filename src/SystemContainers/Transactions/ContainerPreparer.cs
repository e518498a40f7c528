// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Bundle;
using SystemContainers.Checkout;
using SystemContainers.Errors;
using SystemContainers.Exports;
using SystemContainers.Linux.Files;
using SystemContainers.Network;
using SystemContainers.Oci;
using SystemContainers.Prepared;
using SystemContainers.Render;
using SystemContainers.Render.HostFiles;
using SystemContainers.Render.Request;
using SystemContainers.Requests;
using SystemContainers.Rights;
using SystemContainers.Rights.Assessment;
using SystemContainers.Runtime;
using SystemContainers.Runtime.Launch;
using SystemContainers.Settings;
using SystemContainers.State;
using SystemContainers.Store.Records;
using SystemContainers.SystemdText;
using SystemContainers.Target;
using SystemContainers.Units;

namespace SystemContainers.Transactions;

/// <summary>Everything about a container that can fail without touching the host: merge, render, adapt, verify, check
/// out.</summary>
sealed class ContainerPreparer(Host host)
{
    private readonly SysctrConfiguration _configuration = SysctrConfiguration.Load(host.Paths);

    // One for all containers of a call: what one of them was given is no other's.
    private readonly UserRanges _ranges = new(host);
    private int? _systemdVersion;

    /// <inheritdoc cref="UserRanges.RequireOwn"/>
    public void RequireOwnIds() => _ranges.RequireOwn();

    /// <summary>Fails where <see cref="PrepareAsync"/> would for want of a runtime or a systemd; no image need be
    /// fetched to know it.</summary>
    /// <param name="runtimes">For each container what the user named; null for the configured one.</param>
    /// <param name="cancellation">Ends the wait for systemd.</param>
    /// <exception cref="SysctrException">Host: a runtime is not there, or systemd does not answer.</exception>
    public async Task RequireAsync(IEnumerable<string?> runtimes, CancellationToken cancellation)
    {
        foreach (string? runtime in runtimes)
        {
            _ = OciRuntime.Find(runtime ?? _configuration.Runtime, host.Root);
        }

        await SystemdVersionAsync(cancellation);
    }

    /// <summary>Renders a container in memory.</summary>
    /// <param name="image">The image, with the settings of the request.</param>
    /// <param name="request">What the user asked for, or an update carries over.</param>
    /// <param name="number">The deployment's.</param>
    /// <param name="before">The deployment that this one replaces; null for a new container.</param>
    /// <param name="cancellation">Ends the wait for systemd, which is asked what it is able to do.</param>
    /// <exception cref="SysctrException">The image can't be installed as asked; nothing was changed.</exception>
    public async Task<PreparedContainer> PrepareAsync(
        OpenedImage image,
        InstallRequest request,
        string name,
        int number,
        ContainerRecord? before,
        CancellationToken cancellation
    )
    {
        StateClaims claims = new(host);
        (IImageFiles files, ImageExports exports, string? rootfs) = (image.Files, image.Exports, image.Rootfs);
        ImageRecord record = image.Image.Record;
        if (rootfs is null && image.Settings.Spec.Writable == SpecSettings.Direct)
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"preparing {name}: --writable direct is for a root file system of somebody else's (--rootfs): a checkout's files are the store's",
                "write volatile or persistent"
            );
        }

        IReadOnlyDictionary<string, string> set = request.LeaveOutUnknown ? Known(request.Set, exports) : request.Set;
        OciRuntime runtime = OciRuntime.Find(request.Runtime ?? _configuration.Runtime, host.Root);
        DeploymentDirectory directory = host.Deployment(name, number);
        string tool = ToolPaths.ToolOn(host.Paths);
        string[] others = [.. image.Settings.MountedImages()];
        ImageMount[] imageMounts = [.. image.ImageMounts(name, directory.OnHost)];
        HostFacts facts = HostFacts.Read(host.User, host.Root) with
        {
            IsDirectory = path => Array.Find(imageMounts, m => m.Source == path)?.IsDirectory ?? host.IsDirectory(path),
            SecretFault = secret => SecretFault(host, secret, name, request.Declared?.Lines ?? []),
            DeviceFault = config =>
                DescribedDevices.Fault(
                    config,
                    host.Root,
                    host.User is null,
                    runtime.Kind,
                    host.Systemd.IsBooted ? DeviceBinds.DeviceNumber : null,
                    path => files.FindNoFollow(path) is not null
                ),
            IsLink = path => new FileInfo(host.Inside(path)).LinkTarget is not null,
            IsRootsAlone = path => host.User is not null || HostOwners.KeepsNames(host.Here(path)),
            Controllers = host.Systemd.IsBooted ? HostFacts.ReadControllers(host.User) : null,
        };
        RenderRequest asked = new()
        {
            UserMap = exports.Config is null
                ? _ranges.MapFor(image.Settings, name, files, image.Configuration.Run?.User)
                : null,
            Name = name,
            DestinationDirectory = directory.OnHost,
            ImageName = record.Reference,
            ImageId = record.ConfigDigest,
            Image = image.Configuration,
            Settings = image.Settings,
            Files = files,
            Exports = exports,
            RuntimePath = runtime.Path,
            ToolPath = tool,
            Uuid = before?.Values.GetValueOrDefault("UUID") ?? Guid.NewGuid().ToString(),
            Host = facts,
            Set = set,
            ImageMounts = imageMounts,
            UnitLines = request.Declared?.Lines ?? [],
            MayWriteRoot = request.Once,
            GeneratedBefore = claims.Of(name),
            TmpfilesBefore = before?.Tmpfiles is { } old
                ? RegularFile.ReadText(host.Deployment(name, before.Deployment).KeptFile(old.Path))
                : "",
        };
        if (host.User is { } user)
        {
            asked = asked with
            {
                RunDirectory = user.RuntimeDirectory,
                StateDirectory = user.DataHome,
                ConfDirectory = user.ConfigHome,
            };
        }

        if (host.User is not null && asked.UserMap is not null && runtime.Kind == RuntimeKind.Runc)
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"preparing {name}: --userns=keep-id: without root, runc starts no container whose root is somebody else than the caller",
                "write --runtime crun, or Runtime=crun in [X-Sysctr], or runtime = \"crun\" in sysctr.toml; Debian's package is crun"
            );
        }

        int systemd = await SystemdVersionAsync(cancellation);
        string tree = Path.Join(directory.OnHost, "rootfs");
        (RenderedContainer rendered, ComposefsTree? composefs, IReadOnlyList<string> seeds) = WithTree(
            image,
            request,
            name,
            tree,
            Render
        );
        if (rootfs is not null && rendered.Config is { } config)
        {
            RemoteRootfs.CheckMounts(host.Target, rootfs, rendered.Mounts);
            rendered = rendered with { Config = config.Rewritten(RemoteRootfs.WithRoot(config.Copy(), rootfs)) };
        }

        RequireNetwork(rendered, request.NewNetworks);
        ToolPaths.CheckNamed(host.Paths, name, rendered);
        List<HostText> units =
        [
            .. rendered.Units.Select(u => new HostText(Path.Join(host.Paths.UnitDirectory, u.FileName), u.Text)),
        ];
        HostText? tmpfiles = rendered.Tmpfiles is { } lines
            ? new HostText(Path.Join(host.Paths.TmpfilesDirectory, name + ".conf"), lines)
            : null;
        IReadOnlyList<HostFile> hostFiles = request.WithoutHostFiles ? [] : rendered.HostFiles;
        InstalledFile[] installed =
        [
            .. hostFiles.Where(f => f.Kind != ImageFileKind.Directory).Select(f => HostFileSet.Record(f, files)),
        ];
        PreparedContainer prepared = new()
        {
            Directory = directory,
            Files = files,
            Tree = image.Tree,
            MountedTrees = rendered.Config is null ? [] : [.. others.Select(o => image.Mounted[o])],
            Composefs = composefs,
            Rendered = rendered,
            UnitFiles = units,
            Tmpfiles = tmpfiles,
            HostFiles = hostFiles,
            Record = new ContainerRecord
            {
                Name = name,
                Deployment = number,
                InstalledAt = DateTimeOffset.UtcNow,
                Image = record.Reference,
                ManifestDigest = record.ManifestDigest,
                ImageId = record.ConfigDigest,
                DiffIds = record.DiffIds,
                MountedImages = rendered.Config is null
                    ? []
                    : [.. others.Select(o => MountedImage.Of(o, image.Image.Mounted[o].Record))],
                ConfigDigest = rendered.ConfigJson is { } json ? Digest.Sha256(json) : null,
                SeccompDigest = SeccompFile.DigestFor(host.Root, image.Settings),
                Runtime = runtime.Path,
                Set = set,
                Options = image.Settings.IsEmpty ? null : image.Settings.Values,
                Declared = request.Declared,
                Values = rendered.Values,
                Units = [.. units.Select(HostFileSet.Record)],
                Enabled = [.. rendered.Units.Where(IsEnableable).Select(u => u.FileName)],
                Tmpfiles = tmpfiles is null ? null : HostFileSet.Record(tmpfiles),
                TmpfilesOnce = rendered.TmpfilesOnce,
                HostFiles = installed,
                HostDirectories = new HostFileSet(host).Directories(
                    units
                        .Concat(tmpfiles is null ? [] : [tmpfiles])
                        .Select(u => u.Path)
                        .Concat(installed.Select(f => f.Path)),
                    hostFiles.Where(f => f.Kind == ImageFileKind.Directory),
                    before?.HostDirectories ?? []
                ),
                WithoutHostFiles = request.WithoutHostFiles,
                RemoteRootfs = rootfs,
                Checkout = request.Checkout,
                Composefs = composefs?.Digest.ToString(),
                Seeds = seeds,
                AutoUpdate = request.AutoUpdate,
                StateDirectories = claims.Claimable(name, rendered.GeneratedDirectories),
                Health = rendered.Health,
                Labels = image.Configuration.Run?.Labels ?? new Dictionary<string, string>(),
            },
        };
        RightsSubject subject = new ContainerRights(host).Subject(prepared, before, request.Once);
        Right[] ofConfig = [.. ConfigRights.Of(subject)];
        IReadOnlyList<Right> rights = ContainerRights.Of(subject, ofConfig);

        // In a configuration that sysctr writes nothing is the image's wish: what is not usual there, the user has
        // asked for by an option.
        IEnumerable<string> wished =
            exports.Config is null && !image.Settings.IsEmpty
                ? ofConfig.Where(r => r.LevelOf() != RightLevel.Usual).Select(r => r.Class)
                : [];
        return prepared with
        {
            Record = new RightsGate(host).WithGrants(
                before,
                prepared.Record with
                {
                    Rights = rights,
                },
                [.. request.Grants.Union(wished, StringComparer.Ordinal)]
            ),
        };

        RenderedContainer Render(bool composefs)
        {
            UnitPlan plan = UnitPlan.For(
                runtime,
                name,
                directory.OnHost,
                asked.PidFile,
                tool,
                exports,
                systemd,
                host.User,
                asked.UnitLines,
                image.Settings,
                composefs
            );
            return plan.Adapt(
                ContainerRenderer.Render(
                    asked with
                    {
                        Commands = plan.Commands,
                        ServiceLines = plan.ServiceLines,
                        LimitLines = plan.LimitLines,
                    }
                ),
                files,
                facts,
                directory.ListenOnHost,
                rootfs is null && !composefs ? tree : null,
                host.Mounts(name, directory.OnHost)
            );
        }
    }

    /// <summary>Renders a container for the form of checkout that it can have.</summary>
    /// <param name="request">What was asked for.</param>
    /// <param name="tree">Where a tree on disk would be, as units name it.</param>
    /// <param name="render">Renders it for a tree that is mounted, or for one on disk.</param>
    /// <returns>The container, the image of its tree where that is mounted, and what of the tree is on disk
    /// besides.</returns>
    /// <exception cref="SysctrException">Usage: it can't have the form that was asked for.</exception>
    private static (RenderedContainer Rendered, ComposefsTree? Composefs, IReadOnlyList<string> Seeds) WithTree(
        OpenedImage image,
        InstallRequest request,
        string name,
        string tree,
        Func<bool, RenderedContainer> render
    )
    {
        RenderedContainer rendered;
        if (image.Form != CheckoutForm.Composefs || (rendered = render(true)).Config is null)
        {
            return (render(false), null, []);
        }

        // What an image's author wrote may count on a tree that is there when the container does not run.
        string obstacle = "its units or tmpfiles name files of its tree, which is there only while it runs";
        IReadOnlyList<string>? seeds = CheckoutSeeds.Of(rendered, tree);
        if (TreeDevices.AreMade(rendered.Config))
        {
            obstacle =
                "nothing is mounted on its /dev, or where it has other devices, so the runtime makes their nodes in its tree";
        }
        else if (seeds is not null && PartialTree.Of(image.Tree!.Root, seeds) is not null)
        {
            try
            {
                ComposefsTree composefs = ComposefsTree.Of(image.Tree, rendered.MountPoints);
                return (UnitPlan.WithDigest(rendered, composefs.Digest.ToString()), composefs, seeds);
            }
            catch (SysctrException e) when (e.Kind == ErrorKind.Unsafe)
            {
                // More attributes than its format takes, say; a file system may well have them.
                obstacle = e.Message;
            }
        }

        return request.Checkout is null || request.IsCheckoutKept
            ? (render(false), null, [])
            : throw new SysctrException(
                ErrorKind.Usage,
                $"preparing {name}: --checkout composefs: {obstacle}",
                "leave it out, or ask for hardlinks"
            );
    }

    /// <summary>What makes the container's network has to be there, and the networks that it names.</summary>
    /// <exception cref="SysctrException">Host: a program is not installed; NotFound: there is no such
    /// network.</exception>
    private void RequireNetwork(RenderedContainer rendered, IReadOnlyList<string> made)
    {
        if (rendered.Config is not { } config || NetworkRequest.Find(config.Copy()) is not { } request)
        {
            return;
        }

        NetworkPrograms.Require(request, host.Here, host.User is not null);
        NetworkStore networks = host.Target.Networks;
        if (
            request.Networks.FirstOrDefault(n =>
                !made.Contains(n.Network, StringComparer.Ordinal) && !networks.Has(n.Network)
            ) is
            { } lacking
        )
        {
            throw networks.Lacking(lacking.Network, host.Inside);
        }
    }

    private async Task<int> SystemdVersionAsync(CancellationToken cancellation) =>
        _systemdVersion ??= await host.Systemd.GetVersionAsync(cancellation);

    /// <summary>The old tool took any variable; what the image does not mention had no effect.</summary>
    private Dictionary<string, string> Known(IReadOnlyDictionary<string, string> set, ImageExports exports)
    {
        foreach (
            string variable in set.Keys.Where(v => !TemplateValues.IsForced(v) && !TemplateValues.IsKnown(exports, v))
        )
        {
            host.Note($"warning: setting {variable}: the image knows no such variable; left out");
        }

        return new(
            set.Where(s => TemplateValues.IsForced(s.Key) || TemplateValues.IsKnown(exports, s.Key)),
            StringComparer.Ordinal
        );
    }

    /// <summary>A unit with [Install]; a drop-in may have one, but is no unit.</summary>
    private static bool IsEnableable(RenderedUnit unit) =>
        !unit.FileName.EndsWith(".conf", StringComparison.Ordinal) && UnitText.Parse(unit.Text).Has("Install");

    /// <summary>Why a secret can't be had by a container of the host; null where it can.</summary>
    internal static SysctrException? SecretFault(
        Host host,
        string name,
        string container,
        IReadOnlyList<UnitLine> lines
    )
    {
        string directory = StartSecrets.DirectoryOf(host.User?.ConfigHome);
        string file = host.Here(Path.Join(directory, name));
        return File.Exists(file) ? StartSecrets.Fault(file, Path.Join(directory, name))
            : UnitCredentials.Give(name, container, lines, host.User is null ? host.Root : null) ? null
            : StartSecrets.Missing(name, directory);
    }
}
