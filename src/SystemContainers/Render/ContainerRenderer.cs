// SPDX-License-Identifier: Apache-2.0

using System.Text;
using SystemContainers.Bundle;
using SystemContainers.Errors;
using SystemContainers.Exports;
using SystemContainers.Network;
using SystemContainers.Oci;
using SystemContainers.Render.HostFiles;
using SystemContainers.Render.Request;
using SystemContainers.Render.Spec;
using SystemContainers.Settings;
using SystemContainers.Templates;

namespace SystemContainers.Render;

/// <summary>Turns an image's exports and the values into everything that is to be written on the host. Does no
/// I/O.</summary>
static class ContainerRenderer
{
    /// <summary>Below STATE_DIRECTORY: where volumes are that have a name.</summary>
    public const string VolumesDirectory = "sysctr-volumes";

    /// <summary>What a persistent root was written, below the container's state directory.</summary>
    private const string ChangesDirectory = "/.writable";

    private const string GeneratedConfig = "the generated config.json";

    /// <summary>The kernel's, and the operating system's own tree: nothing there is made for a container.</summary>
    private static readonly string[] s_notOurs =
    [
        "/proc",
        "/sys",
        "/dev",
        "/usr",
        "/bin",
        "/sbin",
        "/lib",
        "/lib64",
        "/boot",
    ];

    /// <summary>Options that a user's container can't have: the kernel takes them of root.</summary>
    private static readonly string[] s_systems = ["device-cgroup-rule", "oom-score-adj"];

    /// <summary>What every host has.</summary>
    private static readonly string[] s_everywhere =
    [
        "/",
        "/run",
        "/var",
        "/var/lib",
        "/var/log",
        "/etc",
        "/tmp",
        "/home",
        "/root",
    ];

    /// <exception cref="SysctrException">
    /// Template: a template, value or config.json can't be used; Unsafe: a host file leaves its tree; Usage: a bad
    /// name, a <c>--set</c> of a forced or unknown variable.
    /// </exception>
    public static RenderedContainer Render(RenderRequest request)
    {
        ContainerName.Check(request.Name);
        RefuseUnheld(request);
        TemplateValues values = TemplateValues.Of(request);
        IReadOnlyList<HostFile> hostFiles = HostFilePlan.Make(request, values);
        List<string> warnings = [];
        if (request.Exports.Manifest.NoContainerService)
        {
            return new RenderedContainer
            {
                Units = [],
                Tmpfiles = OwnTmpfiles(request, values, [], hostFiles, warnings)?.Text,
                Config = null,
                Values = values.Texts,
                HostFiles = hostFiles,
                GeneratedDirectories = [],
                Warnings = warnings,
                Mounts = [],
            };
        }

        string state = HostPath.Absolute($"{values["STATE_DIRECTORY"]}/{request.Name}");
        IReadOnlyList<Volume> volumes = request.Exports.Config is null
            ?
            [
                .. Volume.Of(Kept(request), state, request.Files),
                .. NamedVolumes(request, HostPath.Absolute($"{values["STATE_DIRECTORY"]}/{VolumesDirectory}")),
            ]
            : [];
        HealthCheck? health = request.Exports.Health.Render(values.Texts);
        RuntimeConfigFile config = Config(request, values, volumes, state + ChangesDirectory, health);
        bool isKept = request.Exports.Config is null && request.Settings.Spec.Writable == "persistent";
        CheckSecrets(request);
        AdmittedTmpfiles? own = OwnTmpfiles(
            request,
            values,
            config.Mounts.Where(m => m.IsBind).Select(m => m.Source),
            hostFiles,
            warnings
        );
        string[] generated =
            own is not null ? StateDirectories(request, values, own)
            : request.Exports.Config is not null ? MissingSources(request, config, hostFiles)
            : (isKept || volumes.Any(v => HostPath.IsBelow(v.Source, state))) && IsOurs(request, state) ? [state]
            : [];
        string lines =
            (
                own is not null
                    ? own.Text
                    : GeneratedTmpfiles(request, volumes, state, isKept, generated, warnings, Keeper(request, config))
            ) + string.Concat(OwnedVolumes.Lines(request, volumes, config));
        string? tmpfiles = lines.Length == 0 ? null : lines;
        return new RenderedContainer
        {
            Units = Units(request, values, config),
            Tmpfiles = tmpfiles,
            TmpfilesOnce = own?.Once ?? [],
            Config = config,
            Values = values.Texts,
            HostFiles = hostFiles,
            GeneratedDirectories = generated,
            Health = health is null ? null : health with { WorkingDirectory = config.WorkingDirectory },
            Warnings =
            [
                .. warnings,
                .. Warnings(request, config),
                .. UserWarnings(request),
                .. PortWarnings(request),
                .. LogWarnings(request, config),
                .. ProgramWarnings(request, config),
                .. DeviceWarnings(request, config),
                .. SpecSecurity.Labels(request.Settings.Spec.Security, request.Host),
            ],
            Mounts = MountPoints.Missing(
                config,
                request.Files,
                HostKinds.After(request.Host.IsDirectory, hostFiles, tmpfiles, generated)
            ),
        };
    }

    /// <summary>What the user set of a configuration or unit that the image brings itself: there is nothing of ours to
    /// change.</summary>
    private static void RefuseUnheld(RenderRequest request)
    {
        if (request.Host.UserIds is not null && request.Settings.Spec.Writable is not (null or SpecSettings.Direct))
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"rendering {request.ImageName}: a user's container has no root that it can write to",
                "leave --writable and --read-only=false out, and give it volumes or --tmpfs"
            );
        }

        if (
            request.Host.UserIds is not null
            && request.Settings.Spec.Volumes.FirstOrDefault(v => v.Options.Contains("idmap", StringComparer.Ordinal))
                is { } mapped
        )
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"rendering {request.ImageName}: mapping the owners of {mapped.Destination} (idmap): the kernel lets root alone do that",
                "leave idmap out; --userns keep-id makes the payload's user the one that you are"
            );
        }

        if (request.Settings.Spec.KeepsGroups && KeptGroupsFault(request) is var (why, instead))
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"rendering {request.ImageName}: --group-add keep-groups: {why}",
                instead
            );
        }

        string[] roots = request.Host.UserIds is null ? [] : [.. s_systems.Where(request.Settings.Values.ContainsKey)];
        if (roots.Length > 0)
        {
            throw new SysctrException(
                ErrorKind.Usage,
                $"rendering {request.ImageName}: --{roots[0]} is the system's alone, and this is a user's container",
                $"leave --{roots[0]} out"
            );
        }

        ImageExports exports = request.Exports;
        foreach (string name in request.Settings.Values.Keys)
        {
            SettingPlace place = SettingOptions.Find(name)?.Place ?? SettingPlace.Configuration;
            string? brings =
                place == SettingPlace.Any ? null
                : exports.Manifest.NoContainerService ? "no container, only files"
                : place == SettingPlace.Configuration && exports.Config is not null ? "a config.json of its own"
                : place == SettingPlace.Unit && !exports.NeedsDefaultUnit ? "a unit of its own"
                : null;
            if (brings is not null)
            {
                string option = name == ContainerSettings.Command ? "words behind --" : "--" + name;
                throw new SysctrException(
                    ErrorKind.Usage,
                    $"rendering {request.ImageName}: it brings {brings}, so {option} can't be carried out",
                    exports.Variables.Count > 0
                        ? $"its author has variables for --set: {string.Join(", ", exports.Variables)}"
                        : $"leave {option} out"
                );
            }
        }
    }

    private static (string Why, string Instead)? KeptGroupsFault(RenderRequest request) =>
        request.Host.UserIds is null
            ? (
                "a unit of the system has no further groups that could be kept",
                "name the groups: --group-add NAME or NUMBER"
            )
        : request.Settings.Spec.Groups.Count > 0
            ? ("groups that are kept can't be together with others", "leave one of the two out")
        : Path.GetFileName(request.RuntimePath) == "runc" ? ("runc keeps none", "--runtime crun does")
        : null;

    /// <summary>Secrets that only the start reads, but whose lack is better known now.</summary>
    private static void CheckSecrets(RenderRequest request)
    {
        foreach (string secret in request.Settings.Spec.Secrets)
        {
            if (request.Host.SecretFault(SecretSetting.Parse(secret).Name) is { } fault)
            {
                throw new SysctrException(fault.Kind, fault.Message, fault.Hint, fault)
                {
                    Setting = new SettingFault("secret", secret, fault.Message),
                };
            }
        }
    }

    /// <summary>The image, without volumes of its own where these are memory.</summary>
    private static ImageRunConfig? Kept(RenderRequest request) =>
        request.Image.Run is { } run && request.Settings.Spec is { ImageVolume: "tmpfs" } spec
            ? run with
            {
                Volumes = spec
                    .Volumes.Where(v => v.Source is null)
                    .ToDictionary(v => v.Destination, _ => new EmptyObject(), StringComparer.Ordinal),
            }
            : request.Image.Run;

    /// <summary>Whether the source of a mount may be there when the container starts: what files declare is for every
    /// boot, where somebody who types a path means what is there.</summary>
    private static bool MayCome(RenderRequest request, string source) =>
        ((request.Host.IsOffline || request.UnitLines.Count > 0) && BootPaths.MayCome(source, request.Host.IsOffline))
        || request.UnitLines.Any(l =>
            l is { Section: DeclaredUnit.Ours, Key: DeclaredUnit.Makes } && l.Value == source
        );

    /// <summary>The volumes that are named, which outlive the containers that name them.</summary>
    private static IEnumerable<Volume> NamedVolumes(RenderRequest request, string directory)
    {
        foreach (VolumeSetting volume in request.Settings.Spec.Volumes)
        {
            if (volume.IsHostPath)
            {
                if (request.Host.IsDirectory(volume.Source!) is null && !MayCome(request, volume.Source!))
                {
                    throw new SysctrException(
                        ErrorKind.NotFound,
                        $"mounting {volume.Source} on {volume.Destination}: the host has no such directory or file",
                        "make it first, or give the volume a name: --volume NAME:DIR"
                    );
                }
            }
            else if (volume.Source is { } name)
            {
                yield return Volume.Named(directory, name, volume.Destination, request.Files);
            }
        }
    }

    private static List<RenderedUnit> Units(RenderRequest request, TemplateValues values, RuntimeConfigFile config)
    {
        List<RenderedUnit> units = [];
        if (request.IsPod)
        {
            return
            [
                new RenderedUnit(
                    request.Name + ".service",
                    DeclaredUnit.Merge(PodUnit.Render(request), request.UnitLines),
                    Source: null
                ),
            ];
        }

        if (request.Exports.NeedsDefaultUnit)
        {
            RenderRequest whole = request with
            {
                ServiceLines = [.. request.ServiceLines, .. request.LimitLines(config)],
            };
            units.Add(
                new RenderedUnit(
                    request.Name + ".service",
                    DeclaredUnit.Merge(DefaultUnit.Render(whole, values), request.UnitLines),
                    Source: null
                )
            );
        }

        foreach (ExportUnit unit in request.Exports.Units)
        {
            units.Add(new RenderedUnit(unit.UnitName(request.Name), Lines(request, unit.File, values), unit.File.Path));
        }

        if (!request.Exports.NeedsDefaultUnit && request.UnitLines.Count > 0)
        {
            units.Add(DeclaredUnit.DropIn(request.Name, request.UnitLines));
        }

        return units;
    }

    private static RuntimeConfigFile Config(
        RenderRequest request,
        TemplateValues values,
        IReadOnlyList<Volume> volumes,
        string changes,
        HealthCheck? health
    )
    {
        if (request.Exports.Config is not { } file)
        {
            return RuntimeConfigFile.Read(
                GeneratedConfig,
                Encoding.UTF8.GetString(
                    RuntimeSpecBuilder.Build(request, volumes, changes, PeriodicChecks.Of(request, health))
                )
            );
        }

        string path = file.Kind == TemplateKind.Plain ? file.Path : file.Path + " (rendered)";
        RuntimeConfigFile config = RuntimeConfigFile.Read(
            path,
            TemplateText.Render(file, values.Texts, request.Budget)
        );
        if (config.Annotations.ContainsKey(NetworkRequest.Annotation))
        {
            throw TemplateErrors.At(
                path,
                $"the annotation {NetworkRequest.Annotation} is sysctr's own",
                "the image's author has to leave it out"
            );
        }

        if (config.Annotations.Keys.Any(k => k.StartsWith(StartAnnotations.Prefix, StringComparison.Ordinal)))
        {
            throw TemplateErrors.At(
                path,
                $"annotations that begin with {StartAnnotations.Prefix} are sysctr's own",
                "the image's author has to leave them out"
            );
        }

        // The tree consists of links into the store: a container that wrote there would change other containers and
        // images.
        return config.IsReadonly || request.MayWriteRoot
            ? config
            : throw TemplateErrors.At(
                path,
                "root.readonly has to be true",
                "the image's author has to mount a tmpfs or a host directory where it writes"
            );
    }

    private static AdmittedTmpfiles? OwnTmpfiles(
        RenderRequest request,
        TemplateValues values,
        IEnumerable<string> binds,
        IReadOnlyList<HostFile> hostFiles,
        List<string> warnings
    ) =>
        request.Exports.Tmpfiles is { } file
            ? TmpfilesGuard.Admit(file.Path, Lines(request, file, values), request, binds, hostFiles, warnings.Add)
            : null;

    /// <summary>Renders a file in which every line is a statement.</summary>
    private static string Lines(RenderRequest request, ExportFile file, TemplateValues values)
    {
        values.CheckForLines(file);
        return TemplateText.Render(file, values.ForLines, request.Budget);
    }

    /// <summary>What the generated config.json has on the host, below a directory that only root enters: a payload may
    /// do as it likes with its own.</summary>
    private static string? GeneratedTmpfiles(
        RenderRequest request,
        IReadOnlyList<Volume> volumes,
        string state,
        bool isKept,
        string[] generated,
        List<string> warnings,
        (uint Uid, uint Gid)? keeper
    )
    {
        if (volumes.Count == 0)
        {
            return generated.Length == 0
                ? null
                : string.Concat(
                    generated.Select(d => TmpfilesLines.PrivateDirectory(d, request.Host.Uid, request.Host.Gid))
                );
        }

        // Named ones are everybody's who names them: their directory is nobody's to remove.
        string[] shared =
        [
            .. volumes
                .Where(v => !HostPath.IsBelow(v.Source, state))
                .Select(v => HostPath.Parent(v.Source))
                .Distinct(StringComparer.Ordinal),
        ];
        Volume[] inside = [.. volumes.Where(v => HostPath.IsBelow(v.Source, state))];
        string[] closed = inside.Length > 0 || (isKept && IsOurs(request, state)) ? [state] : [];
        if (inside.Length > 0 && !IsOurs(request, state))
        {
            // Somebody else's, who may let others in: then what is directly in it is closed, unless that is a volume
            // itself.
            closed =
            [
                .. inside
                    .Select(v => $"{state}/{HostPath.Parts(v.Source[state.Length..])[0]}")
                    .Distinct(StringComparer.Ordinal),
            ];
            warnings.AddRange(
                inside
                    .Where(v => closed.Contains(v.Source, StringComparer.Ordinal))
                    .Select(v =>
                        $"{state} was there before and stays as it is: users of the host may get into the volume {v.Destination}"
                    )
            );
            closed = [.. closed.Except(inside.Select(v => v.Source), StringComparer.Ordinal)];
        }

        return string.Concat(
                shared.Concat(closed).Select(d => TmpfilesLines.PrivateDirectory(d, request.Host.Uid, request.Host.Gid))
            )
            + string.Concat(
                volumes.Select(v =>
                    TmpfilesLines.Volume(
                        v,
                        request.DestinationDirectory + "/rootfs",
                        request.Host.UserIds is null ? null : request.UserMap ?? request.Host.UserIds,
                        keeper
                    )
                )
            );
    }

    /// <summary>The payload's user, where a user's container has the user as somebody else than its root: as podman has
    /// it, a new volume is then the payload's.</summary>
    private static (uint Uid, uint Gid)? Keeper(RenderRequest request, RuntimeConfigFile config) =>
        request.Host.UserIds is null || request.UserMap is null ? null : config.User;

    /// <summary>
    /// The sources of bind mounts that are not there, or are there because of us. As the old tool did it, wherever they
    /// are; but for what belongs to the kernel or to the operating system's own tree, where a directory would stand in
    /// for something else.
    /// </summary>
    private static string[] MissingSources(
        RenderRequest request,
        RuntimeConfigFile config,
        IReadOnlyList<HostFile> hostFiles
    )
    {
        string[] sources = [.. Sources(request, config, hostFiles)];

        // A payload may open what is its own to everybody: where that is below the container's own directory, this one
        // is closed.
        OwnPlaces own = new(request);
        return
        [
            .. sources
                .Concat(sources.Select(own.RootOf).OfType<string>())
                .Distinct(StringComparer.Ordinal)
                .Order(StringComparer.Ordinal),
        ];
    }

    private static IEnumerable<string> Sources(
        RenderRequest request,
        RuntimeConfigFile config,
        IReadOnlyList<HostFile> hostFiles
    ) =>
        config
            .Mounts.Where(m => m.IsBind && m.Source.StartsWith('/') && !HostPath.LeadsUpwards(m.Source))
            .Select(m => HostPath.WithoutVarRun(HostPath.Absolute(m.Source)))
            .Where(source =>
                !s_notOurs.Any(d => source == d || HostPath.IsBelow(source, d))
                && !s_everywhere.Contains(source, StringComparer.Ordinal)
                && IsOurs(request, source)
            )
            .Except(hostFiles.Select(f => f.Target), StringComparer.Ordinal);

    /// <summary>What the image's own tmpfiles make below the state and run directories, as far as nobody else has
    /// it.</summary>
    private static string[] StateDirectories(RenderRequest request, TemplateValues values, AdmittedTmpfiles tmpfiles)
    {
        string[] roots = Roots(values);
        return
        [
            .. TmpfilesLines
                .Directories(tmpfiles.Text + string.Join('\n', tmpfiles.Once.Select(o => o.Line)))
                .Where(d => roots.Any(root => HostPath.IsBelow(d, root)) && IsOurs(request, d)),
        ];
    }

    private static string[] Roots(TemplateValues values) =>
        [HostPath.Absolute(values["STATE_DIRECTORY"]), HostPath.Absolute(values["RUN_DIRECTORY"])];

    private static bool IsOurs(RenderRequest request, string directory) =>
        request.Host.IsDirectory(directory) is null
        || request.GeneratedBefore.Contains(directory, StringComparer.Ordinal);

    private static IEnumerable<string> LogWarnings(RenderRequest request, RuntimeConfigFile config) =>
        config.Annotation(StartAnnotations.Log).Any()
        && request.Settings.Spec.LogPipe is null
        && LogPaths.Find(request) is { } why
            ?
            [
                $"it opens its log by a path ({why}): while it runs, a FIFO and a cat(1) that systemd starts take its lines to the journal; --log-pipe=no leaves them out",
            ]
            : [];

    /// <summary>A file's are told with their lines when it is read.</summary>
    private static IEnumerable<string> PortWarnings(RenderRequest request) =>
        request.UnitLines.Count > 0
            ? []
            : request.Settings.Spec.Network.Idle.Select(p => $"--{PublishedPort.Option} {p} {NetworkSettings.IdleWhy}");

    /// <summary>runc enters the user namespace first when it starts a process in a container that runs, and then may
    /// not enter a network that was there before: seen with 1.1.5.</summary>
    private static string[] UserWarnings(RenderRequest request) =>
        request.UserMap is not null
        && Path.GetFileName(request.RuntimePath) == "runc"
        && request.Host.UserIds is null
        && request.Settings.Spec.Network.Mode(isUsers: false)
            is NetworkMode.Bridge
                or NetworkMode.Container
                or NetworkMode.Namespace
            ?
            [
                "runc can't start further processes in a container with a user namespace and such a network: 'sysctr exec' and health checks by a command fail; --runtime crun can",
            ]
            : [];

    private static IEnumerable<string> ProgramWarnings(RenderRequest request, RuntimeConfigFile config) =>
        request.Exports.Config is null && FileCapabilities.Warning(request, config.Capabilities) is { } lacking
            ? [lacking]
            : [];

    /// <summary>A specification may come at boot.</summary>
    private static string[] DeviceWarnings(RenderRequest request, RuntimeConfigFile config) =>
        request.Host.DeviceFault(config) is { } fault
            ? [$"{fault.Message}; the container does not start as long as that is so ({fault.Hint})"]
            : [];

    private static string[] Warnings(RenderRequest request, RuntimeConfigFile config)
    {
        string[] lacking = [.. config.Capabilities.Except(request.Host.Capabilities, StringComparer.Ordinal)];
        return lacking.Length == 0
            ? []
            :
            [
                $"config.json asks for {string.Join(", ", lacking)}, which this host does not have: the runtime may refuse to start it",
            ];
    }
}
